package graph

import (
	"fmt"
	"hash/fnv"
	"math"
	"sort"

	"aecsad/kernels"
)

// Tensor is a named weight on the host.
type Tensor struct {
	Shape []int
	Data  []float32
}

// Weights are tensors by their full names ("local.conv1.weight").
type Weights map[string]*Tensor

// Source has weights to be read one by one, perhaps from a file. Its methods are
// safe for concurrent use.
type Source interface {
	// Shape is that of a weight; false if there is none of that name.
	Shape(name string) ([]int, bool)
	// Read reads all elements of a weight into to.
	Read(name string, to []float32) error
}

// Shape is part of Source.
func (w Weights) Shape(name string) ([]int, bool) {
	if t := w[name]; t != nil {
		return t.Shape, true
	}
	return nil, false
}

// Read is part of Source.
func (w Weights) Read(name string, to []float32) error {
	if n := len(w[name].Data); n != len(to) {
		return fmt.Errorf("weight %s holds %d elements, its shape %v wants %d", name, n, w[name].Shape, len(to))
	}
	copy(to, w[name].Data)
	return nil
}

// Init says what a weight holds before training.
type Init struct {
	kind  initKind
	value float64
}

type initKind int

const (
	constant initKind = iota
	uniform
)

// Constant fills with a value.
func Constant(v float64) Init { return Init{constant, v} }

// Uniform draws from (-bound, bound).
func Uniform(bound float64) Init { return Init{uniform, bound} }

// FanIn is PyTorch's default for convolutions and their biases:
// U(-1/sqrt(fanIn), 1/sqrt(fanIn)) (spec appendix A).
func FanIn(fanIn int) Init { return Uniform(1 / math.Sqrt(float64(fanIn))) }

// He is U(-sqrt(6/fanIn), sqrt(6/fanIn)): relu networks keep their variance.
func He(fanIn int) Init { return Uniform(math.Sqrt(6 / float64(fanIn))) }

// Initialize returns fresh weights for everything the graph declares. A weight
// depends only on the seed, its name and its size.
func (g *Graph) Initialize(seed uint32) Weights {
	w := Weights{}
	for _, v := range g.order {
		t := &Tensor{Shape: v.Shape, Data: make([]float32, v.Len())}
		h := fnv.New32a()
		h.Write([]byte(v.name))
		for i := range t.Data {
			if v.init.kind == uniform {
				u := 2*float64(kernels.Uniform(seed, h.Sum32(), uint64(i))) - 1
				t.Data[i] = float32(u * v.init.value)
			} else {
				t.Data[i] = float32(v.init.value)
			}
		}
		w[v.name] = t
	}
	return w
}

// Shapes are those of everything the graph declares, by name.
func (g *Graph) Shapes() map[string][]int {
	shapes := map[string][]int{}
	for _, v := range g.order {
		shapes[v.name] = v.Shape
	}
	return shapes
}

// Names lists the weights in alphabetical order.
func (w Weights) Names() []string {
	names := make([]string, 0, len(w))
	for n := range w {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// infinity is the exponent that infinities and NaNs have.
const infinity = 0x7f800000

// Finite fails on the first tensor that holds a NaN or an infinity.
func (w Weights) Finite() error {
	for _, n := range w.Names() {
		for i, x := range w[n].Data {
			if math.Float32bits(x)&infinity == infinity {
				return fmt.Errorf("weight %s holds %v at element %d; expected finite numbers", n, x, i)
			}
		}
	}
	return nil
}
