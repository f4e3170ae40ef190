package graph

import (
	"fmt"
	"reflect"
	"strings"
)

// Trace returns every result of the graph, in order of creation, with a name made
// of its scope and operation: "local.conv1/conv2d"; later results of the same
// name get "#2", "#3", ... It is for looking into networks from outside.
func (g *Graph) Trace() (names []string, values Outputs) {
	values = Outputs{}
	for _, n := range g.nodes {
		kind := strings.ToLower(reflect.TypeOf(n.rule).Elem().Name())
		name := n.out.name + "/" + kind
		for i := 2; values[name] != nil; i++ {
			name = fmt.Sprintf("%s/%s#%d", n.out.name, kind, i)
		}
		names, values[name] = append(names, name), n.out
	}
	return names, values
}

// Gradients writes the forward and backward parts of a training step without the
// optimiser: the program's outputs are those of o and, under GradientOf(name), the
// gradient of every trainable weight that the loss depends on.
func (g *Graph) Gradients(loss *Value, o Outputs) *Program {
	l := newLowering(true)
	l.learn(g, loss, o)
	outputs := Outputs{}
	for name, v := range o {
		outputs[name] = v
	}
	for _, v := range g.order {
		if len(l.grads[v]) > 0 {
			d := &Value{Shape: v.Shape}
			l.values[d] = l.gradient(v)
			outputs[GradientOf(v.name)] = d
		}
	}
	return l.finish(outputs, nil)
}

// GradientOf is the output under which Gradients gives a weight's gradient.
func GradientOf(weight string) string { return weight + "@gradient" }
