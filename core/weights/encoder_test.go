package weights

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/modelfmt"
)

func TestSavePretrained(t *testing.T) {
	w := graph.Weights{
		"encoder.conv1.weight": {Shape: []int{1, 2}, Data: []float32{0.1, -2}},
		"encoder.bn1.bias":     {Shape: []int{2}, Data: []float32{0.1, 3e-6}},
	}
	path := filepath.Join(t.TempDir(), "e.aecsad")
	require.NoError(t, SavePretrained(path, struct{ Seed int }{7}, w))
	got, err := LoadEncoder(path)
	require.NoError(t, err)
	assert.Equal(t, w["encoder.bn1.bias"], got["encoder.bn1.bias"], "per channel to the last bit")
	assert.Equal(t, []float32{0.0999755859375, -2}, got["encoder.conv1.weight"].Data, "filters in half precision")
	f, err := modelfmt.ReadFile(path)
	require.NoError(t, err)
	assert.JSONEq(t, `{"Seed":7}`, string(f.Meta))
}

func TestLoadEncoderNamesTheWrongKind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "e.aecsad")
	require.NoError(t, modelfmt.WriteFile(path, &modelfmt.File{Kind: "model", Meta: []byte("{}")}))
	_, err := LoadEncoder(path)
	assert.ErrorContains(t, err, `kind "model", expected "encoder"`)
	_, err = LoadEncoder(filepath.Join(t.TempDir(), "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
