package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestPointwiseByHand(t *testing.T) {
	x := []float32{-2, 0, 3}
	assert.Equal(t, []float32{0, 0, 3}, run(t, kernels.Relu{Len: 3}, x)[0])
	assert.Equal(t, []float32{0, 0, 7}, run(t, kernels.ReluBackward{Len: 3}, []float32{5, 6, 7}, []float32{0, 0, 3})[0])
	assert.Equal(t, []float32{-1, 2, 6}, run(t, kernels.Add{Len: 3}, x, []float32{1, 2, 3})[0])
	assert.Equal(t, []float32{1, 0, -1.5}, run(t, kernels.Scale{Len: 3, Factor: -0.5}, x)[0])
	assert.Equal(t, []float32{9, 9}, run(t, kernels.Fill{Len: 2, Value: 9})[0])
	assert.Equal(t, []float32{2, 4, -1, 1}, run(t, kernels.Standardize{N: 1, C: 2, HW: 2},
		[]float32{2, 3, 4, 8}, []float32{1, 6}, []float32{0.5, 2})[0])
}

func TestReluGradient(t *testing.T) {
	// No value is near the kink, where differences would straddle it.
	r := seeded()
	x := append(steps(r, 9, 0.1, 1), steps(r, 9, -1, -0.1)...)
	dy := steps(r, len(x), -1, 1)
	y := run(t, kernels.Relu{Len: len(x)}, x)[0]
	checkGradient(t, "dx", run(t, kernels.ReluBackward{Len: len(x)}, dy, y)[0], x,
		func(x []float32) float64 { return dot(dy, run(t, kernels.Relu{Len: len(x)}, x)[0]) })
}

func TestDropout(t *testing.T) {
	const n = 10000
	x := between(1, 2)(seeded(), n)
	op := kernels.Dropout{Len: n, P: 0.2, Seed: 5}
	y := run(t, op, x, []float32{3})[0]
	dropped := 0
	for i := range y {
		if kernels.Uniform(5, 3, uint64(i)) < 0.2 {
			assert.Zero(t, y[i])
			dropped++
		} else {
			assert.Equal(t, x[i]/(1-op.P), y[i])
		}
	}
	// Five standard deviations of a binomial count, sqrt(n*P*(1-P)) = 40.
	assert.InDelta(t, 0.2*n, dropped, 200)
	assert.NotEqual(t, y, run(t, op, x, []float32{4})[0], "the next step drops others")
	assert.NotEqual(t, y, run(t, kernels.Dropout{Len: n, P: 0.2, Seed: 6}, x, []float32{3})[0])
}

func TestDropoutGradient(t *testing.T) {
	r := seeded()
	x, dy, clock := steps(r, 20, -1, 1), steps(r, 20, -1, 1), []float32{3}
	checkGradient(t, "dx", run(t, kernels.DropoutBackward{Len: 20, P: 0.4, Seed: 8}, dy, clock)[0], x,
		func(x []float32) float64 {
			return dot(dy, run(t, kernels.Dropout{Len: 20, P: 0.4, Seed: 8}, x, clock)[0])
		})
}
