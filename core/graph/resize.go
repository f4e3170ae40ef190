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

func (o *resize) forward(l *lowering, n *node) {
	if o.identity() {
		l.values[n.out] = l.slot(n.in[0])
		return
	}
	op := kernels.Resize{N: o.n, C: o.c, H: o.h, W: o.w, P: o.p, Q: o.q}
	l.emit(op, l.slot(n.out), l.slot(n.in[0]))
}

func (o *resize) backward(l *lowering, n *node) {
	if o.identity() {
		l.through(n.in[0], l.dy(n))
	} else if dx, ok := l.into(n.in[0]); ok {
		op := kernels.ResizeBackward{N: o.n, C: o.c, H: o.h, W: o.w, P: o.p, Q: o.q}
		l.emit(op, dx, l.dy(n))
	}
}
