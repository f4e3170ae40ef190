package train

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/devices"
	"aecsad/tests/golden"
)

// curve is PyTorch's ten-step loss curve of a training program.
type curve struct {
	Name   string
	Salt   int
	Losses map[string][]float64
}

// curveError is the largest relative error of a loss within ten steps, the same
// as a gradient's: every step moves the weights by a gradient.
const curveError = golden.Gradient

// curveConfig is the configuration of tools/golden/curves.py.
func curveConfig() net.Config {
	return net.Config{
		Side: 64, Encoder: net.Encoder{Width: 4}, Teacher: net.Teacher{Channels: 8},
		Local: net.Local{First: 4, Width: 8}, Global: net.Global{Width: 4, Bottleneck: "spatial", Attention: true},
		Segmentor: net.Segmentor{Low: 4, Width: 8, Classes: 4, Momentum: 0.1},
	}
}

// curveProgram is the program of a curve, with Adam's rate.
func curveProgram(name string) (p *graph.Program, names []string, rate float64, err error) {
	c := curveConfig()
	if name == "students" {
		o := Students{Batch: 2, Decay: 1e-4, Quantile: 0.99, Local: 1, Global: 1, Fusion: 1}
		p, names, err = studentProgram(c, o, true, 1)
		return p, names, 0.002, err
	}
	o := Segmentor{Batch: 3, Decay: 1e-5, CrossEntropy: 0.5, Focal: 10, Dice: 1, Histogram: 10, Entropy: 1}
	if name == "segmentor reference" {
		o.Reference, c.Segmentor.Momentum = Reference{DoubleSoftmax: true, AbsentDice: true}, 0.999
	}
	p, names, err = segmentProgram(c, o, name != "segmentor supervised")
	return p, names, 0.001, err
}

// feed writes the inputs of a step.
func (c curve) feed(t *testing.T, s *graph.Session, p *graph.Program, step int) {
	for name, b := range p.Inputs {
		key := fmt.Sprintf("%s %d/%s %d", c.Name, c.Salt, name, step)
		var v []float32
		switch {
		case name == "labels" && c.Name == "segmentor reference": // without the last class
			v = golden.Labels(key, b.Len(), 0, 3)
		case name == "labels":
			v = golden.Labels(key, b.Len(), 0, 4)
		case name == "target":
			v = golden.Tensor(key, b.Len(), 0, 0.5)
		default:
			v = golden.Tensor(key, b.Len(), -2, 2)
		}
		require.NoError(t, s.SetInput(name, v))
	}
}

func (c curve) hold(t *testing.T, d kernels.Device) {
	p, names, rate, err := curveProgram(c.Name)
	require.NoError(t, err)
	assert.ElementsMatch(t, names, slices.Collect(maps.Keys(c.Losses)))
	s, err := graph.Load(d, p, 0)
	require.NoError(t, err)
	defer s.Close()
	w := graph.Weights{}
	for name, b := range p.Weights {
		w[name] = golden.Weight(name, b.Shape)
	}
	require.NoError(t, s.SetWeights(w))
	worst := 0.0
	for step := range len(c.Losses[names[0]]) {
		c.feed(t, s, p, step)
		require.NoError(t, s.Step(step, rate))
		for _, name := range names {
			v, err := s.Output(name)
			require.NoError(t, err)
			want := c.Losses[name][step]
			e := math.Abs(float64(v[0])-want) / want
			worst = max(worst, e)
			require.LessOrEqual(t, e, curveError, "step %d: loss %s is %v, PyTorch's %v", step, name, v[0], want)
		}
	}
	t.Logf("worst relative error of a loss: %.2g", worst)
}

// TestLossCurves holds both trainings against PyTorch, without dropout.
func TestLossCurves(t *testing.T) {
	var f struct{ Cases []curve }
	require.NoError(t, golden.Read("../..", "curves.json", &f))
	require.Len(t, f.Cases, 4)
	for _, c := range f.Cases {
		for name, losses := range c.Losses {
			require.Len(t, losses, 10, name)
		}
		for _, name := range golden.Machines() {
			t.Run(c.Name+" on "+name, func(t *testing.T) {
				d, err := devices.Open(name)
				require.NoError(t, err)
				defer d.Close()
				c.hold(t, d)
			})
		}
	}
}
