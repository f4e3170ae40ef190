package graph

import "aecsad/kernels"

type noGradient struct{}

func (noGradient) backward(_ *lowering, n *node) {
	panic(&Error{n.out.name, "this operation has no gradient; it belongs to inference"})
}

type argmax struct {
	noGradient
	n, c, hw int
}

// Argmax is the class of the largest channel, [N,C,H,W] to [N,1,H,W].
func (s Scope) Argmax(x *Value) *Value {
	n, c, h, w := s.image("argmax", x)
	return s.apply(&argmax{n: n, c: c, hw: h * w}, []int{n, 1, h, w}, x)
}

func (o *argmax) forward(l *lowering, n *node) {
	l.emit(kernels.Argmax{N: o.n, C: o.c, HW: o.hw}, l.slot(n.out), l.slot(n.in[0]))
}

type histogram struct {
	noGradient
	op kernels.Histogram
}

// Histogram counts the classes of [N,1,H,W] per patch of a grid x grid
// partition: [N, grid*grid*classes] (spec section 6).
func (s Scope) Histogram(x *Value, classes, grid int) *Value {
	n, c, h, w := s.image("histogram", x)
	if c != 1 || grid < 1 || h%grid != 0 || w%grid != 0 {
		s.fail("histogram of %v with a %dx%d grid: want one channel and sizes divisible by the grid", x.Shape, grid, grid)
	}
	op := kernels.Histogram{N: n, C: classes, H: h, W: w, Grid: grid}
	return s.apply(&histogram{op: op}, []int{n, grid * grid * classes}, x)
}

func (o *histogram) forward(l *lowering, n *node) {
	l.emit(o.op, l.slot(n.out), l.slot(n.in[0]))
}

type squaredDifference struct {
	noGradient
	n, c, hw int
}

// SquaredDifference is the mean over channels of (a-b)^2, an anomaly map
// [N,1,H,W] (spec 3.3).
func (s Scope) SquaredDifference(a, b *Value) *Value {
	n, c, h, w := s.image("squared difference", a)
	s.same("squared difference", a, b)
	return s.apply(&squaredDifference{n: n, c: c, hw: h * w}, []int{n, 1, h, w}, a, b)
}

func (o *squaredDifference) forward(l *lowering, n *node) {
	l.emit(kernels.SquaredDifference{N: o.n, C: o.c, HW: o.hw}, l.slot(n.out), l.slot(n.in[0]), l.slot(n.in[1]))
}
