package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestConcatKeepsTheOrderWithinEachExample(t *testing.T) {
	op := kernels.Concat{N: 2, HW: 2, C: [kernels.MaxConcat]int{1, 2}}
	a, b := []float32{1, 2, 3, 4}, []float32{10, 11, 12, 13, 14, 15, 16, 17}
	assert.Equal(t, []float32{1, 2, 10, 11, 12, 13, 3, 4, 14, 15, 16, 17}, run(t, op, a, b)[0])
}

// Slice is the gradient of Concat: it returns each input's share of dy.
func TestSliceIsTheGradientOfConcat(t *testing.T) {
	r := seeded()
	op := kernels.Concat{N: 2, HW: 3, C: [kernels.MaxConcat]int{2, 1, 2}}
	out, in := op.Buffers()
	dy := steps(r, out[0], -1, 1)
	inputs := [][]float32{steps(r, in[0], -1, 1), steps(r, in[1], -1, 1), steps(r, in[2], -1, 1)}
	first := 0
	for i := range inputs {
		got := run(t, kernels.Slice{N: 2, C: 5, HW: 3, First: first, K: op.C[i]}, dy)[0]
		checkGradient(t, "dx", got, inputs[i], func(x []float32) float64 {
			all := append([][]float32{}, inputs...)
			all[i] = x
			return dot(dy, run(t, op, all...)[0])
		})
		first += op.C[i]
	}
}
