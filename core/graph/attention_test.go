package graph

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

// kept tells whether the program's attention keeps its weights.
func kept(t *testing.T, p *Program) bool {
	t.Helper()
	for _, c := range p.Kernels.Calls {
		if o, ok := c.Op.(kernels.Attention); ok {
			return o.Keep
		}
	}
	require.Fail(t, "the program has no attention")
	return false
}

// The weights of all pairs of tokens are in memory only where a gradient follows.
func TestAttentionKeepsItsWeightsForAGradientOnly(t *testing.T) {
	build := func(trained bool) (*Graph, *Value) {
		var loss *Value
		g, err := Build(func(g *Graph) {
			x, s := g.Input("x", 1, 4, 3, 3), g.Root()
			in := s.Sub("in")
			if !trained {
				in = in.Freeze()
			}
			q := in.Conv2D(x, in.Param("weight", FanIn(4), 4, 4, 1, 1), nil, Conv{})
			out := s.Sub("out")
			y := out.Conv2D(s.Attention(q, q, x), out.Param("weight", FanIn(4), 4, 4, 1, 1), nil, Conv{})
			loss = s.MSE(y, x)
		})
		require.NoError(t, err)
		return g, loss
	}
	g, loss := build(true)
	assert.False(t, kept(t, g.Infer(Outputs{"loss": loss})))
	assert.False(t, kept(t, g.Compile(Outputs{"loss": loss})))
	assert.True(t, kept(t, g.Train(loss, Adam(0), nil)))
	g, loss = build(false)
	assert.False(t, kept(t, g.Train(loss, Adam(0), nil)), "nothing below it is trained")
}
