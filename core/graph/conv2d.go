package graph

import "aecsad/kernels"

// Conv is the geometry of a convolution; zero values mean stride 1, dilation 1.
type Conv struct{ Stride, Pad, Dilation int }

type conv2d struct {
	shape kernels.ConvShape
	bias  bool
}

// Conv2D is a cross-correlation of x [N,C,H,W] with w [K,C,R,S] and a bias [K]
// (nil for none).
func (s Scope) Conv2D(x, w, b *Value, o Conv) *Value {
	n, c, h, wd := s.image("conv2d", x)
	k, wc, r, t := s.image("conv2d weight", w)
	if wc != c {
		s.fail("conv2d wants %d channels, input has %d", wc, c)
	}
	if b != nil && b.Len() != k {
		s.fail("conv2d has %d output channels, bias has %d", k, b.Len())
	}
	shape := kernels.ConvShape{
		N: n, C: c, H: h, W: wd, K: k, R: r, S: t,
		Stride: max(o.Stride, 1), Pad: o.Pad, Dilation: max(o.Dilation, 1),
	}
	if shape.P() < 1 || shape.Q() < 1 {
		s.fail("conv2d %dx%d does not fit a %dx%d image with padding %d", r, t, h, wd, o.Pad)
	}
	in := []*Value{x, w}
	if b != nil {
		in = append(in, b)
	}
	return s.apply(&conv2d{shape, b != nil}, []int{n, k, shape.P(), shape.Q()}, in...)
}

func (o *conv2d) forward(l *lowering, n *node) {
	bufs := []kernels.Slot{l.slot(n.out)}
	for _, v := range n.in {
		bufs = append(bufs, l.slot(v))
	}
	l.emit(kernels.Conv2D{ConvShape: o.shape, Bias: o.bias}, bufs...)
}

func (o *conv2d) backward(l *lowering, n *node) {
	dy, x, w := l.dy(n), n.in[0], n.in[1]
	if dx, ok := l.into(x); ok {
		l.emit(kernels.Conv2DBackwardData{ConvShape: o.shape}, dx, dy, l.slot(w))
	}
	if dw, ok := l.into(w); ok {
		l.emit(kernels.Conv2DBackwardFilter{ConvShape: o.shape}, dw, dy, l.slot(x))
	}
	if o.bias {
		if db, ok := l.into(n.in[2]); ok {
			l.emit(kernels.ChannelSum{N: o.shape.N, C: o.shape.K, HW: o.shape.P() * o.shape.Q()}, db, dy)
		}
	}
}
