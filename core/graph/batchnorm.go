package graph

import "aecsad/kernels"

type batchNorm struct {
	n, c, hw      int
	eps, momentum float32
}

// BatchNorm normalises x over batch and space with weights of the scope named as
// in PyTorch: weight, bias, running_mean, running_var. momentum is PyTorch's:
// the share of the newest batch in the running statistics.
func (s Scope) BatchNorm(x *Value, eps, momentum float64) *Value {
	n, c, h, w := s.image("batch norm", x)
	return s.apply(&batchNorm{n, c, h * w, float32(eps), float32(momentum)}, x.Shape, x,
		s.Param("weight", Constant(1), c),
		s.Param("bias", Constant(0), c),
		s.State("running_mean", Constant(0), c),
		s.State("running_var", Constant(1), c))
}

func (o *batchNorm) forward(l *lowering, n *node) {
	l.emit(kernels.BatchNorm{N: o.n, C: o.c, HW: o.hw, Eps: o.eps}, l.slot(n.out),
		l.slot(n.in[0]), l.slot(n.in[1]), l.slot(n.in[2]), l.slot(n.in[3]), l.slot(n.in[4]))
}

func (o *batchNorm) forwardTrain(l *lowering, n *node) {
	mean, rstd := l.buffer(o.c), l.buffer(o.c)
	l.kept[n] = []kernels.Slot{mean, rstd}
	op := kernels.BatchNormTrain{N: o.n, C: o.c, HW: o.hw, Eps: o.eps, Momentum: o.momentum}
	l.emit(op, l.slot(n.out), mean, rstd, l.slot(n.in[3]), l.slot(n.in[4]),
		l.slot(n.in[0]), l.slot(n.in[1]), l.slot(n.in[2]))
}

func (o *batchNorm) backward(l *lowering, n *node) {
	if n.frozen {
		panic(&Error{n.out.name, "a frozen batch norm has no gradient; freeze what is below it as well"})
	}
	var d [3]kernels.Slot
	for i := range d {
		var wanted bool
		if d[i], wanted = l.into(n.in[i]); !wanted {
			d[i] = l.buffer(n.in[i].Len())
		}
	}
	l.emit(kernels.BatchNormBackward{N: o.n, C: o.c, HW: o.hw}, d[0], d[1], d[2],
		l.dy(n), l.slot(n.in[0]), l.kept[n][0], l.kept[n][1], l.slot(n.in[1]))
}
