package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestMatMulByHand(t *testing.T) {
	// A = [1 2 3; 4 5 6], B = [1 0; 0 1; 10 100], for two batches the second of -A.
	a, at := []float32{1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6}, []float32{1, 4, 2, 5, 3, 6, -1, -4, -2, -5, -3, -6}
	b, bt := []float32{1, 0, 0, 1, 10, 100, 1, 0, 0, 1, 10, 100}, []float32{1, 0, 10, 0, 1, 100, 1, 0, 10, 0, 1, 100}
	want := []float32{31, 302, 64, 605, -31, -302, -64, -605}
	op := kernels.MatMul{Batch: 2, M: 2, N: 2, K: 3}
	assert.Equal(t, want, run(t, op, a, b)[0])
	op.TransA = true
	assert.Equal(t, want, run(t, op, at, b)[0])
	op.TransB = true
	assert.Equal(t, want, run(t, op, at, bt)[0])
	op.TransA = false
	assert.Equal(t, want, run(t, op, a, bt)[0])
}

// The gradients of a product are products: da = dy Bᵀ, db = Aᵀ dy.
func TestMatMulGradients(t *testing.T) {
	r := seeded()
	forward := kernels.MatMul{Batch: 2, M: 3, N: 4, K: 5}
	a, b, dy := steps(r, 2*3*5, -1, 1), steps(r, 2*5*4, -1, 1), steps(r, 2*3*4, -1, 1)
	checkGradient(t, "da", run(t, kernels.MatMul{Batch: 2, M: 3, N: 5, K: 4, TransB: true}, dy, b)[0], a,
		func(a []float32) float64 { return dot(dy, run(t, forward, a, b)[0]) })
	checkGradient(t, "db", run(t, kernels.MatMul{Batch: 2, M: 5, N: 4, K: 3, TransA: true}, a, dy)[0], b,
		func(b []float32) float64 { return dot(dy, run(t, forward, a, b)[0]) })
}
