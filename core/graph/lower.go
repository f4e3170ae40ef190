package graph

import (
	"aecsad/kernels"
)

// lowering writes a graph as instructions over virtual slots, one per buffer;
// plan.go maps them to real ones.
type lowering struct {
	training bool
	calls    []kernels.Call
	path     string   // of the node that is being written
	paths    []string // of each of calls
	setup    []kernels.Call
	sizes    []int
	bound    map[kernels.Slot]bool // must keep a slot of its own
	values   map[*Value]kernels.Slot
	grads    map[*Value][]kernels.Slot
	kept     map[*node][]kernels.Slot // what forward keeps for backward
	weights  []*Value
	inputs   []*Value
	step     kernels.Slot // dropout's counter, -1 until needed
}

func newLowering(training bool) *lowering {
	return &lowering{
		training: training,
		bound:    map[kernels.Slot]bool{},
		values:   map[*Value]kernels.Slot{},
		grads:    map[*Value][]kernels.Slot{},
		kept:     map[*node][]kernels.Slot{},
		step:     -1,
	}
}

// buffer is a new virtual slot.
func (l *lowering) buffer(size int) kernels.Slot {
	l.sizes = append(l.sizes, size)
	return kernels.Slot(len(l.sizes) - 1)
}

// keep is a buffer that survives between runs.
func (l *lowering) keep(size int) kernels.Slot {
	s := l.buffer(size)
	l.bound[s] = true
	return s
}

// slot is the buffer of a value, made on first use.
func (l *lowering) slot(v *Value) kernels.Slot {
	if s, ok := l.values[v]; ok {
		return s
	}
	s := l.buffer(v.Len())
	l.values[v] = s
	switch v.role {
	case param, state:
		l.bound[s] = true
		l.weights = append(l.weights, v)
	case input:
		l.bound[s] = true
		l.inputs = append(l.inputs, v)
	}
	return s
}

// emit appends a call; the buffers are outputs first.
func (l *lowering) emit(op kernels.Op, bufs ...kernels.Slot) {
	l.calls = append(l.calls, kernels.Call{Op: op, Bufs: bufs})
	l.paths = append(l.paths, l.path)
}

// emitSetup appends a call that runs once after the weights are written.
func (l *lowering) emitSetup(op kernels.Op, bufs ...kernels.Slot) {
	for _, b := range bufs {
		l.bound[b] = true
	}
	l.setup = append(l.setup, kernels.Call{Op: op, Bufs: bufs})
}

// forward writes all nodes in order.
func (l *lowering) forward(nodes []*node) {
	for _, n := range nodes {
		l.path = n.path()
		if t, ok := n.rule.(trainer); ok && l.training && !n.frozen {
			t.forwardTrain(l, n)
		} else {
			n.rule.forward(l, n)
		}
	}
}

// dy is the gradient of a node's result.
func (l *lowering) dy(n *node) kernels.Slot { return l.gradient(n.out) }

// gradient adds up what has been contributed to v's gradient so far.
func (l *lowering) gradient(v *Value) kernels.Slot {
	parts := l.grads[v]
	for len(parts) > 1 {
		sum := l.buffer(v.Len())
		l.emit(kernels.Add{Len: v.Len()}, sum, parts[0], parts[1])
		parts = append([]kernels.Slot{sum}, parts[2:]...)
	}
	l.grads[v] = parts
	return parts[0]
}

// into is a buffer for a contribution to v's gradient, or false if v wants none.
func (l *lowering) into(v *Value) (kernels.Slot, bool) {
	if !v.grad {
		return 0, false
	}
	s := l.buffer(v.Len())
	l.grads[v] = append(l.grads[v], s)
	return s, true
}

// through hands an existing gradient buffer on unchanged.
func (l *lowering) through(v *Value, dy kernels.Slot) {
	if v.grad {
		l.grads[v] = append(l.grads[v], dy)
	}
}

// backward writes the mirror image of the nodes, starting from the loss.
func (l *lowering) backward(nodes []*node, loss *Value) {
	seed := l.buffer(1)
	l.emit(kernels.Fill{Len: 1, Value: 1}, seed)
	l.grads[loss] = []kernels.Slot{seed}
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		l.path = n.path()
		if n.out.grad && len(l.grads[n.out]) > 0 {
			n.rule.backward(l, n)
		}
	}
}

// reach returns the nodes that the outputs depend on, in order.
func reach(g *Graph, outputs []*Value) []*node {
	needed := map[*node]bool{}
	stack := append([]*Value{}, outputs...)
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if v.from == nil || needed[v.from] {
			continue
		}
		needed[v.from] = true
		stack = append(stack, v.from.in...)
	}
	var nodes []*node
	for _, n := range g.nodes {
		if needed[n] {
			nodes = append(nodes, n)
		}
	}
	return nodes
}
