package graph

import (
	"slices"

	"aecsad/kernels"
)

// fused is a convolution with its followers merged: batch norm (folded into the
// weights once), residual addition, relu.
type fused struct {
	shape kernels.ConvShape
	bias  *Value
	norm  *node
	relu  bool
}

// fuse replaces chains conv -> [batch norm] -> [add] -> [relu] among the nodes
// that may be merged. A chain's inner values must have a single use and must not
// be outputs.
func fuse(nodes []*node, outputs []*Value, may func(*node) bool) []*node {
	uses := usesOf(nodes, outputs)
	gone := map[*node]bool{}
	replaced := map[*node]*node{}
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		if gone[n] || !may(n) {
			continue
		}
		m := match{uses: uses, may: may, gone: gone}
		if f := m.chain(n); f != nil {
			replaced[n] = f
			for _, x := range m.inner {
				gone[x] = true
			}
		}
	}
	var out []*node
	for _, n := range nodes {
		if f := replaced[n]; f != nil {
			out = append(out, f)
		} else if !gone[n] {
			out = append(out, n)
		}
	}
	return out
}

// usesOf counts who reads each value; outputs have several readers.
func usesOf(nodes []*node, outputs []*Value) map[*Value]int {
	uses := map[*Value]int{}
	for _, n := range nodes {
		for _, v := range n.in {
			uses[v]++
		}
	}
	for _, v := range outputs {
		uses[v] += 2
	}
	return uses
}

type match struct {
	uses  map[*Value]int
	may   func(*node) bool
	gone  map[*node]bool
	inner []*node
}

// chain matches backwards from the last node of a chain.
func (m *match) chain(last *node) *node {
	f := &fused{}
	n, ok := last, true
	if _, is := n.rule.(*relu); is {
		f.relu = true
		if n, ok = m.step(n.in[0]); !ok {
			return nil
		}
	}
	var residual *Value
	if _, is := n.rule.(*add); is {
		if n, residual, ok = m.addend(n); !ok {
			return nil
		}
	}
	conv := m.conv(n, f)
	if conv == nil || conv == last {
		return nil
	}
	f.shape = conv.rule.(*conv2d).shape
	if len(conv.in) == 3 {
		f.bias = conv.in[2]
	}
	in := []*Value{conv.in[0], conv.in[1]}
	if residual != nil {
		in = append(in, residual)
	}
	return &node{rule: f, in: in, out: last.out, frozen: last.frozen}
}

// step moves to the only producer of an inner value.
func (m *match) step(v *Value) (*node, bool) {
	if v.from == nil || m.uses[v] != 1 || !m.may(v.from) || m.gone[v.from] {
		return nil, false
	}
	m.inner = append(m.inner, v.from)
	return v.from, true
}

// addend finds the side of an addition that is a convolution; the other is the
// residual.
func (m *match) addend(n *node) (*node, *Value, bool) {
	kept := len(m.inner)
	for i, v := range n.in {
		if next, ok := m.step(v); ok && m.conv(next, &fused{}) != nil {
			m.inner = m.inner[:kept+1]
			return next, n.in[1-i], true
		}
		m.inner = m.inner[:kept]
	}
	return nil, nil, false
}

// conv matches conv -> [batch norm] ending at n.
func (m *match) conv(n *node, f *fused) *node {
	if _, is := n.rule.(*batchNorm); is {
		f.norm = n
		var ok bool
		if n, ok = m.step(n.in[0]); !ok {
			return nil
		}
	}
	if c, is := n.rule.(*conv2d); is && !(f.norm != nil && c.bias) {
		return n
	}
	return nil
}

func (o *fused) forward(l *lowering, n *node) {
	w, b := l.slot(n.in[1]), kernels.Slot(-1)
	if o.bias != nil {
		b = l.slot(o.bias)
	}
	if o.norm != nil {
		bn, raw := o.norm.rule.(*batchNorm), w
		w, b = l.keep(n.in[1].Len()), l.keep(bn.c)
		op := kernels.BatchNormFold{K: bn.c, Len: n.in[1].Len() / bn.c, Eps: bn.eps}
		l.emitSetup(op, slices.Concat([]kernels.Slot{w, b, raw}, l.slots(o.norm.in[1:]))...)
	}
	op := kernels.Conv2D{ConvShape: o.shape, Bias: b >= 0, Relu: o.relu, Residual: len(n.in) == 3}
	bufs := []kernels.Slot{l.slot(n.out), l.slot(n.in[0]), w}
	if b >= 0 {
		bufs = append(bufs, b)
	}
	if op.Residual {
		bufs = append(bufs, l.slot(n.in[2]))
	}
	l.emit(op, bufs...)
}

func (o *fused) backward(*lowering, *node) {
	panic("graph: merged nodes are frozen and have no gradient")
}

func (l *lowering) slots(values []*Value) []kernels.Slot {
	var s []kernels.Slot
	for _, v := range values {
		s = append(s, l.slot(v))
	}
	return s
}
