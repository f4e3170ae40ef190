package ref

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"aecsad/kernels"
)

// As matrices, with q, k, v and y of [C,T]: p = softmax(qᵀk / sqrt(C)) along its
// rows, y = v pᵀ.
func attention(o kernels.Attention, a args) {
	y, x := a.shaped(0, o.N, o.C, o.T), a[1:]
	if o.Keep {
		x = a[2:]
	}
	qs, ks, vs := x.shaped(0, o.N, o.C, o.T), x.shaped(1, o.N, o.C, o.T), x.shaped(2, o.N, o.C, o.T)
	for n := 0; n < o.N; n++ {
		q, k, v := matrix(qs, n), matrix(ks, n), matrix(vs, n)
		scores := product(q.T(), k)
		scores.Scale(1/math.Sqrt(float64(o.C)), scores)
		for i := 0; i < o.T; i++ {
			exponentials(scores.RawRowView(i))
		}
		if o.Keep {
			put(a.shaped(1, o.N, o.T, o.T), n, scores)
		}
		put(y, n, product(v, scores.T()))
	}
}

// With dp = dyᵀv the gradient of p, and ds that of the scores before softmax:
// ds[i,j] = p[i,j] * (dp[i,j] - sum_l dp[i,l]*p[i,l]) / sqrt(C),
// dq = k dsᵀ, dk = q ds, dv = dy p.
func attentionBackward(o kernels.AttentionBackward, a args) {
	dq, dk, dv := a.shaped(0, o.N, o.C, o.T), a.shaped(1, o.N, o.C, o.T), a.shaped(2, o.N, o.C, o.T)
	dss, dys, ps := a.shaped(3, o.N, o.T, o.T), a.shaped(4, o.N, o.C, o.T), a.shaped(5, o.N, o.T, o.T)
	qs, ks, vs := a.shaped(6, o.N, o.C, o.T), a.shaped(7, o.N, o.C, o.T), a.shaped(8, o.N, o.C, o.T)
	for n := 0; n < o.N; n++ {
		dy, p, q, k, v := matrix(dys, n), matrix(ps, n), matrix(qs, n), matrix(ks, n), matrix(vs, n)
		ds := product(dy.T(), v)
		for i := 0; i < o.T; i++ {
			row, weights := ds.RawRowView(i), p.RawRowView(i)
			dot := mat.Dot(mat.NewVecDense(o.T, row), mat.NewVecDense(o.T, weights))
			for j := range row {
				row[j] = weights[j] * (row[j] - dot) / math.Sqrt(float64(o.C))
			}
		}
		put(dss, n, ds)
		put(dq, n, product(k, ds.T()))
		put(dk, n, product(q, ds))
		put(dv, n, product(dy, p))
	}
}
