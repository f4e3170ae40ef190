package graph

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

func TestErrorsCarryTheScope(t *testing.T) {
	image := func(g *Graph, c int) *Value { return g.Input("x", 1, c, 4, 4) }
	for want, f := range map[string]func(g *Graph, s Scope){
		"conv2d wants 2048 channels, input has 1024": func(g *Graph, s Scope) {
			s.Conv2D(image(g, 1024), s.Param("weight", FanIn(1), 1, 2048, 1, 1), nil, Conv{})
		},
		"conv2d 5x5 does not fit a 4x4 image": func(g *Graph, s Scope) {
			s.Conv2D(image(g, 1), s.Param("weight", FanIn(1), 1, 1, 5, 5), nil, Conv{})
		},
		"conv2d has 2 output channels, bias has 3": func(g *Graph, s Scope) {
			s.Conv2D(image(g, 1), s.Param("weight", FanIn(1), 2, 1, 1, 1), s.Param("bias", FanIn(1), 3), Conv{})
		},
		"weight wants shape [2], was declared with [3]": func(g *Graph, s Scope) {
			s.Param("weight", FanIn(1), 3)
			s.Param("weight", FanIn(1), 2)
		},
		"add wants equal shapes, got [1 2 4 4] and [1 2]": func(g *Graph, s Scope) { s.Add(image(g, 2), s.Param("w", FanIn(1), 1, 2)) },
		"resize to 0x3":                 func(g *Graph, s Scope) { s.Resize(image(g, 1), 0, 3) },
		"concat wants images like":      func(g *Graph, s Scope) { s.Concat(image(g, 1), g.Input("y", 1, 1, 4, 5)) },
		"weighted sum wants scalars":    func(g *Graph, s Scope) { s.WeightedSum(Term{1, image(g, 1)}) },
		"wants 16 labels":               func(g *Graph, s Scope) { s.CrossEntropy(image(g, 2), g.Input("y", 1, 1, 4, 5)) },
		"wants a target of 2 values":    func(g *Graph, s Scope) { s.HistogramLoss(image(g, 2), g.Input("y", 3)) },
		"histogram of [1 1 4 4]":        func(g *Graph, s Scope) { s.Histogram(image(g, 1), 2, 3) },
		"does not fit a 4x4 image":      func(g *Graph, s Scope) { s.MaxPool(image(g, 1), Pool{Size: 9, Stride: 1}) },
		"softmax wants an image":        func(g *Graph, s Scope) { s.Softmax(g.Input("y", 3)) },
		"the target must not depend on": func(g *Graph, s Scope) { s.HardFeature(s.Param("w", FanIn(1), 4), g.Input("y", 4), 0.9) },
	} {
		_, err := Build(func(g *Graph) { f(g, g.Root().Sub("segmentor").Sub("aspp.c2")) })
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "segmentor.aspp.c2: ")
		assert.IsType(t, &Error{}, err)
	}
	_, err := Build(func(g *Graph) { g.Input("x", 1); g.Input("x", 1) })
	assert.EqualError(t, err, "x: input declared twice")
	assert.Panics(t, func() { _, _ = Build(func(*Graph) { panic("a bug") }) }, "only graph errors become errors")
}

// TestSharedWeightsAddTheirGradients: two uses of a weight give the sum of what
// each gives alone.
func TestSharedWeightsAddTheirGradients(t *testing.T) {
	gradient := func(weights ...float64) []float32 {
		var loss *Value
		g, err := Build(func(g *Graph) {
			s := g.Root().Sub("shared")
			use := func(name string) *Value {
				w := s.Param("weight", FanIn(3), 2, 3, 3, 3)
				return s.MeanSquare(s.Relu(s.Conv2D(g.Input(name, 1, 3, 5, 5), w, nil, Conv{Pad: 1})))
			}
			loss = s.WeightedSum(Term{weights[0], use("a")}, Term{weights[1], use("b")})
		})
		require.NoError(t, err)
		s := start(t, g, g.Gradients(loss, nil))
		require.NoError(t, s.Step(0, 0))
		return output(t, s, GradientOf("shared.weight"))
	}
	both, a, b := gradient(1, 0.5), gradient(1, 0), gradient(0, 0.5)
	assert.NotEqual(t, a, b)
	for i := range both {
		assert.InDelta(t, a[i]+b[i], both[i], 1e-6)
	}
}

