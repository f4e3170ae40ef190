package graph

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels/devices"
)

// folded is a network of a folded convolution, a large plain one and a small one.
func folded(t *testing.T) (*Graph, Outputs) {
	o := Outputs{}
	g, err := Build(func(g *Graph) {
		s, n := g.Root(), g.Root().Sub("norm")
		x := g.Input("x", 1, 4, 8, 8)
		y := s.Conv2D(x, s.Param("small", Uniform(1), 4, 4, 1, 1), nil, Conv{Stride: 1})
		y = n.BatchNorm(s.Conv2D(y, n.Param("filter", Uniform(1), 8, 4, 3, 3), nil, Conv{Stride: 1, Pad: 1}), 1e-5, 0.1)
		o["y"] = s.Conv2D(y, s.Param("large", Uniform(1), 32, 8, 3, 3), nil, Conv{Stride: 1, Pad: 1})
	})
	require.NoError(t, err)
	return g, o
}

// What a setup call reads comes together, and the largest first.
func TestOrderOfWeights(t *testing.T) {
	g, o := folded(t)
	order := g.Compile(o).order()
	require.Len(t, order, 7)
	assert.Equal(t, "large", order[0])
	assert.ElementsMatch(t, []string{"norm.filter", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"}, order[1:6])
	assert.Equal(t, "small", order[6])
}

// broken is a source that cannot read one weight.
type broken struct {
	Weights
	name string
}

var errBroken = errors.New("the disk is gone")

func (b broken) Read(name string, to []float32) error {
	if name == b.name {
		return errBroken
	}
	return b.Weights.Read(name, to)
}

// Whichever weight cannot be read, SetWeights says why; it waits for its readers.
func TestSourceThatFails(t *testing.T) {
	g, o := folded(t)
	p, w := g.Compile(o), g.Initialize(1)
	for _, name := range p.order() {
		d, err := devices.Open("cpu")
		require.NoError(t, err)
		s, err := Load(d, p, 1)
		require.NoError(t, err)
		assert.ErrorIs(t, s.SetWeights(broken{w, name}), errBroken)
		require.NoError(t, s.Close())
	}
	short := Weights{}
	for name, t := range w {
		short[name] = t
	}
	short["small"] = &Tensor{Shape: w["small"].Shape, Data: w["small"].Data[1:]}
	d, err := devices.Open("ref")
	require.NoError(t, err)
	s, err := Load(d, p, 1)
	require.NoError(t, err)
	defer s.Close()
	assert.ErrorContains(t, s.SetWeights(short), "weight small holds 15 elements, its shape [4 4 1 1] wants 16")
}

func TestShare(t *testing.T) {
	g, o := folded(t)
	p, w := g.Compile(o), g.Initialize(1)
	x := make([]float32, p.Inputs["x"].Len())
	for i := range x {
		x[i] = float32(i%5) - 2
	}
	for _, name := range []string{"ref", "cpu"} {
		d, err := devices.Open(name)
		require.NoError(t, err)
		first, err := Load(d, p, 1)
		require.NoError(t, err)
		defer first.Close()
		require.NoError(t, first.SetWeights(w))
		second, err := first.Share()
		require.NoError(t, err)
		if name == "ref" {
			assert.Nil(t, second, "the reference machine does not share")
			continue
		}
		defer second.Close()
		var results [][]float32
		for _, s := range []*Session{first, second} {
			require.NoError(t, s.SetInput("x", x))
			require.NoError(t, s.Run())
			y, err := s.Output("y")
			require.NoError(t, err)
			results = append(results, y)
		}
		assert.Equal(t, results[0], results[1])
		assert.ErrorContains(t, second.SetWeights(w), "shared with other sessions")
	}
}
