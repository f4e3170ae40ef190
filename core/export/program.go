package export

import (
	"fmt"
	"slices"
	"sort"

	"aecsad/core/graph"
	"aecsad/kernels"
)

// translator turns the calls of an inference program into operators, in order.
// The program's slots are memory that values share; the operators of ONNX name
// values, so the translator follows what each slot holds.
type translator struct {
	*builder
	weights map[kernels.Slot]weight // of the program, those made by its setup among them
	values  map[kernels.Slot]value  // what slots hold at this point
}

// weight is a tensor that becomes a constant where it is used.
type weight struct {
	name  string
	shape []int
	data  []float32
}

// translate writes the program with its weights. inputs maps the names of the
// program's inputs to those of the file; its outputs are returned by their names
// in the program.
func translate(b *builder, p *graph.Program, w graph.Weights, inputs map[string]string) (map[string]value, error) {
	if err := p.Kernels.Check(); err != nil {
		return nil, err
	}
	if err := p.Fits(w); err != nil {
		return nil, err
	}
	t := &translator{b, map[kernels.Slot]weight{}, map[kernels.Slot]value{}}
	for name, x := range p.Weights {
		t.weights[x.Slot] = weight{name, x.Shape, w[name].Data}
	}
	for _, c := range p.Kernels.Setup {
		if err := t.setup(c); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedNames(p.Inputs) {
		public := name
		if inputs[name] != "" {
			public = inputs[name]
		}
		t.values[p.Inputs[name].Slot] = b.input(public, p.Inputs[name].Shape, inputDocs[public])
	}
	for i, c := range p.Kernels.Calls {
		b.path = p.Paths[i]
		if err := t.call(c); err != nil {
			return nil, fmt.Errorf("%s: call %d: %w", b.path, i, err)
		}
	}
	b.path = ""
	out := map[string]value{}
	for name, x := range p.Outputs {
		v, err := t.value(x.Slot)
		if err != nil {
			return nil, fmt.Errorf("output %s: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func (t *translator) setup(c kernels.Call) error {
	switch o := c.Op.(type) {
	case kernels.BatchNormFold:
		return t.batchNormFold(o, c.Bufs)
	}
	return fmt.Errorf("setup: there is no translation of %s to ONNX", kernels.Name(c.Op))
}

// call translates one instruction. The value of its first buffer is what it
// puts out; the others are scratch.
func (t *translator) call(c kernels.Call) error {
	out, in := c.Op.Buffers()
	x := make([]value, len(in))
	for i := range in {
		var err error
		if x[i], err = t.value(c.Bufs[len(out)+i]); err != nil {
			return fmt.Errorf("%s, input %d: %w", kernels.Name(c.Op), i, err)
		}
	}
	y, err := t.operator(c.Op, x)
	if err != nil {
		return err
	}
	for _, s := range c.Bufs[:len(out)] {
		delete(t.values, s)
	}
	t.values[c.Bufs[0]] = y
	return nil
}

// operator has every instruction that an inference program of package graph can
// hold.
func (t *translator) operator(op kernels.Op, x []value) (value, error) {
	switch o := op.(type) {
	case kernels.Conv2D:
		return t.conv2d(o, x), nil
	case kernels.BatchNorm:
		return t.batchNorm(o, x), nil
	case kernels.Relu:
		return t.like("Relu", x...), nil
	case kernels.Add:
		return t.like("Add", x...), nil
	case kernels.Standardize:
		return t.standardize(o, x), nil
	case kernels.Concat:
		return t.concat(x), nil
	case kernels.AvgPool:
		return t.avgPool(o, x[0]), nil
	case kernels.MaxPool:
		return t.maxPool(o, x[0]), nil
	case kernels.GlobalAvgPool:
		return t.globalAvgPool(o, x[0]), nil
	case kernels.Resize:
		return t.resize(o, x[0]), nil
	case kernels.Softmax:
		return t.softmax(x[0]), nil
	case kernels.Attention:
		return t.attention(o, x), nil
	case kernels.Argmax:
		return t.argmax(x[0]), nil
	case kernels.Histogram:
		return t.histogram(o, x[0])
	case kernels.SquaredDifference:
		return t.squaredDifference(x), nil
	}
	return value{}, fmt.Errorf("%s belongs to training; only inference programs can be exported", kernels.Name(op))
}

// value is what a slot holds; a weight becomes a constant on its first use.
func (t *translator) value(s kernels.Slot) (value, error) {
	if v, ok := t.values[s]; ok {
		return v, nil
	}
	w, ok := t.weights[s]
	if !ok {
		return value{}, fmt.Errorf("slot %d holds nothing yet", s)
	}
	t.values[s] = t.builder.weight(w.name, slices.Clone(w.shape), w.data)
	return t.values[s], nil
}
