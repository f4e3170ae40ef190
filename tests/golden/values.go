// Package golden holds the graph's programs and the machines against PyTorch.
// tools/golden writes the files of testdata; weights and inputs are computed on
// both sides from their names, so a file keeps a few numbers per tensor.
package golden

import (
	"hash/fnv"
	"math"
	"strings"

	"aecsad/core/graph"
	"aecsad/kernels"
)

// Tensor is the n elements of the tensor called name, in [lo, hi): element i is
// lo + (hi-lo)*Uniform(0, FNV-1a(name), i). tools/golden/values.py is its twin.
func Tensor(name string, n int, lo, hi float64) []float32 {
	h := fnv.New32a()
	h.Write([]byte(name))
	t := make([]float32, n)
	for i := range t {
		scaled := (hi - lo) * float64(kernels.Uniform(0, h.Sum32(), uint64(i)))
		t[i] = float32(lo + scaled)
	}
	return t
}

// Labels is a tensor of whole numbers lo <= v < hi.
func Labels(name string, n int, lo, hi float64) []float32 {
	t := Tensor(name, n, lo, hi)
	for i, v := range t {
		t[i] = float32(math.Floor(float64(v)))
	}
	return t
}

// Weights gives every weight that the graph declares its value by its name, in a
// range that keeps the variance through an untrained network.
func Weights(g *graph.Graph) graph.Weights {
	w := g.Initialize(0)
	for name, t := range w {
		w[name] = Weight(name, t.Shape)
	}
	return w
}

// Weight is the weight of this name.
func Weight(name string, shape []int) *graph.Tensor {
	lo, hi := weightRange(name, shape)
	t := &graph.Tensor{Shape: shape}
	n := 1
	for _, d := range shape {
		n *= d
	}
	t.Data = Tensor(name, n, lo, hi)
	return t
}

func weightRange(name string, shape []int) (lo, hi float64) {
	switch last := name[strings.LastIndexByte(name, '.')+1:]; {
	case len(shape) == 4:
		gain := 6.0
		if strings.Contains(name, ".query.") || strings.Contains(name, ".key.") {
			gain = 1 // a softmax of larger products only selects
		}
		bound := math.Sqrt(gain / float64(shape[1]*shape[2]*shape[3]))
		return -bound, bound
	case strings.HasSuffix(name, "bn3.weight"): // the end of a residual branch
		return 0.1, 0.2
	case last == "running_var" || last == "std":
		return 1, 1.25
	case last == "weight":
		return 0.5, 1
	}
	return -0.1, 0.1
}
