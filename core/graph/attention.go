package graph

import "aecsad/kernels"

type attention struct{ n, c, t int }

// Attention is single-head scaled dot-product attention over the H*W pixels of
// images q, k, v of equal shape (spec 2.3).
func (s Scope) Attention(q, k, v *Value) *Value {
	n, c, h, w := s.image("attention", q)
	s.same("attention", q, k, v)
	return s.apply(&attention{n, c, h * w}, q.Shape, q, k, v)
}

// forward keeps the T x T weights only where a gradient may follow.
func (o *attention) forward(l *lowering, n *node) {
	bufs := []kernels.Slot{l.slot(n.out)}
	keep := l.training && n.out.grad
	if keep {
		l.kept[n] = []kernels.Slot{l.buffer(o.n * o.t * o.t)}
		bufs = append(bufs, l.kept[n]...)
	}
	bufs = append(bufs, l.slot(n.in[0]), l.slot(n.in[1]), l.slot(n.in[2]))
	l.emit(kernels.Attention{N: o.n, C: o.c, T: o.t, Keep: keep}, bufs...)
}

func (o *attention) backward(l *lowering, n *node) {
	var d [3]kernels.Slot
	for i := range d {
		var wanted bool
		if d[i], wanted = l.into(n.in[i]); !wanted {
			d[i] = l.buffer(n.in[i].Len())
		}
	}
	ds := l.buffer(o.n * o.t * o.t)
	l.emit(kernels.AttentionBackward{N: o.n, C: o.c, T: o.t}, d[0], d[1], d[2], ds,
		l.dy(n), l.kept[n][0], l.slot(n.in[0]), l.slot(n.in[1]), l.slot(n.in[2]))
}
