package graph

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/ref"
)

// runs returns what one instruction puts out.
func runs(t *testing.T, op kernels.Op, in []float32) []float32 {
	out, sizes := op.Buffers()
	p := &kernels.Program{Calls: []kernels.Call{{Op: op, Bufs: []kernels.Slot{1, 0}}}, Sizes: []int{sizes[0], out[0]}}
	s, err := ref.Open().Load(p, kernels.Options{Threads: 1})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Write(0, in))
	require.NoError(t, s.Run())
	y := make([]float32, out[0])
	require.NoError(t, s.Read(1, y))
	return y
}

// An image of half the size is a mean of four pixels, and so is its gradient.
func TestHalvingIsAMean(t *testing.T) {
	const n, c, h, w = 2, 3, 6, 10
	var y, loss *Value
	g, err := Build(func(g *Graph) {
		s := g.Root()
		y = s.Resize(s.Param("x", Uniform(1), n, c, h, w), h/2, w/2)
		loss = s.MeanSquare(y)
	})
	require.NoError(t, err)
	p := g.Gradients(loss, Outputs{"y": y})
	for _, call := range p.Kernels.Calls {
		assert.NotContains(t, []any{"Resize", "ResizeBackward"}, kernels.Name(call.Op))
	}
	s := start(t, g, p)
	require.NoError(t, s.Step(0, 0))
	x, out := g.Initialize(1)["x"].Data, output(t, s, "y")
	assert.InDeltaSlice(t, runs(t, kernels.Resize{N: n, C: c, H: h, W: w, P: h / 2, Q: w / 2}, x), out, 1e-6)
	dy := make([]float32, len(out))
	for i, v := range out {
		dy[i] = 2 * v / float32(len(out))
	}
	dx := runs(t, kernels.ResizeBackward{N: n, C: c, H: h, W: w, P: h / 2, Q: w / 2}, dy)
	assert.InDeltaSlice(t, dx, output(t, s, GradientOf("x")), 1e-6)
}
