package graph

import "aecsad/kernels"

// training is what the optimiser adds to a program.
type training struct {
	clock   kernels.Slot
	opt     Optimizer
	moments map[*Value][2]kernels.Slot
}

// adam writes the update of every parameter that has a gradient.
func (l *lowering) adam(g *Graph, o Optimizer) *training {
	t := &training{clock: l.keep(3), opt: o, moments: map[*Value][2]kernels.Slot{}}
	for _, v := range g.order {
		if v.role != param || len(l.grads[v]) == 0 {
			continue
		}
		l.path = v.name
		m := [2]kernels.Slot{l.keep(v.Len()), l.keep(v.Len())}
		t.moments[v] = m
		op := kernels.Adam{
			Len: v.Len(), Beta1: float32(o.Beta1), Beta2: float32(o.Beta2),
			Eps: float32(o.Eps), Decay: float32(o.Decay),
		}
		l.emit(op, l.slot(v), m[0], m[1], l.gradient(v), t.clock)
	}
	return t
}
