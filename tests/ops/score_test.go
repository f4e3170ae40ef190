package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestArgmaxTakesTheLowestOfEquals(t *testing.T) {
	x := []float32{1, 5, -3, 1, 7, -2, 0, 7, -2}
	assert.Equal(t, []float32{0, 1, 1}, run(t, kernels.Argmax{N: 1, C: 3, HW: 3}, x)[0])
}

// Quadrants run down the columns first: top-left, bottom-left, top-right,
// bottom-right (spec E).
func TestHistogramQuadrants(t *testing.T) {
	x := []float32{
		1, 1, 0, 2,
		1, 1, 0, 0,
		2, 0, 1, 2,
		0, 2, 2, 1,
	}
	want := []float32{
		0, 1, 0,
		0, 0, 0.5,
		0, 0, 0.25,
		0, 0.5, 0.5,
	}
	assert.Equal(t, want, run(t, kernels.Histogram{N: 1, C: 3, H: 4, W: 4, Grid: 2}, x)[0])
	assert.Equal(t, []float32{0, 0.375, 0.3125}, run(t, kernels.Histogram{N: 1, C: 3, H: 4, W: 4, Grid: 1}, x)[0])
}

func TestHistogramTakesUnknownClassesForBackground(t *testing.T) {
	assert.Equal(t, []float32{0, 0.25}, run(t, kernels.Histogram{N: 1, C: 2, H: 2, W: 2, Grid: 1}, []float32{-1, 2, 255, 1})[0])
}

func TestSquaredDifferenceByHand(t *testing.T) {
	a, b := []float32{1, 2, 3, 4}, []float32{0, 2, 6, 8}
	assert.Equal(t, []float32{5, 8}, run(t, kernels.SquaredDifference{N: 1, C: 2, HW: 2}, a, b)[0])
}
