package graph

import "aecsad/kernels"

type resize struct{ n, c, h, w, p, q int }

// Resize is bilinear to h x w pixels (align_corners=false, no antialiasing); the
// identity when the size is the same.
func (s Scope) Resize(x *Value, h, w int) *Value {
	n, c, xh, xw := s.image("resize", x)
	if h < 1 || w < 1 {
		s.fail("resize to %dx%d", h, w)
	}
	return s.apply(&resize{n, c, xh, xw, h, w}, []int{n, c, h, w}, x)
}

func (o *resize) identity() bool { return o.h == o.p && o.w == o.q }

// halving is the mean of 2x2 pixels: each output lies in the middle of four. A convolution
// may pool at once, where a resize would read all that it puts out.
func (o *resize) halving() bool { return o.h == 2*o.p && o.w == 2*o.q }

func (o *resize) pool() kernels.PoolShape {
	return kernels.PoolShape{N: o.n, C: o.c, H: o.h, W: o.w, R: 2, Stride: 2}
}

func (o *resize) forward(l *lowering, n *node) {
	if o.identity() {
		l.values[n.out] = l.slot(n.in[0])
		return
	}
	if o.halving() {
		l.emit(kernels.AvgPool{PoolShape: o.pool()}, l.slot(n.out), l.slot(n.in[0]))
		return
	}
	op := kernels.Resize{N: o.n, C: o.c, H: o.h, W: o.w, P: o.p, Q: o.q}
	l.emit(op, l.slot(n.out), l.slot(n.in[0]))
}

func (o *resize) backward(l *lowering, n *node) {
	if o.identity() {
		l.through(n.in[0], l.dy(n))
	} else if dx, ok := l.into(n.in[0]); ok && o.halving() {
		l.emit(kernels.AvgPoolBackward{PoolShape: o.pool()}, dx, l.dy(n))
	} else if ok {
		op := kernels.ResizeBackward{N: o.n, C: o.c, H: o.h, W: o.w, P: o.p, Q: o.q}
		l.emit(op, dx, l.dy(n))
	}
}
