package graph

import (
	"hash/fnv"

	"aecsad/kernels"
)

type relu struct{}

// Relu is max(x, 0).
func (s Scope) Relu(x *Value) *Value { return s.apply(&relu{}, x.Shape, x) }

func (o *relu) forward(l *lowering, n *node) {
	l.emit(kernels.Relu{Len: n.out.Len()}, l.slot(n.out), l.slot(n.in[0]))
}

func (o *relu) backward(l *lowering, n *node) {
	if dx, ok := l.into(n.in[0]); ok {
		l.emit(kernels.ReluBackward{Len: n.out.Len()}, dx, l.dy(n), l.slot(n.out))
	}
}

type add struct{}

// Add is a + b, of equal shapes.
func (s Scope) Add(a, b *Value) *Value {
	s.same("add", a, b)
	return s.apply(&add{}, a.Shape, a, b)
}

func (o *add) forward(l *lowering, n *node) {
	l.emit(kernels.Add{Len: n.out.Len()}, l.slot(n.out), l.slot(n.in[0]), l.slot(n.in[1]))
}

func (o *add) backward(l *lowering, n *node) {
	dy := l.dy(n)
	l.through(n.in[0], dy)
	l.through(n.in[1], dy)
}

type standardize struct{ n, c, hw int }

// Standardize is (x - mean[c]) / std[c] with statistics of the scope that have
// no gradient, the teacher's normalisation (spec 1.2).
func (s Scope) Standardize(x *Value) *Value {
	n, c, h, w := s.image("standardize", x)
	return s.apply(&standardize{n, c, h * w}, x.Shape, x,
		s.State("mean", Constant(0), c), s.State("std", Constant(1), c))
}

func (o *standardize) forward(l *lowering, n *node) {
	l.emit(kernels.Standardize{N: o.n, C: o.c, HW: o.hw}, l.slot(n.out),
		l.slot(n.in[0]), l.slot(n.in[1]), l.slot(n.in[2]))
}

func (o *standardize) backward(l *lowering, n *node) {
	panic(&Error{n.out.name, "standardize has no gradient; the teacher is frozen"})
}

type dropout struct {
	p    float32
	seed int
}

// Dropout zeroes a share p of the elements while training and scales the rest
// by 1/(1-p); it is the identity in inference.
func (s Scope) Dropout(x *Value, p float64, seed uint32) *Value {
	h := fnv.New64a()
	h.Write([]byte(s.path))
	key := int(kernels.Mix64(h.Sum64()^uint64(seed)) & 0x7fffffff)
	return s.apply(&dropout{float32(p), key}, x.Shape, x)
}

func (o *dropout) forward(l *lowering, n *node) { l.values[n.out] = l.slot(n.in[0]) }

func (o *dropout) forwardTrain(l *lowering, n *node) {
	if l.step < 0 {
		l.step = l.keep(1)
	}
	l.emit(kernels.Dropout{Len: n.out.Len(), P: o.p, Seed: o.seed}, l.slot(n.out), l.slot(n.in[0]), l.step)
}

func (o *dropout) backward(l *lowering, n *node) {
	if n.frozen {
		l.through(n.in[0], l.dy(n))
		return
	}
	if dx, ok := l.into(n.in[0]); ok {
		l.emit(kernels.DropoutBackward{Len: n.out.Len(), P: o.p, Seed: o.seed}, dx, l.dy(n), l.step)
	}
}
