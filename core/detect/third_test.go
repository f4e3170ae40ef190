package detect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/model/modeltest"
	"aecsad/core/net"
	"aecsad/kernels/devices"
)

// The third map is the mean over the channels of (teacher - global student)^2,
// and the program computes it only where it has a weight.
func TestThirdMap(t *testing.T) {
	m := modeltest.Tiny(1)
	p, err := detect.Program(m.Config)
	require.NoError(t, err)
	assert.NotContains(t, p.Outputs, "third")

	d, err := devices.Open("ref")
	require.NoError(t, err)
	defer d.Close()
	c, im := m.Config, pixels(7, 100, 80)
	c.ThirdMap = 0.5
	e, err := detect.NewEngine(c, m.Weights, d, 1)
	require.NoError(t, err)
	defer e.Close()
	raw, err := e.Run(im)
	require.NoError(t, err)

	out := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		root, x := g.Root(), g.Input("x", 1, 3, c.Side, c.Side)
		out["teacher"] = net.TeacherNet(root.Sub("teacher"), c, net.EncoderNet(root.Sub("encoder"), c.Encoder, x))
		out["global"] = net.GlobalNet(root.Sub("global"), c, x, 0)
	})
	require.NoError(t, err)
	s, err := graph.Load(d, g.Compile(out), 1)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.SetWeights(m.Weights))
	x := make([]float32, 3*c.Side*c.Side)
	require.NoError(t, image.Prepare(x, im, c.Side))
	require.NoError(t, s.SetInput("x", x))
	require.NoError(t, s.Run())
	teacher, err := s.Output("teacher")
	require.NoError(t, err)
	global, err := s.Output("global")
	require.NoError(t, err)
	want := make([]float64, c.MapSide()*c.MapSide())
	for i := range teacher {
		d := float64(teacher[i] - global[i])
		want[i%len(want)] += d * d / float64(c.Teacher.Channels)
	}
	require.Len(t, raw.Third, len(want))
	for i, v := range want {
		assert.InEpsilon(t, v, raw.Third[i], 1e-5)
	}
}