// TestMergedNeighboursEqualSeparateOnes on random networks.
func TestMergedNeighboursEqualSeparateOnes(t *testing.T) {
	merged := 0
	for seed := range uint64(100) {
		g, o, _ := grow(t, seed, 5+int(seed)%20)
		plain, compiled := g.Infer(o), g.Compile(o)
		merged += len(plain.Kernels.Calls) - len(compiled.Kernels.Calls)
		a, b := start(t, g, plain), start(t, g, compiled)
		for range 2 {
			require.NoError(t, a.Run())
			require.NoError(t, b.Run())
		}
		for name := range o {
			want, got := output(t, a, name), output(t, b, name)
			for i := range want {
				require.InDelta(t, want[i], got[i], 1e-5*(1+math.Abs(float64(want[i]))), "seed %d, %s[%d]", seed, name, i)
			}
		}
	}
	assert.Greater(t, merged, 200, "instructions saved")
}

// TestAStepIsAdamOnTheGradients: Adam's first step moves every weight by the rate
// against the sign of its gradient, for gradients well above Eps.
func TestAStepIsAdamOnTheGradients(t *testing.T) {
	const rate = 0.01
	g, o, loss := grow(t, 3, 20)
	gradients := start(t, g, g.Gradients(loss, o))
	require.NoError(t, gradients.Step(0, rate))
	train := start(t, g, g.Train(loss, Adam(0), o))
	before := g.Initialize(1)
	require.NoError(t, train.Step(0, rate))
	for name := range o {
		assert.Equal(t, output(t, gradients, name), output(t, train, name))
	}
	after, err := train.Trained()
	require.NoError(t, err)
	moved := 0
	for name := range train.p.Moments {
		d := output(t, gradients, GradientOf(name))
		for i := range d {
			if x := float64(d[i]); len(before[name].Shape) == 4 && math.Abs(x) > 1e-4 {
				require.InDelta(t, -rate*x/math.Abs(x), after[name].Data[i]-before[name].Data[i], 1e-5, "%s[%d]", name, i)
				moved++
			}
		}
	}
	assert.Greater(t, moved, 50)
}

func TestDropoutIsIdentityOutsideTraining(t *testing.T) {
	o := Outputs{}
	var loss *Value
	g, err := Build(func(g *Graph) {
		s, x := g.Root(), g.Input("x", 1, 1, 10, 10)
		o["x"], o["y"] = x, s.Sub("a").Dropout(x, 0.5, 1)
		o["frozen"] = s.Freeze().Sub("a").Dropout(x, 0.5, 1)
		o["other"] = s.Sub("b").Dropout(x, 0.5, 1)
		loss = s.MSE(o["y"], s.Param("w", Constant(1), 1, 1, 10, 10))
		loss = s.WeightedSum(Term{1, loss}, Term{1, s.MeanSquare(o["other"])})
	})
	require.NoError(t, err)
	s := start(t, g, g.Compile(o))
	require.NoError(t, s.Run())
	assert.Equal(t, output(t, s, "x"), output(t, s, "y"))

	s = start(t, g, g.Train(loss, Adam(0), o))
	at := func(step int, name string) []float32 {
		require.NoError(t, s.Step(step, 0))
		return output(t, s, name)
	}
	x, y := at(4, "x"), at(4, "y")
	assert.Equal(t, x, output(t, s, "frozen"))
	assert.NotEqual(t, y, output(t, s, "other"), "scopes draw on their own")
	zeros := 0
	for i := range y {
		if y[i] == 0 {
			zeros++
		} else {
			assert.InDelta(t, 2*x[i], y[i], 1e-6)
		}
	}
	assert.InDelta(t, 50, zeros, 20)
	assert.NotEqual(t, y, at(5, "y"), "a step draws on its own")
	assert.Equal(t, y, at(4, "y"), "the same step draws the same")
}

