package train

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"aecsad/core/graph"
	"aecsad/core/net"
)

// features are what teacher and students say of an image, [channels, places] each.
func features(t *testing.T, r *run, w graph.Weights, image int) map[string][]float32 {
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		root := g.Root()
		x := g.Input("x", 1, 3, r.c.Side, r.c.Side)
		o["teacher"] = net.TeacherNet(root.Sub("teacher"), r.c, net.EncoderNet(root.Sub("encoder"), r.c.Encoder, x))
		o["local"], o["fusion"] = net.LocalNet(root.Sub("local"), r.c, x)
		o["global"] = net.GlobalNet(root.Sub("global"), r.c, x, 0)
	})
	require.NoError(t, err)
	s, err := graph.Load(r.o.Device, g.Compile(o), 1)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.SetWeights(w))
	b := newBatch(1, r.c.Side)
	b.put(0, r.d.Images[image])
	require.NoError(t, s.SetInput("x", b.x))
	require.NoError(t, s.Run())
	out := map[string][]float32{}
	for name := range o {
		out[name], err = s.Output(name)
		require.NoError(t, err)
	}
	return out
}

// The new weights of all four give the old outputs in new coordinates, and the
// local student's errors are white in them.
func TestWhiteningIsOneChangeOfCoordinates(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	o.Students.Whitening = 0
	old, err := Structural(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	o.Students.Whitening = 1e-4
	r := &run{ctx: context.Background(), c: c, d: d, o: o, w: old}
	white, err := r.whitened(old)
	require.NoError(t, err)

	moments, err := r.errors(old)
	require.NoError(t, err)
	w, err := moments.Whitening(1e-4)
	require.NoError(t, err)
	before, after := features(t, r, old, 3), features(t, r, white, 3)
	for name, x := range before {
		want := change(w, &graph.Tensor{Shape: []int{c.Teacher.Channels, len(x) / c.Teacher.Channels}, Data: x}).Data
		assert.InDeltaSlice(t, want, after[name], 2e-3, name)
	}
	moments, err = r.errors(white)
	require.NoError(t, err)
	w, err = moments.Whitening(0)
	require.NoError(t, err)
	var off mat.Dense
	off.Sub(w, mat.NewDiagDense(c.Teacher.Channels, repeat(1, c.Teacher.Channels)))
	assert.Less(t, mat.Norm(&off, 2), 0.02, "errors are white already")
}

func repeat(v float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// A run that stopped before the whitening goes on to the bytes of one that did not,
// and no setting but its own switches it on.
func TestWhiteningIsAStageOfTheRun(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	whole, err := Structural(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.Equal(t, float32(1), whole["teacher.std"].Data[0])
	o.Students.Whitening = 0
	plain, err := Structural(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.NotEqual(t, float32(1), plain["teacher.std"].Data[0])
	o.Students.Whitening = 0.1
	r := &run{ctx: context.Background(), c: c, d: d, o: o, w: plain}
	require.NoError(t, r.whiten())
	assert.Equal(t, whole, r.w)
}
