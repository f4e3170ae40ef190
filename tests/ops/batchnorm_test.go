package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestBatchNormByHand(t *testing.T) {
	// Values 1 and 3: mean 2, variance 1 with divisor 2, and 2 with divisor 1.
	op := kernels.BatchNormTrain{N: 2, C: 1, HW: 1, Eps: 3, Momentum: 0.25}
	out := runOver(t, op, map[int][]float32{3: {4}, 4: {10}}, []float32{1, 3}, []float32{5}, []float32{7})
	assert.Equal(t, []float32{4.5, 9.5}, out[0])
	assert.Equal(t, []float32{2}, out[1], "mean")
	assert.Equal(t, []float32{0.5}, out[2], "rstd")
	assert.Equal(t, []float32{3.5}, out[3], "running mean")
	assert.Equal(t, []float32{8}, out[4], "running variance")

	stored := kernels.BatchNorm{N: 1, C: 2, HW: 1, Eps: 0}
	assert.Equal(t, []float32{9, -1}, run(t, stored, []float32{7, 0}, []float32{4, 3}, []float32{1, -1}, []float32{3, 0}, []float32{4, 9})[0])
}

func TestBatchNormOfOneValueIsItsShift(t *testing.T) {
	op := kernels.BatchNormTrain{N: 1, C: 1, HW: 1, Eps: 1e-5, Momentum: 0.1}
	out := runOver(t, op, map[int][]float32{3: {0}, 4: {1}}, []float32{3}, []float32{5}, []float32{7})
	assert.Equal(t, []float32{7}, out[0])
	assert.InDelta(t, 0.9, out[4][0], 1e-7, "the variance of one value is 0")
}

func TestFoldedConvolutionIsConvolutionThenBatchNorm(t *testing.T) {
	r := seeded()
	s := kernels.ConvShape{N: 2, C: 3, H: 5, W: 4, K: 4, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1}
	out, in := kernels.Conv2D{ConvShape: s}.Buffers()
	x, w := signed()(r, in[0]), signed()(r, in[1])
	gamma, beta, mean, variance := signed()(r, s.K), signed()(r, s.K), signed()(r, s.K), between(0.5, 2)(r, s.K)
	y := run(t, kernels.Conv2D{ConvShape: s}, x, w)[0]
	want := run(t, kernels.BatchNorm{N: s.N, C: s.K, HW: out[0] / s.N / s.K, Eps: 1e-5}, y, gamma, beta, mean, variance)[0]
	folded := run(t, kernels.BatchNormFold{K: s.K, Len: in[1] / s.K, Eps: 1e-5}, w, gamma, beta, mean, variance)
	got := run(t, kernels.Conv2D{ConvShape: s, Bias: true}, x, folded[0], folded[1])[0]
	e, _ := RelativeError(got, want)
	assert.Less(t, e, 1e-6)
}

func TestBatchNormGradients(t *testing.T) {
	r := seeded()
	n, c, hw := 2, 3, 5
	x, dy := steps(r, n*c*hw, -1, 1), steps(r, n*c*hw, -1, 1)
	gamma, beta := steps(r, c, 0.5, 2), steps(r, c, -1, 1)
	forward := func(x, gamma, beta []float32) [][]float32 {
		op := kernels.BatchNormTrain{N: n, C: c, HW: hw, Eps: 1e-5, Momentum: 0.1}
		return runOver(t, op, map[int][]float32{3: make([]float32, c), 4: make([]float32, c)}, x, gamma, beta)
	}
	kept := forward(x, gamma, beta)
	d := run(t, kernels.BatchNormBackward{N: n, C: c, HW: hw}, dy, x, kept[1], kept[2], gamma)
	checkGradient(t, "dx", d[0], x, func(x []float32) float64 { return dot(dy, forward(x, gamma, beta)[0]) })
	checkGradient(t, "dgamma", d[1], gamma, func(g []float32) float64 { return dot(dy, forward(x, g, beta)[0]) })
	checkGradient(t, "dbeta", d[2], beta, func(b []float32) float64 { return dot(dy, forward(x, gamma, b)[0]) })
}
