package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestSoftmaxByHand(t *testing.T) {
	// Logits are logarithms of 1:2:5, moved far up; channels are 2 apart in memory.
	x := []float32{1000, 0, 1000 + float32(math.Ln2), 0, 1000 + float32(math.Log(5)), 0}
	y := run(t, kernels.Softmax{N: 1, C: 3, HW: 2}, x)[0]
	for i, want := range []float64{1. / 8, 1. / 3, 2. / 8, 1. / 3, 5. / 8, 1. / 3} {
		assert.InDelta(t, want, y[i], 3e-5, i) // 1000 + ln 5 is rounded to 3e-5
	}
	assert.Equal(t, []float32{1, 1}, run(t, kernels.Softmax{N: 2, C: 1, HW: 1}, []float32{-5, 700})[0])
}

func TestSoftmaxGradient(t *testing.T) {
	r := seeded()
	n, c, hw := 2, 4, 3
	x, dy := steps(r, n*c*hw, -2, 2), steps(r, n*c*hw, -1, 1)
	y := run(t, kernels.Softmax{N: n, C: c, HW: hw}, x)[0]
	checkGradient(t, "dx", run(t, kernels.SoftmaxBackward{N: n, C: c, HW: hw}, dy, y)[0], x,
		func(x []float32) float64 { return dot(dy, run(t, kernels.Softmax{N: n, C: c, HW: hw}, x)[0]) })
}
