package weights

import (
	"crypto/sha256"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/net"
)

// The page that says how the weights were made speaks of these.
func TestBuiltinIsTheOneDescribed(t *testing.T) {
	page, err := os.ReadFile("../../tests/bench/teachers.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), fmt.Sprintf("%x", sha256.Sum256(quick)))
}

func TestFormulaFitsTheQuickEncoder(t *testing.T) {
	assert.Less(t, len(quick), 8<<20)
	w, err := Formula()
	require.NoError(t, err)
	c, err := net.Profile("quick")
	require.NoError(t, err)
	require.Equal(t, FormulaWidth, c.Encoder.Width)
	g, err := graph.Build(func(g *graph.Graph) {
		net.EncoderNet(g.Root().Sub("encoder"), c.Encoder, g.Input("x", 1, 3, 256, 256))
	})
	require.NoError(t, err)
	want := g.Initialize(0)
	assert.Equal(t, want.Names(), w.Names())
	for name, tensor := range want {
		assert.Equal(t, tensor.Shape, w[name].Shape, name)
	}
	again, err := Formula()
	require.NoError(t, err)
	again["encoder.conv1.weight"].Data[0]++
	assert.NotEqual(t, again["encoder.conv1.weight"].Data[0], w["encoder.conv1.weight"].Data[0], "each call gives a copy")
}
