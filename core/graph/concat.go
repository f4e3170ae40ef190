package graph

import "aecsad/kernels"

type concat struct{ op kernels.Concat }

// Concat joins images of equal batch and size along their channels, in order.
func (s Scope) Concat(values ...*Value) *Value {
	if len(values) < 1 || len(values) > kernels.MaxConcat {
		s.fail("concat takes 1 to %d values, got %d", kernels.MaxConcat, len(values))
	}
	n, _, h, w := s.image("concat", values[0])
	op, total := kernels.Concat{N: n, HW: h * w}, 0
	for i, v := range values {
		vn, c, vh, vw := s.image("concat", v)
		if vn != n || vh != h || vw != w {
			s.fail("concat wants images like %v, got %v", values[0].Shape, v.Shape)
		}
		op.C[i] = c
		total += c
	}
	return s.apply(&concat{op}, []int{n, total, h, w}, values...)
}

func (o *concat) forward(l *lowering, n *node) {
	l.emit(o.op, append([]kernels.Slot{l.slot(n.out)}, l.slots(n.in)...)...)
}

func (o *concat) backward(l *lowering, n *node) {
	first := 0
	for i, v := range n.in {
		if dx, ok := l.into(v); ok {
			op := kernels.Slice{N: o.op.N, C: n.out.Shape[1], HW: o.op.HW, First: first, K: o.op.C[i]}
			l.emit(op, dx, l.dy(n))
		}
		first += o.op.C[i]
	}
}
