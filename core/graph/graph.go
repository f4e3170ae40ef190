// Package graph turns a network, written as a Go function, into programs for
// the machines of package kernels. A network records operations over Values;
// three passes write programs from the record:
//
//	Infer    stored statistics, no dropout, one instruction per operation
//	Compile  the same numbers with neighbours merged (convolution + batch norm +
//	         residual + relu become one instruction)
//	Train    batch statistics, dropout, the loss, its mirror image and Adam
//
// One file per operation family; an operation's gradient stands directly below
// its builder. Building panics with the scope's path (*Error) when shapes do not
// fit; Build turns that into an error in one place.
package graph

import (
	"fmt"
	"strings"
)

// Graph records the operations of one or more networks that run together.
type Graph struct {
	nodes  []*node
	params map[string]*Value
	order  []*Value // params in order of creation
	inputs map[string]*Value
}

// Value is a tensor in a graph. Images are [N,C,H,W], scalars [1].
type Value struct {
	Shape []int
	name  string
	role  role
	init  Init
	// grad tells whether a trainable weight lies upstream.
	grad bool
	from *node
}

type role int

const (
	result role = iota
	input
	param // trained unless its scope is frozen
	state // statistics that training moves without a gradient
)

// node is an operation applied to values.
type node struct {
	rule   rule
	in     []*Value
	out    *Value
	frozen bool // inference behaviour even while training
}

// path is the scope of the operation; of merged ones, the convolution's.
func (n *node) path() string {
	if _, merged := n.rule.(*fused); merged {
		return strings.TrimSuffix(n.in[1].name, ".weight")
	}
	return n.out.name
}

// rule knows how to write an operation as instructions.
type rule interface {
	// forward writes the inference form.
	forward(l *lowering, n *node)
	// backward writes the gradients of the inputs that want one.
	backward(l *lowering, n *node)
}

// trainer is a rule whose training form differs.
type trainer interface {
	forwardTrain(l *lowering, n *node)
}

// Error says where in the network a shape did not fit.
type Error struct{ Path, Problem string }

func (e *Error) Error() string { return e.Path + ": " + e.Problem }

// Build runs f on a new graph and returns the Error it panics with, if any.
func Build(f func(g *Graph)) (g *Graph, err error) {
	g = New()
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	f(g)
	return g, nil
}

// New returns an empty graph.
func New() *Graph {
	return &Graph{params: map[string]*Value{}, inputs: map[string]*Value{}}
}

// Input declares a tensor that the host writes before every run.
func (g *Graph) Input(name string, shape ...int) *Value {
	if g.inputs[name] != nil {
		panic(&Error{name, "input declared twice"})
	}
	v := &Value{Shape: shape, name: name, role: input}
	g.inputs[name] = v
	return v
}

// Scope names the part of a network that is being built: weights get its path
// as a prefix, errors quote it.
type Scope struct {
	g      *Graph
	path   string
	frozen bool
}

// Root is the scope with the empty path.
func (g *Graph) Root() Scope { return Scope{g: g} }

// Sub is a scope below s; a name with dots is several levels.
func (s Scope) Sub(name string) Scope {
	s.path = s.join(name)
	return s
}

// Freeze is s with weights that are not trained and operations that keep their
// inference behaviour (stored statistics, no dropout) in every pass.
func (s Scope) Freeze() Scope {
	s.frozen = true
	return s
}

func (s Scope) join(name string) string {
	if s.path == "" {
		return name
	}
	return s.path + "." + name
}

func (s Scope) fail(format string, args ...any) {
	panic(&Error{s.path, fmt.Sprintf(format, args...)})
}

// Param is the trainable weight of this name below the scope. A network used
// twice in one graph gets the same weight both times, and its gradients add.
func (s Scope) Param(name string, init Init, shape ...int) *Value {
	return s.weight(name, param, init, shape)
}

// State is a weight without a gradient that training may still move.
func (s Scope) State(name string, init Init, shape ...int) *Value {
	return s.weight(name, state, init, shape)
}

func (s Scope) weight(name string, r role, init Init, shape []int) *Value {
	full := s.join(name)
	if v := s.g.params[full]; v != nil {
		if fmt.Sprint(v.Shape) != fmt.Sprint(shape) {
			s.fail("%s wants shape %v, was declared with %v", name, shape, v.Shape)
		}
		return v
	}
	v := &Value{Shape: shape, name: full, role: r, init: init, grad: r == param && !s.frozen}
	s.g.params[full] = v
	s.g.order = append(s.g.order, v)
	return v
}

// apply records an operation and returns its result.
func (s Scope) apply(r rule, shape []int, in ...*Value) *Value {
	out := &Value{Shape: shape, name: s.path}
	for _, v := range in {
		out.grad = out.grad || v.grad
	}
	out.from = &node{rule: r, in: in, out: out, frozen: s.frozen}
	s.g.nodes = append(s.g.nodes, out.from)
	return out
}

// image returns the four sizes of an image-shaped value.
func (s Scope) image(op string, v *Value) (n, c, h, w int) {
	if len(v.Shape) != 4 {
		s.fail("%s wants an image [N C H W], got shape %v", op, v.Shape)
	}
	return v.Shape[0], v.Shape[1], v.Shape[2], v.Shape[3]
}

// same fails unless all values have the shape of the first.
func (s Scope) same(op string, first *Value, rest ...*Value) {
	for _, v := range rest {
		if fmt.Sprint(v.Shape) != fmt.Sprint(first.Shape) {
			s.fail("%s wants equal shapes, got %v and %v", op, first.Shape, v.Shape)
		}
	}
}

// Len is the number of elements of v.
func (v *Value) Len() int {
	n := 1
	for _, d := range v.Shape {
		n *= d
	}
	return n
}

// Parameters counts the trainable weights below a path ("" counts all),
// whether frozen or not.
func (g *Graph) Parameters(path string) int {
	total := 0
	for _, v := range g.order {
		if v.role == param && (path == "" || strings.HasPrefix(v.name, path+".")) {
			total += v.Len()
		}
	}
	return total
}
