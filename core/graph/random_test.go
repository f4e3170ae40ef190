package graph

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/ref"
)

// grower makes random networks: every operation may take any earlier value, so
// values have several uses, weights are shared and sizes differ.
type grower struct {
	r      *rand.Rand
	s      Scope
	values []*Value
}

// grow returns a graph of about n operations over inputs x and y, with outputs
// and a loss.
func grow(t *testing.T, seed uint64, n int) (*Graph, Outputs, *Value) {
	o := Outputs{}
	var loss *Value
	g, err := Build(func(g *Graph) {
		w := &grower{r: rand.New(rand.NewPCG(seed, 1)), s: g.Root()}
		w.values = []*Value{g.Input("x", 2, 3, 6, 5), g.Input("y", 2, 2, 3, 4)}
		frozen := w.s.Freeze()
		w.s = frozen.Sub("frozen")
		w.operations(n / 3)
		w.s = g.Root().Sub("net")
		w.values = append(w.values, w.conv(w.pick())) // the loss depends on at least one weight
		w.operations(n)
		var terms []Term
		for i := range 3 {
			v := w.values[len(w.values)-1-w.r.IntN(3)]
			o[fmt.Sprint("o", i)] = v
			terms = append(terms, Term{1, w.s.MeanSquare(v)})
		}
		loss = w.s.WeightedSum(append(terms, Term{1, w.s.MeanSquare(w.values[len(w.values)-1])})...)
	})
	require.NoError(t, err)
	return g, o, loss
}

func (w *grower) pick() *Value { return w.values[w.r.IntN(len(w.values))] }

func (w *grower) operations(n int) {
	for range n {
		w.values = append(w.values, w.operation(w.pick()))
	}
}

func (w *grower) operation(v *Value) *Value {
	h, wd := v.Shape[2], v.Shape[3]
	switch w.r.IntN(12) {
	case 0, 1, 2:
		return w.conv(v)
	case 3:
		return w.s.Relu(w.norm(w.conv(v)))
	case 4:
		a := w.conv(v)
		return w.s.Relu(w.s.Add(w.norm(w.convTo(v, a.Shape[1])), a))
	case 5:
		return w.s.Add(v, w.convTo(v, v.Shape[1]))
	case 6:
		return w.s.Relu(v)
	case 7:
		return w.s.Resize(v, 1+w.r.IntN(6), 1+w.r.IntN(6))
	case 8:
		return w.s.Concat(v, w.s.Resize(w.pick(), h, wd))
	case 9:
		return w.s.Sub(fmt.Sprint("dropout", w.r.IntN(3))).Dropout(v, 0.3, 5)
	case 10:
		return w.s.AvgPool(v, Pool{Size: 2, Stride: 1, Pad: 1})
	}
	return w.s.Softmax(v)
}

func (w *grower) conv(v *Value) *Value { return w.convTo(v, 1+w.r.IntN(4)) }

// convTo draws one of few names, so that weights of equal shapes are shared.
func (w *grower) convTo(v *Value, k int) *Value {
	c := v.Shape[1]
	t := w.s.Sub(fmt.Sprintf("conv%d.%d.%d", w.r.IntN(3), k, c))
	var b *Value
	if w.r.IntN(2) == 0 {
		b = t.Param("bias", Uniform(1), k)
	}
	return t.Conv2D(v, t.Param("weight", FanIn(c), k, c, 3, 3), b, Conv{Pad: 1})
}

func (w *grower) norm(v *Value) *Value {
	return w.s.Sub(fmt.Sprintf("norm%d.%d", w.r.IntN(2), v.Shape[1])).BatchNorm(v, 1e-5, 0.1)
}

// start loads a program on ref with drawn weights and inputs.
func start(t *testing.T, g *Graph, p *Program) *Session {
	require.NoError(t, p.Kernels.Check())
	s, err := Load(ref.Open(), p, 1)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	w := g.Initialize(1)
	for name, v := range w { // statistics and scales that do something
		if len(v.Shape) == 1 {
			for i := range v.Data {
				v.Data[i] = 0.5 + kernels.Uniform(2, uint32(len(name)), uint64(i))
			}
		}
	}
	require.NoError(t, s.SetWeights(w))
	for name, b := range p.Inputs {
		x := make([]float32, b.Len())
		for i := range x {
			x[i] = 2*kernels.Uniform(3, uint32(name[0]), uint64(i)) - 1
		}
		require.NoError(t, s.SetInput(name, x))
	}
	return s
}

func output(t *testing.T, s *Session, name string) []float32 {
	v, err := s.Output(name)
	require.NoError(t, err)
	return v
}
