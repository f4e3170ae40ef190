package graph

import "aecsad/kernels"

var scalar = []int{1}

type meanSquare struct{}

// MeanSquare is the mean of a^2, the penalty on foreign images (spec 3.1).
func (s Scope) MeanSquare(a *Value) *Value { return s.apply(&meanSquare{}, scalar, a) }

func (o *meanSquare) forward(l *lowering, n *node) {
	l.emit(kernels.MeanSquare{Len: n.in[0].Len()}, l.slot(n.out), l.slot(n.in[0]))
}

func (o *meanSquare) backward(l *lowering, n *node) {
	if da, ok := l.into(n.in[0]); ok {
		l.emit(kernels.MeanSquareBackward{Len: n.in[0].Len()}, da, l.dy(n), l.slot(n.in[0]))
	}
}

type mse struct{}

// MSE is the mean of (a-b)^2; the gradient goes to both sides.
func (s Scope) MSE(a, b *Value) *Value {
	s.same("mse", a, b)
	return s.apply(&mse{}, scalar, a, b)
}

func (o *mse) forward(l *lowering, n *node) {
	l.emit(kernels.MSE{Len: n.in[0].Len()}, l.slot(n.out), l.slot(n.in[0]), l.slot(n.in[1]))
}

func (o *mse) backward(l *lowering, n *node) {
	for i, v := range n.in {
		if d, ok := l.into(v); ok {
			l.emit(kernels.MSEBackward{Len: v.Len()}, d, l.dy(n), l.slot(v), l.slot(n.in[1-i]))
		}
	}
}

type hardFeature struct{ quantile float32 }

// HardFeature is the mean of the (target-x)^2 at or above their quantile over
// the whole batch; the target has no gradient (spec 3.1).
func (s Scope) HardFeature(target, x *Value, quantile float64) *Value {
	s.same("hard feature", target, x)
	if target.grad {
		s.fail("hard feature: the target must not depend on trained weights")
	}
	return s.apply(&hardFeature{float32(quantile)}, scalar, target, x)
}

func (o *hardFeature) forward(l *lowering, n *node) {
	size := n.in[0].Len()
	stats, d := l.buffer(2), l.buffer(size)
	l.kept[n] = []kernels.Slot{stats, d}
	l.emit(kernels.HardFeature{Len: size, Quantile: o.quantile}, l.slot(n.out), stats, d, l.slot(n.in[0]), l.slot(n.in[1]))
}

func (o *hardFeature) backward(l *lowering, n *node) {
	if db, ok := l.into(n.in[1]); ok {
		l.emit(kernels.HardFeatureBackward{Len: n.in[1].Len()}, db, l.dy(n), l.kept[n][0], l.kept[n][1],
			l.slot(n.in[0]), l.slot(n.in[1]))
	}
}

type weightedSum struct{ op kernels.WeightedSum }

// Term is a loss with its weight.
type Term struct {
	Weight float64
	Loss   *Value
}

// WeightedSum is the total of several losses.
func (s Scope) WeightedSum(terms ...Term) *Value {
	if len(terms) < 1 || len(terms) > kernels.MaxConcat {
		s.fail("weighted sum takes 1 to %d losses, got %d", kernels.MaxConcat, len(terms))
	}
	op := kernels.WeightedSum{Count: len(terms)}
	var in []*Value
	for i, t := range terms {
		if t.Loss.Len() != 1 {
			s.fail("weighted sum wants scalars, got shape %v", t.Loss.Shape)
		}
		op.Weights[i] = float32(t.Weight)
		in = append(in, t.Loss)
	}
	return s.apply(&weightedSum{op}, scalar, in...)
}

func (o *weightedSum) forward(l *lowering, n *node) {
	l.emit(o.op, append([]kernels.Slot{l.slot(n.out)}, l.slots(n.in)...)...)
}

func (o *weightedSum) backward(l *lowering, n *node) {
	for i, v := range n.in {
		if d, ok := l.into(v); ok {
			l.emit(kernels.Scale{Len: 1, Factor: o.op.Weights[i]}, d, l.dy(n))
		}
	}
}
