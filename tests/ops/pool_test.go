package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestAvgPoolCountsThePadding(t *testing.T) {
	s := kernels.PoolShape{N: 1, C: 1, H: 3, W: 3, R: 3, Stride: 1, Pad: 1}
	nines := []float32{9, 9, 9, 9, 9, 9, 9, 9, 9}
	assert.Equal(t, []float32{4, 6, 4, 6, 9, 6, 4, 6, 4}, run(t, kernels.AvgPool{PoolShape: s}, nines)[0])
}

func TestMaxPoolIgnoresThePadding(t *testing.T) {
	s := kernels.PoolShape{N: 1, C: 1, H: 2, W: 2, R: 3, Stride: 2, Pad: 1}
	x := []float32{-4, -3, -3, -5}
	assert.Equal(t, []float32{-3}, run(t, kernels.MaxPool{PoolShape: s}, x)[0])
	assert.Equal(t, []float32{0, 8, 0, 0}, run(t, kernels.MaxPoolBackward{PoolShape: s}, []float32{8}, x)[0], "the first of equals")
}

func TestPoolingSizesOfTheLocalStudent(t *testing.T) {
	// Spec 2.1: 259 to 130 and 133 to 67.
	assert.Equal(t, 130, kernels.PoolShape{H: 259, R: 2, Stride: 2, Pad: 1}.P())
	assert.Equal(t, 67, kernels.PoolShape{W: 133, R: 2, Stride: 2, Pad: 1}.Q())
}

func TestPoolingGradients(t *testing.T) {
	for _, s := range []kernels.PoolShape{
		{N: 2, C: 2, H: 4, W: 5, R: 2, Stride: 2, Pad: 1},
		{N: 1, C: 2, H: 5, W: 4, R: 3, Stride: 1, Pad: 1},
		{N: 1, C: 1, H: 7, W: 7, R: 3, Stride: 2},
	} {
		r := seeded()
		out, in := kernels.AvgPool{PoolShape: s}.Buffers()
		// Distinct values 1/8 apart: a step never changes which one is the largest.
		x, dy := make([]float32, in[0]), steps(r, out[0], -1, 1)
		for i, j := range r.Perm(len(x)) {
			x[i] = float32(j) / 8
		}
		checkGradient(t, "avg", run(t, kernels.AvgPoolBackward{PoolShape: s}, dy)[0], x,
			func(x []float32) float64 { return dot(dy, run(t, kernels.AvgPool{PoolShape: s}, x)[0]) })
		checkGradient(t, "max", run(t, kernels.MaxPoolBackward{PoolShape: s}, dy, x)[0], x,
			func(x []float32) float64 { return dot(dy, run(t, kernels.MaxPool{PoolShape: s}, x)[0]) })
	}
	r := seeded()
	x, dy := steps(r, 2*3*5, -1, 1), steps(r, 2*3, -1, 1)
	checkGradient(t, "global", run(t, kernels.GlobalAvgPoolBackward{N: 2, C: 3, HW: 5}, dy)[0], x,
		func(x []float32) float64 { return dot(dy, run(t, kernels.GlobalAvgPool{N: 2, C: 3, HW: 5}, x)[0]) })
}
