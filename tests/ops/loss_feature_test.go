package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestMeanSquaresByHand(t *testing.T) {
	assert.Equal(t, []float32{12.5}, run(t, kernels.MeanSquare{Len: 2}, []float32{3, -4})[0])
	assert.Equal(t, []float32{6.5}, run(t, kernels.MSE{Len: 2}, []float32{3, -4}, []float32{1, -1})[0])
}

// d is 1, 4, 9, 16: the median is 6.5 and selects two.
func TestHardFeatureByHand(t *testing.T) {
	out := run(t, kernels.HardFeature{Len: 4, Quantile: 0.5}, []float32{5, 2, -3, 4}, []float32{4, 0, 0, 0})
	assert.Equal(t, []float32{12.5}, out[0])
	assert.Equal(t, []float32{6.5, 2}, out[1], "threshold and count")
	assert.Equal(t, []float32{1, 4, 9, 16}, out[2])
	all := run(t, kernels.HardFeature{Len: 3, Quantile: 0.999}, []float32{2, 2, 2}, []float32{1, 1, 1})
	assert.Equal(t, []float32{1}, all[0])
	assert.Equal(t, []float32{1, 3}, all[1], "equal values are all selected")
}

func TestFeatureLossGradients(t *testing.T) {
	r := seeded()
	const n = 20
	a, b := steps(r, n, -1, 1), steps(r, n, -1, 1)
	dloss := []float32{-1.5}
	checkGradient(t, "mean square", run(t, kernels.MeanSquareBackward{Len: n}, dloss, a)[0], a,
		func(a []float32) float64 { return dot(dloss, run(t, kernels.MeanSquare{Len: n}, a)[0]) })
	checkGradient(t, "mse, a", run(t, kernels.MSEBackward{Len: n}, dloss, a, b)[0], a,
		func(a []float32) float64 { return dot(dloss, run(t, kernels.MSE{Len: n}, a, b)[0]) })
	checkGradient(t, "mse, b", run(t, kernels.MSEBackward{Len: n}, dloss, b, a)[0], b,
		func(b []float32) float64 { return dot(dloss, run(t, kernels.MSE{Len: n}, a, b)[0]) })
}

func TestHardFeatureGradient(t *testing.T) {
	// |a-b| is 0, 1/8, 2/8, ...: steps change no rank, so the selection stays.
	const n = 16
	a, b := make([]float32, n), make([]float32, n)
	for i, j := range seeded().Perm(n) {
		a[i] = float32(i%3) / 4
		b[i] = a[i] + float32(j)/8*float32(1-2*(i%2))
	}
	dloss, forward := []float32{2}, kernels.HardFeature{Len: n, Quantile: 0.7}
	kept := run(t, forward, a, b)
	assert.Equal(t, float32(5), kept[1][1], "rank 10.5 of 0...15 selects five")
	checkGradient(t, "db", run(t, kernels.HardFeatureBackward{Len: n}, dloss, kept[1], kept[2], a, b)[0], b,
		func(b []float32) float64 { return dot(dloss, run(t, forward, a, b)[0]) })
}
