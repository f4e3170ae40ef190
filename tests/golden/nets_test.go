package golden

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
)

// netCase is a network in a tiny configuration with PyTorch's results.
type netCase struct {
	Name         string
	Salt         int // tells the case's inputs from others that were not fair
	Inputs       map[string]opInput
	Infer, Train []namedRecord // in the order in which they are computed
	Gradients    map[string]Record
	States       map[string]Record
}

type namedRecord struct {
	Name string
	Record
}

const batch = 3

// tiny is the configuration of tools/golden/nets.py.
func tiny(side int) net.Config {
	return net.Config{
		Side: side, Encoder: net.Encoder{Width: 4}, Teacher: net.Teacher{Channels: 8},
		Local: net.Local{First: 4, Width: 8}, Global: net.Global{Width: 4, Bottleneck: "spatial", Attention: true},
		Segmentor: net.Segmentor{Low: 4, Width: 8, Classes: 4, Momentum: 0.1},
	}
}

// network records a case's network: outputs by the golden's names, and the loss.
type network func(g *graph.Graph) (graph.Outputs, *graph.Value)

var networks = map[string]network{
	"encoder": func(g *graph.Graph) (graph.Outputs, *graph.Value) {
		c := tiny(64)
		f := net.EncoderNet(g.Root().Sub("encoder"), c.Encoder, g.Input("x", batch, 3, c.Side, c.Side))
		o := graph.Outputs{"f1": f.F1, "f2": f.F2, "f3": f.F3}
		return o, meanSquares(g, f.F1, f.F2, f.F3)
	},
	"teacher": func(g *graph.Graph) (graph.Outputs, *graph.Value) {
		c := tiny(64)
		f := net.Features{F2: g.Input("f2", batch, 32, 8, 8), F3: g.Input("f3", batch, 64, 4, 4)}
		s := g.Root().Sub("teacher")
		raw := net.TeacherRaw(s, c, f)
		return graph.Outputs{"teacher": net.TeacherNet(s, c, f), "raw": raw}, meanSquares(g, raw)
	},
	"local": func(g *graph.Graph) (graph.Outputs, *graph.Value) {
		c := tiny(64)
		a, b := net.LocalNet(g.Root().Sub("local"), c, g.Input("x", batch, 3, c.Side, c.Side))
		return graph.Outputs{"teacher": a, "global": b}, meanSquares(g, a, b)
	},
	"global":         global(64, "spatial", true),
	"global vector":  global(128, "vector", true),
	"global of CSAD": global(128, "vector", false),
	"segmentor":      segmentor(128),
	// where dilation 12 reaches across the map; inference only
	"segmentor of 256 pixels": segmentor(256),
}

func global(side int, bottleneck string, attention bool) network {
	return func(g *graph.Graph) (graph.Outputs, *graph.Value) {
		c := tiny(side)
		c.Global.Bottleneck, c.Global.Attention = bottleneck, attention
		y := net.GlobalNet(g.Root().Sub("global"), c, g.Input("x", batch, 3, side, side), 1)
		return graph.Outputs{"y": y}, meanSquares(g, y)
	}
}

func segmentor(side int) network {
	return func(g *graph.Graph) (graph.Outputs, *graph.Value) {
		c, s := tiny(side), g.Root()
		f := net.Features{F1: g.Input("f1", batch, 16, side/4, side/4), F3: g.Input("f3", batch, 64, side/16, side/16)}
		logits := net.SegmentorNet(s.Sub("segmentor"), c, f)
		labels := g.Input("labels", batch, 1, side, side)
		p := s.Softmax(logits)
		return graph.Outputs{"logits": logits}, s.WeightedSum(
			graph.Term{Weight: 0.5, Loss: s.CrossEntropy(logits, labels)},
			graph.Term{Weight: 10, Loss: s.Focal(p, labels)},
			graph.Term{Weight: 1, Loss: s.Dice(p, labels, false)},
			graph.Term{Weight: 10, Loss: s.HistogramLoss(p, g.Input("target", batch, 4))},
			graph.Term{Weight: 1, Loss: s.Entropy(p)})
	}
}

// meanSquares is the sum of MSE losses against inputs target, or target1, ...
func meanSquares(g *graph.Graph, values ...*graph.Value) *graph.Value {
	var terms []graph.Term
	for i, v := range values {
		name := "target"
		if len(values) > 1 {
			name += string(rune('1' + i))
		}
		terms = append(terms, graph.Term{Weight: 1, Loss: g.Root().MSE(v, g.Input(name, v.Shape...))})
	}
	return g.Root().WeightedSum(terms...)
}

func readNets(t *testing.T) []netCase {
	var f struct{ Cases []netCase }
	require.NoError(t, Read(up, "nets.json", &f))
	require.Len(t, f.Cases, len(networks))
	return f.Cases
}

// learners are the cases with gradients: all but one.
func learners(t *testing.T) []netCase {
	all := readNets(t)
	some := slices.DeleteFunc(slices.Clone(all), func(c netCase) bool { return len(c.Gradients) == 0 })
	require.Len(t, some, len(all)-1)
	return some
}

