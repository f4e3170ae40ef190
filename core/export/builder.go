package export

import "fmt"

// builder collects the parts of an ONNX graph.
type builder struct {
	nodes     []*node
	constants []*message
	inputs    []*message
	outputs   []*message
	path      string         // scope of the nodes to come
	names     map[string]int // how often each was asked for
}

func newBuilder() *builder { return &builder{names: map[string]int{}} }

// unique is the name, with a number where it is taken.
func (b *builder) unique(name string) string {
	b.names[name]++
	if n := b.names[name]; n > 1 {
		return b.unique(fmt.Sprintf("%s_%d", name, n))
	}
	return name
}

// node adds an operator with one result. It is named after the scope and the
// operator; its result has the same name.
func (b *builder) node(op string, kind kind, shape []int, in []value, attrs ...*message) value {
	name := op
	if b.path != "" {
		name = b.path + "." + op
	}
	n := &node{op: op, name: b.unique(name), attrs: attrs}
	n.out = n.name
	for _, v := range in {
		n.in = append(n.in, v.name)
	}
	b.nodes = append(b.nodes, n)
	return value{n.out, kind, shape}
}

// like is an operator on float tensors whose result has the first one's form.
func (b *builder) like(op string, in ...value) value { return b.node(op, in[0].kind, in[0].shape, in) }

func (b *builder) cast(v value, to kind) value {
	return b.node("Cast", to, v.shape, []value{v}, attrI("to", int(to)))
}

func (b *builder) reshape(v value, shape ...int) value {
	dims := make([]int64, len(shape))
	for i, d := range shape {
		dims[i] = int64(d)
	}
	return b.node("Reshape", v.kind, shape, []value{v, b.constant("shape", []int{len(dims)}, dims)})
}

func (b *builder) transpose(v value, perm ...int) value {
	shape := make([]int, len(perm))
	for i, p := range perm {
		shape[i] = v.shape[p]
	}
	return b.node("Transpose", v.kind, shape, []value{v}, attrIs("perm", perm...))
}

// constant adds data ([]float32, []float64 or []int64) as a tensor of the scope.
func (b *builder) constant(name string, shape []int, data any) value {
	if b.path != "" {
		name = b.path + "." + name
	}
	return b.weight(name, shape, data)
}

// weight is a constant with its full name.
func (b *builder) weight(name string, shape []int, data any) value {
	v := value{b.unique(name), float32s, shape}
	switch data.(type) {
	case []float64:
		v.kind = float64s
	case []int64:
		v.kind = int64s
	}
	b.constants = append(b.constants, tensor(v, data))
	return v
}

func (b *builder) input(name string, shape []int, doc string) value {
	v := value{b.unique(name), float32s, shape}
	b.inputs = append(b.inputs, valueInfo(v, doc))
	return v
}

// output gives a node's result its public name.
func (b *builder) output(name string, v value, doc string) error {
	if b.names[name] > 0 {
		return fmt.Errorf("output %s: the name is taken by another tensor", name)
	}
	b.names[name]++
	found := false
	for _, n := range b.nodes {
		if n.out == v.name {
			n.out, found = name, true
		}
		for i := range n.in {
			if n.in[i] == v.name {
				n.in[i] = name
			}
		}
	}
	if !found {
		return fmt.Errorf("output %s: no operator computes it", name)
	}
	v.name = name
	b.outputs = append(b.outputs, valueInfo(v, doc))
	return nil
}

// graph is the finished graph.
func (b *builder) graph(name string) *message {
	m := &message{}
	for _, n := range b.nodes {
		m.message(1, n.message())
	}
	m.text(2, name)
	for _, x := range b.constants {
		m.message(5, x)
	}
	for _, x := range b.inputs {
		m.message(11, x)
	}
	for _, x := range b.outputs {
		m.message(12, x)
	}
	return m
}