func TestTraceNamesEveryResult(t *testing.T) {
	g, err := Build(func(g *Graph) {
		s, x := g.Root().Sub("net"), g.Input("x", 1, 1, 2, 2)
		s.Relu(s.Relu(s.Sub("bn").BatchNorm(x, 1e-5, 0.1)))
	})
	require.NoError(t, err)
	names, values := g.Trace()
	assert.Equal(t, []string{"net.bn/batchnorm", "net/relu", "net/relu#2"}, names)
	assert.Len(t, values, 3)
}

func TestWeightsDependOnTheirNamesOnly(t *testing.T) {
	build := func(names ...string) Weights {
		g, err := Build(func(g *Graph) {
			for _, n := range names {
				g.Root().Param(n, Uniform(0.5), 4)
			}
		})
		require.NoError(t, err)
		return g.Initialize(9)
	}
	w := build("a", "b")
	assert.Equal(t, w["a"], build("b", "c", "a")["a"])
	assert.NotEqual(t, w["a"].Data, w["b"].Data)
	assert.Equal(t, []string{"a", "b"}, w.Names())
	require.NoError(t, w.Finite())
	w["b"].Data[2] = float32(math.Inf(1))
	assert.ErrorContains(t, w.Finite(), "weight b holds +Inf at element 2")
}

func TestSessionsNameWhatDoesNotFit(t *testing.T) {
	o := Outputs{}
	g, err := Build(func(g *Graph) {
		s := g.Root().Sub("n")
		o["y"] = s.Conv2D(g.Input("x", 1, 2, 3, 3), s.Param("weight", FanIn(2), 1, 2, 1, 1), nil, Conv{})
	})
	require.NoError(t, err)
	s := start(t, g, g.Infer(o))
	assert.ErrorContains(t, s.SetInput("z", nil), `no input "z"`)
	assert.ErrorContains(t, s.SetInput("x", make([]float32, 3)), "input x wants 18 values (shape [1 2 3 3]), got 3")
	_, err = s.Output("z")
	assert.ErrorContains(t, err, `no output "z"`)
	assert.ErrorContains(t, s.SetWeights(Weights{}), "weight n.weight is missing; expected shape [1 2 1 1]")
	wrong := Weights{"n.weight": {Shape: []int{2, 1, 1, 1}, Data: make([]float32, 2)}}
	assert.ErrorContains(t, s.SetWeights(wrong), "weight n.weight has shape [2 1 1 1], expected [1 2 1 1]")
}

// TestMomentsRoundTrip: Adam's state can be taken out and put into another
// session, which then goes on as the first would have.
func TestMomentsRoundTrip(t *testing.T) {
	g, o, loss := grow(t, 5, 15)
	p := g.Train(loss, Adam(1e-3), o)
	a, b := start(t, g, p), start(t, g, p)
	require.NoError(t, a.Step(0, 0.01))
	w, err := a.Trained()
	require.NoError(t, err)
	m, err := a.Moments()
	require.NoError(t, err)
	for name := range m {
		assert.True(t, IsMoment(name))
	}
	require.NoError(t, a.Step(1, 0.01))

	for name, b := range p.Weights { // weights that training leaves alone
		if w[name] == nil {
			v, err := a.read(b)
			require.NoError(t, err)
			w[name] = v
		}
	}
	require.NoError(t, b.SetWeights(w))
	assert.Error(t, b.SetMoments(Weights{}))
	require.NoError(t, b.SetMoments(m))
	require.NoError(t, b.Step(1, 0.01))
	want, err := a.Trained()
	require.NoError(t, err)
	got, err := b.Trained()
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestParametersCountsBelowAPath(t *testing.T) {
	g, err := Build(func(g *Graph) {
		g.Root().Sub("a").Param("weight", FanIn(1), 2, 3)
		g.Root().Sub("ab").Param("weight", FanIn(1), 5)
		g.Root().Sub("a").State("mean", Constant(0), 7)
	})
	require.NoError(t, err)
	assert.Equal(t, 11, g.Parameters(""))
	assert.Equal(t, 6, g.Parameters("a"))
	assert.Equal(t, 4*(2+3), (&Program{Kernels: &kernels.Program{Sizes: []int{2, 3}}}).Bytes())
}
