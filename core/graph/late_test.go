package graph

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

// Heads are written just before the comparison that reads them, if nothing else does.
func TestHeadsStandBeforeTheirComparisons(t *testing.T) {
	o := Outputs{}
	g, err := Build(func(g *Graph) {
		s := g.Root()
		x := g.Input("x", 1, 4, 8, 8)
		head := func(name string) *Value {
			return s.Sub(name).Conv2D(x, s.Param(name, Uniform(1), 4, 4, 1, 1), nil, Conv{})
		}
		first, second, seen := head("first"), head("second"), head("seen")
		target := s.Sub("target").Relu(x)
		o["first"] = s.SquaredDifference(target, first)
		o["second"] = s.SquaredDifference(second, target)
		o["seen"], o["third"] = seen, s.SquaredDifference(target, seen)
	})
	require.NoError(t, err)
	p := g.Compile(o)
	var names []string
	for i, c := range p.Kernels.Calls {
		names = append(names, kernels.Name(c.Op)+" "+p.Paths[i])
	}
	assert.Equal(t, []string{
		"Conv2D seen", "Relu target", "Conv2D first", "SquaredDifference ", "Conv2D second", "SquaredDifference ", "SquaredDifference ",
	}, names)
	for _, i := range []int{2, 4} {
		assert.Contains(t, p.Kernels.Passing, p.Kernels.Calls[i].Bufs[0])
	}
	for name, b := range p.Outputs {
		assert.NotContains(t, p.Kernels.Passing, b.Slot, name)
	}
}
