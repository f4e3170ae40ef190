package coordinates_test

import (
	"maps"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"aecsad/core/coordinates"
	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/model/modeltest"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// drawn are weights of a tiny model whose teacher has statistics of its own.
func drawn(t *testing.T, change func(c *net.Config)) (net.Config, graph.Weights) {
	c := modeltest.Tiny(1).Config
	change(&c)
	w, err := detect.Initialize(c, 7)
	require.NoError(t, err)
	for i := range w["teacher.std"].Data {
		w["teacher.std"].Data[i] = 0.5 + kernels.Uniform(1, 2, uint64(i))
		w["teacher.mean"].Data[i] = kernels.Uniform(1, 3, uint64(i))
	}
	return c, w
}

// outputs runs a network on a drawn picture.
func outputs(t *testing.T, c net.Config, w graph.Weights, p *graph.Program) map[string][]float32 {
	d, err := devices.Open("ref")
	require.NoError(t, err)
	s, err := graph.Load(d, p, 1)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.SetWeights(w))
	x := make([]float32, 3*c.Side*c.Side)
	for i := range x {
		x[i] = 4*kernels.Uniform(5, 6, uint64(i)) - 2
	}
	require.NoError(t, s.SetInput("x", x))
	require.NoError(t, s.Run())
	out := map[string][]float32{}
	for name := range p.Outputs {
		out[name], err = s.Output(name)
		require.NoError(t, err)
	}
	return out
}

func features(t *testing.T, c net.Config) *graph.Program {
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		root := g.Root()
		x := g.Input("x", 1, 3, c.Side, c.Side)
		o[coordinates.Teacher] = net.TeacherNet(root.Sub("teacher"), c, net.EncoderNet(root.Sub("encoder"), c.Encoder, x))
		o[coordinates.Local], o[coordinates.LocalOfGlobal] = net.LocalNet(root.Sub("local"), c, x)
		o[coordinates.Global] = net.GlobalNet(root.Sub("global"), c, x, 0)
	})
	require.NoError(t, err)
	return g.Infer(o)
}

func TestChangeIsTheSameForAll(t *testing.T) {
	c, w := drawn(t, func(*net.Config) {})
	n := c.Teacher.Channels
	m := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			m.Set(i, j, float64(kernels.Uniform(8, uint32(i), uint64(j)))-0.5)
		}
	}
	all := []string{coordinates.Teacher, coordinates.Local, coordinates.LocalOfGlobal, coordinates.Global}
	changed := maps.Clone(w)
	maps.Copy(changed, coordinates.Change(c, w, m, all...))
	before, after := outputs(t, c, w, features(t, c)), outputs(t, c, changed, features(t, c))
	for name, x := range before {
		places := len(x) / n
		old, want := mat.NewDense(n, places, nil), mat.Dense{}
		for i, v := range x {
			old.Set(i/places, i%places, float64(v))
		}
		want.Mul(m, old)
		got := after[name]
		for i, v := range want.RawMatrix().Data {
			require.InDelta(t, v, got[i], 1e-4, "%s, element %d", name, i)
		}
	}
}

// Half of each head is gone, and maps are what they were.
func TestTriangularHeadsGiveTheSameMaps(t *testing.T) {
	for name, change := range map[string]func(*net.Config){
		"two maps":           func(*net.Config) {},
		"three maps":         func(c *net.Config) { c.ThirdMap = 0.5 },
		"fewer inputs":       func(c *net.Config) { c.Local.Width = c.Teacher.Channels / 2 },
		"more inputs":        func(c *net.Config) { c.Local.Width = 2 * c.Teacher.Channels },
		"another projection": func(c *net.Config) { c.Teacher.Stage = 3 - c.Teacher.Stage },
	} {
		c, w := drawn(t, change)
		p, err := detect.Program(c)
		require.NoError(t, err, name)
		rotated := maps.Clone(w)
		maps.Copy(rotated, coordinates.Triangular(c, w))
		before, after := outputs(t, c, w, p), outputs(t, c, rotated, p)
		for _, m := range []string{"local", "global", "third"} {
			for i, v := range before[m] {
				require.InDelta(t, v, after[m][i], 1e-5*math.Max(1, float64(v)), "%s, %s, place %d", name, m, i)
			}
		}
		assert.Equal(t, c.ThirdMap != 0, before["third"] != nil, name)
		heads := []string{coordinates.Local, coordinates.LocalOfGlobal}
		if c.ThirdMap != 0 {
			heads = heads[:1]
		}
		for _, head := range heads {
			zeros, triangle := 0, 0
			for i := range c.Teacher.Channels {
				triangle += min(i, c.Local.Width)
				for j := range min(i, c.Local.Width) {
					if rotated[head+".weight"].Data[i*c.Local.Width+j] == 0 {
						zeros++
					}
				}
			}
			assert.Equal(t, triangle, zeros, "%s, %s", name, head)
			assert.NotZero(t, rotated[head+".weight"].Data[0], "%s, %s", name, head)
		}
	}
}