// build returns the case's graph with every intermediate value as an output.
func (c netCase) build(t *testing.T) (*graph.Graph, graph.Outputs, *graph.Value) {
	define, ok := networks[c.Name]
	require.True(t, ok, "the golden has a network %q that this test does not know", c.Name)
	var outputs graph.Outputs
	var loss *graph.Value
	g, err := graph.Build(func(g *graph.Graph) { outputs, loss = define(g) })
	require.NoError(t, err)
	_, all := g.Trace()
	for name, v := range outputs {
		all[name] = v
	}
	all["loss"] = loss
	return g, all, loss
}

// load readies a program with the case's weights and inputs.
func (c netCase) load(t *testing.T, d kernels.Device, g *graph.Graph, p *graph.Program) *graph.Session {
	s, err := graph.Load(d, p, 0)
	require.NoError(t, err)
	require.NoError(t, s.SetWeights(Weights(g)))
	for name := range p.Inputs {
		in, ok := c.Inputs[name]
		require.True(t, ok, "the golden has no input %s", name)
		require.NoError(t, s.SetInput(name, in.values(fmt.Sprintf("%s %d/%s", c.Name, c.Salt, name))))
	}
	return s
}

// hold compares outputs in order and stops at the first that differs: what comes
// after it differs because of it.
func hold(t *testing.T, s *graph.Session, records []namedRecord, worst *float64) {
	require.NotEmpty(t, records)
	for _, r := range records {
		got, err := s.Output(r.Name)
		require.NoError(t, err)
		e, err := r.Error(got, 0)
		require.NoError(t, err, r.Name)
		*worst = max(*worst, e)
		require.LessOrEqual(t, e, Forward, "%s is the first value that differs from PyTorch, by %.2g", r.Name, e)
	}
}

// only keeps the values that golden records name.
func only(all graph.Outputs, records []namedRecord) graph.Outputs {
	o := graph.Outputs{}
	for _, r := range records {
		o[r.Name] = all[r.Name]
	}
	return o
}

func TestNetworksInfer(t *testing.T) {
	machines(t, func(t *testing.T, d kernels.Device) {
		for _, c := range readNets(t) {
			t.Run(c.Name, func(t *testing.T) {
				g, all, _ := c.build(t)
				var worst float64
				s := c.load(t, d, g, g.Infer(only(all, c.Infer)))
				defer s.Close()
				require.NoError(t, s.Run())
				hold(t, s, c.Infer, &worst)

				var results []namedRecord // merged: only what the network returns
				for _, r := range c.Infer {
					if !strings.Contains(r.Name, "/") {
						results = append(results, r)
					}
				}
				m := c.load(t, d, g, g.Compile(only(all, results)))
				defer m.Close()
				require.NoError(t, m.Run())
				hold(t, m, results, &worst)
				t.Logf("worst relative error: %.2g", worst)
			})
		}
	})
}

func TestNetworksLearn(t *testing.T) {
	machines(t, func(t *testing.T, d kernels.Device) {
		for _, c := range learners(t) {
			t.Run(c.Name, func(t *testing.T) {
				g, all, loss := c.build(t)
				s := c.load(t, d, g, g.Gradients(loss, only(all, c.Train)))
				defer s.Close()
				require.NoError(t, s.Step(0, 0))
				var forward, gradients float64
				hold(t, s, c.Train, &forward)
				c.holdGradients(t, s, &gradients)
				moved, err := s.Trained()
				require.NoError(t, err)
				assert.Len(t, moved, len(c.States))
				for name, r := range c.States {
					require.NotNil(t, moved[name], name)
					e, err := r.Error(moved[name].Data, 0)
					require.NoError(t, err, name)
					forward = max(forward, e)
					assert.LessOrEqual(t, e, Forward, "%s differs from PyTorch by %.2g", name, e)
				}
				t.Logf("worst relative error: forward %.2g, gradients %.2g", forward, gradients)
			})
		}
	})
}

// holdGradients compares the gradient of every weight. One that is zero but for
// rounding, like that of an attention's key bias, which a softmax cancels, is
// measured against the largest gradient of the network.
func (c netCase) holdGradients(t *testing.T, s *graph.Session, worst *float64) {
	var largest float64
	for _, r := range c.Gradients {
		largest = max(largest, r.Max)
	}
	for name, r := range c.Gradients {
		floor := 0.0
		if r.Max < 1e-12*largest {
			floor = largest
		}
		got, err := s.Output(graph.GradientOf(name))
		require.NoError(t, err)
		e, err := r.Error(got, floor)
		require.NoError(t, err, name)
		*worst = max(*worst, e)
		assert.LessOrEqual(t, e, Gradient, "the gradient of %s differs from PyTorch by %.2g", name, e)
	}
}

// TestGoldensCoverEveryWeight: no weight of a network is without a gradient.
func TestGoldensCoverEveryWeight(t *testing.T) {
	for _, c := range learners(t) {
		g, all, loss := c.build(t)
		p := g.Gradients(loss, only(all, c.Train))
		trained := 0
		for name := range p.Weights {
			if _, ok := p.Outputs[graph.GradientOf(name)]; ok {
				trained++
				assert.Contains(t, c.Gradients, name, c.Name)
			}
		}
		assert.Len(t, c.Gradients, trained, c.Name)
	}
}
