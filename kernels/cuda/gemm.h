// The heart of convolutions and matrix products: a block of 256 threads computes
// a tile of T x T outputs, T = 64 or 128, each thread T*T/256 of them in
// registers. Slices of both factors pass through shared memory, DEPTH words deep;
// while a slice is multiplied, the next one is on its way from global memory.
// arithmetic.h says what a word is, what a factor, and how slices are multiplied.

#ifndef AECSAD_GEMM_H
#define AECSAD_GEMM_H

#include "tensor.h"

// gemm multiplies slices [0, count) of the factors a and b with the arithmetic M.
// Slices are asked for in order, of a first. All threads of the block take part;
// count is the same for all.
template <class M, int T, class A, class B>
DEVICE void gemm(typename M::template tile<T> &t, int count, A a, B b, gemm_result<T> *r) {
	const int parts = T * M::numbers > 128 ? 2 : 1; // a thread has 8 numbers of a factor under way
	UNROLL
	for (int i = 0; i < T * T / AE_THREADS; i++)
		r->v[i] = 0;
	for (int s = -1; s < count; s++) {
		// The half of the tile that is filled now was multiplied one turn ago, before
		// the last barrier.
		int next = (s + 1) % 2;
		UNROLL
		for (int part = 0; part < parts; part++) {
			if (s + 1 < count) {
				a.fetch(s + 1, part, parts, t.a[next]);
				b.fetch(s + 1, part, parts, t.b[next]);
			}
			if (s >= 0)
				M::multiply(t, s % 2, DEPTH * part / parts, DEPTH * (part + 1) / parts, r);
			if (s + 1 < count) {
				a.store(part, parts, t.a[next]);
				b.store(part, parts, t.b[next]);
			}
		}
		M::arrive();
		__syncthreads();
	}
}

// ---- products of matrices in memory ----

// matrix is a matrix of rows x depth whose neighbours lie `row` and `k` floats
// apart.
struct matrix {
	const float *data;
	int rows, depth, row, k;
};

DEVICE float at(const matrix &m, int row, int k) {
	return row < m.rows && k < m.depth ? m.data[(int64_t)row * m.row + (int64_t)k * m.k] : 0;
}

// multiply writes y[row, column] = scale * sum_k a[row,k] b[column,k] for the
// block's tile, blockIdx.x the tile along the columns, blockIdx.y along the rows;
// y is row-major. It is not worth tensor cores in the networks at hand.
DEVICE void multiply(simt::tile<64> &t, float *y, matrix a, matrix b, float scale) {
	gemm_result<64> r;
	int row0 = (int)blockIdx.y * 64, column0 = (int)blockIdx.x * 64;
	gemm<simt, 64>(
	    t, (a.depth + DEPTH - 1) / DEPTH,
	    gathered<simt, 64>(a.k == 1 ? along_k() : simt::rows_first<64>(), [&](int s, int row, int k) { return at(a, row0 + row, s * DEPTH + k); }),
	    gathered<simt, 64>(b.k == 1 ? along_k() : simt::rows_first<64>(), [&](int s, int column, int k) { return at(b, column0 + column, s * DEPTH + k); }),
	    &r);
	simt::each(r, [&](int row, int column, float v) {
		if (row0 + row < a.rows && column0 + column < b.rows)
			y[(int64_t)(row0 + row) * b.rows + column0 + column] = scale * v;
	});
}

#endif
