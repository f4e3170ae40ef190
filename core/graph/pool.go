package graph

import "aecsad/kernels"

// Pool is a square pooling window.
type Pool struct{ Size, Stride, Pad int }

func (s Scope) poolShape(op string, x *Value, o Pool) (kernels.PoolShape, []int) {
	n, c, h, w := s.image(op, x)
	p := kernels.PoolShape{N: n, C: c, H: h, W: w, R: o.Size, Stride: o.Stride, Pad: o.Pad}
	if o.Size < 1 || o.Stride < 1 || o.Pad*2 > o.Size || p.P() < 1 || p.Q() < 1 {
		s.fail("%s %+v does not fit a %dx%d image", op, o, h, w)
	}
	return p, []int{n, c, p.P(), p.Q()}
}

type avgPool struct{ shape kernels.PoolShape }

// AvgPool is the mean over a window; padding zeros count.
func (s Scope) AvgPool(x *Value, o Pool) *Value {
	p, shape := s.poolShape("average pool", x, o)
	return s.apply(&avgPool{p}, shape, x)
}

func (o *avgPool) forward(l *lowering, n *node) {
	l.emit(kernels.AvgPool{PoolShape: o.shape}, l.slot(n.out), l.slot(n.in[0]))
}

func (o *avgPool) backward(l *lowering, n *node) {
	if dx, ok := l.into(n.in[0]); ok {
		l.emit(kernels.AvgPoolBackward{PoolShape: o.shape}, dx, l.dy(n))
	}
}

type maxPool struct{ shape kernels.PoolShape }

// MaxPool is the maximum over the part of a window inside the image.
func (s Scope) MaxPool(x *Value, o Pool) *Value {
	p, shape := s.poolShape("max pool", x, o)
	return s.apply(&maxPool{p}, shape, x)
}

func (o *maxPool) forward(l *lowering, n *node) {
	l.emit(kernels.MaxPool{PoolShape: o.shape}, l.slot(n.out), l.slot(n.in[0]))
}

func (o *maxPool) backward(l *lowering, n *node) {
	if dx, ok := l.into(n.in[0]); ok {
		l.emit(kernels.MaxPoolBackward{PoolShape: o.shape}, dx, l.dy(n), l.slot(n.in[0]))
	}
}

type globalAvgPool struct{ n, c, hw int }

// GlobalAvgPool is the mean over space: [N,C,H,W] to [N,C,1,1].
func (s Scope) GlobalAvgPool(x *Value) *Value {
	n, c, h, w := s.image("global average pool", x)
	return s.apply(&globalAvgPool{n, c, h * w}, []int{n, c, 1, 1}, x)
}

func (o *globalAvgPool) forward(l *lowering, n *node) {
	l.emit(kernels.GlobalAvgPool{N: o.n, C: o.c, HW: o.hw}, l.slot(n.out), l.slot(n.in[0]))
}

func (o *globalAvgPool) backward(l *lowering, n *node) {
	if dx, ok := l.into(n.in[0]); ok {
		l.emit(kernels.GlobalAvgPoolBackward{N: o.n, C: o.c, HW: o.hw}, dx, l.dy(n))
	}
}
