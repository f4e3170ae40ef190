package graph

import "aecsad/kernels"

type softmax struct{ n, c, hw int }

// Softmax is over the channels of an image.
func (s Scope) Softmax(x *Value) *Value {
	n, c, h, w := s.image("softmax", x)
	return s.apply(&softmax{n, c, h * w}, x.Shape, x)
}

func (o *softmax) forward(l *lowering, n *node) {
	l.emit(kernels.Softmax{N: o.n, C: o.c, HW: o.hw}, l.slot(n.out), l.slot(n.in[0]))
}

func (o *softmax) backward(l *lowering, n *node) {
	if dx, ok := l.into(n.in[0]); ok {
		l.emit(kernels.SoftmaxBackward{N: o.n, C: o.c, HW: o.hw}, dx, l.dy(n), l.slot(n.out))
	}
}
