package ref

import (
	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"aecsad/kernels"
)

func matMul(o kernels.MatMul, a args) {
	y := a.shaped(0, o.Batch, o.M, o.N)
	left, right := a.shaped(1, o.Batch, o.M, o.K), a.shaped(2, o.Batch, o.K, o.N)
	if o.TransA {
		left = a.shaped(1, o.Batch, o.K, o.M)
	}
	if o.TransB {
		right = a.shaped(2, o.Batch, o.N, o.K)
	}
	for b := 0; b < o.Batch; b++ {
		put(y, b, product(transposed(matrix(left, b), o.TransA), transposed(matrix(right, b), o.TransB)))
	}
}

// matrix is t[n] of a tensor [N, rows, columns] in float64.
func matrix(t *tensor.Dense, n int) *mat.Dense {
	return mat.NewDense(t.Shape()[1], t.Shape()[2], widened(part(t, n)))
}

func transposed(m mat.Matrix, yes bool) mat.Matrix {
	if yes {
		return m.T()
	}
	return m
}

func product(a, b mat.Matrix) *mat.Dense {
	var m mat.Dense
	m.Mul(a, b)
	return &m
}

// put rounds m into t[n].
func put(t *tensor.Dense, n int, m *mat.Dense) { store(part(t, n), m.RawMatrix().Data) }
