package graph

import (
	"slices"
	"sort"

	"aecsad/kernels"
)

// Outputs names the values that a program lets the host read.
type Outputs map[string]*Value

// Infer writes the outputs as a program, one instruction per operation.
func (g *Graph) Infer(o Outputs) *Program {
	l := newLowering(false)
	values := o.sorted()
	l.forward(reach(g, values))
	return l.finish(o, nil)
}

// Compile writes the outputs as a program with neighbours merged, and what machines may
// do at once side by side.
func (g *Graph) Compile(o Outputs) *Program {
	l := newLowering(false)
	values := o.sorted()
	l.forward(late(fuse(reach(g, values), values, func(*node) bool { return true }), values))
	return l.finish(o, nil)
}

// Settle writes the outputs in their training form without a loss, for networks
// whose only training is that batch normalisation measures its statistics.
func (g *Graph) Settle(o Outputs) *Program {
	l := newLowering(true)
	l.forward(reach(g, o.sorted()))
	return l.finish(o, nil)
}

// Optimizer holds Adam's constants (spec 3.2 and 5.4). The learning rate comes
// with every step.
type Optimizer struct{ Beta1, Beta2, Eps, Decay float64 }

// Adam is PyTorch's default with L2 decay added to the gradient.
func Adam(decay float64) Optimizer { return Optimizer{0.9, 0.999, 1e-8, decay} }

// Train writes one training step: forward, the loss's gradients, Adam on every
// trainable weight that the loss depends on. Frozen parts are merged as in
// Compile. The loss must be a scalar of the graph; o may name further values to
// read, such as the parts of the loss.
func (g *Graph) Train(loss *Value, opt Optimizer, o Outputs) *Program {
	l := newLowering(true)
	l.learn(g, loss, o)
	return l.finish(o, l.adam(g, opt))
}

// learn writes forward and backward, with frozen parts merged.
func (l *lowering) learn(g *Graph, loss *Value, o Outputs) {
	values := append(o.sorted(), loss)
	nodes := reach(g, values)
	nodes = fuse(nodes, values, func(n *node) bool { return n.frozen && !n.out.grad })
	l.forward(nodes)
	l.backward(nodes, loss)
}

func (o Outputs) sorted() []*Value {
	var values []*Value
	for _, name := range o.names() {
		values = append(values, o[name])
	}
	return values
}

func (o Outputs) names() []string {
	names := make([]string, 0, len(o))
	for n := range o {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Binding is where the host finds a tensor.
type Binding struct {
	Slot  kernels.Slot
	Shape []int
}

// Len is the number of elements.
func (b Binding) Len() int {
	n := 1
	for _, d := range b.Shape {
		n *= d
	}
	return n
}

// Program is a planned program with the names of what the host reads and writes.
type Program struct {
	Kernels *kernels.Program
	// Paths has the scope that each of Kernels.Calls comes from.
	Paths   []string
	Inputs  map[string]Binding
	Weights map[string]Binding
	Outputs map[string]Binding
	// Trained names the weights that a run of a training program changes:
	// parameters through Adam, statistics through batch normalisation.
	Trained []string
	// Moments are Adam's first and second moment by weight name.
	Moments map[string][2]Binding
	clock   kernels.Slot // Adam's {lr, c1, c2}, -1 if absent
	step    kernels.Slot // dropout's counter, -1 if absent
	opt     Optimizer
}

// Bytes is the memory that the program's slots take, as float32.
func (p *Program) Bytes() int {
	n := 0
	for _, s := range p.Kernels.Sizes {
		n += 4 * s
	}
	return n
}

// Parameters counts the numbers in all weights.
func (p *Program) Parameters() int {
	n := 0
	for _, b := range p.Weights {
		n += b.Len()
	}
	return n
}

// finish binds names and maps virtual slots to real ones.
func (l *lowering) finish(o Outputs, t *training) *Program {
	for _, name := range o.names() {
		l.bound[l.slot(o[name])] = true
	}
	real, kp := l.plan()
	bind := func(v *Value) Binding { return Binding{real[l.slot(v)], v.Shape} }
	p := &Program{
		Kernels: kp, Paths: l.paths,
		Inputs: map[string]Binding{}, Weights: map[string]Binding{}, Outputs: map[string]Binding{},
		Moments: map[string][2]Binding{}, clock: -1, step: -1,
	}
	for _, v := range l.inputs {
		p.Inputs[v.name] = bind(v)
	}
	for _, v := range l.weights {
		p.Weights[v.name] = bind(v)
		if l.training && v.role == state && l.moves(v) {
			p.Trained = append(p.Trained, v.name)
		}
	}
	for name, v := range o {
		p.Outputs[name] = bind(v)
	}
	if l.step >= 0 {
		p.step = real[l.step]
	}
	if t != nil {
		p.clock, p.opt = real[t.clock], t.opt
		for v, m := range t.moments {
			p.Trained = append(p.Trained, v.name)
			p.Moments[v.name] = [2]Binding{{real[m[0]], v.Shape}, {real[m[1]], v.Shape}}
		}
	}
	sort.Strings(p.Trained)
	p.Kernels.Once = p.once()
	return p
}

// once lists the slots of the weights that no call writes and no output is.
func (p *Program) once() []kernels.Slot {
	changed := map[kernels.Slot]bool{}
	for _, b := range p.Outputs {
		changed[b.Slot] = true
	}
	for _, c := range slices.Concat(p.Kernels.Setup, p.Kernels.Calls) {
		out, _ := c.Op.Buffers()
		for _, b := range c.Bufs[:len(out)] {
			changed[b] = true
		}
	}
	var once []kernels.Slot
	for _, b := range p.Weights {
		if !changed[b.Slot] {
			once = append(once, b.Slot)
		}
	}
	slices.Sort(once)
	return once
}

// moves tells whether some call writes the value's buffer.
func (l *lowering) moves(v *Value) bool {
	for _, c := range l.calls {
		out, _ := c.Op.Buffers()
		for i := range out {
			if c.Bufs[i] == l.values[v] {
				return true
			}
		}
	}
	return false
}
