// The heart of convolutions and matrix products: a block of 256 threads computes
// a tile of T x T outputs, T = 64 or 128, each thread T*T/256 of them in
// registers. Slices of both factors pass through shared memory, DEPTH words deep;
// while a slice is multiplied, the next one is on its way from global memory into
// registers. arithmetic.h says what a word is and how slices are multiplied.

#ifndef AECSAD_GEMM_H
#define AECSAD_GEMM_H

#include "arithmetic.h"

// walk says which T/16 words of a slice a thread fetches: (row + i*row_step,
// k + i*k_step). Consecutive threads should read consecutive addresses: along k
// if the factor is contiguous there, else along the rows.
struct walk {
	int row, k, row_step, k_step;
};

template <int T> DEVICE walk along_rows() { return {(int)threadIdx.x % T, (int)threadIdx.x / T, 0, AE_THREADS / T}; }
DEVICE walk along_k() { return {(int)threadIdx.x / DEPTH, (int)threadIdx.x % DEPTH, AE_THREADS / DEPTH, 0}; }

// gemm multiplies slices [0, count) with the arithmetic M. a(slice, row, k) gives
// word k of a row; b(slice, column, k) gives number k of a column, 0 outside the
// matrix. Slices are asked for in order. All threads of the block take part;
// count is the same for all.
template <class M, int T, class A, class B>
DEVICE void gemm(gemm_tile<T> &t, int count, walk wa, A a, walk wb, B b, gemm_result<T> *r) {
	const int words = T / 16;
	uint fa[words];
	float fb[words][M::numbers];
	UNROLL
	for (int i = 0; i < T * T / AE_THREADS; i++)
		r->v[i] = 0;
	for (int s = -1; s < count; s++) {
		if (s + 1 < count) {
			UNROLL
			for (int i = 0; i < words; i++) {
				fa[i] = a(s + 1, wa.row + i * wa.row_step, wa.k + i * wa.k_step);
				UNROLL
				for (int n = 0; n < M::numbers; n++)
					fb[i][n] = b(s + 1, wb.row + i * wb.row_step, (wb.k + i * wb.k_step) * M::numbers + n);
			}
		}
		if (s >= 0)
			M::multiply(t, s % 2, r);
		// The slice now filled was multiplied one turn ago, before the last barrier.
		if (s + 1 < count) {
			UNROLL
			for (int i = 0; i < words; i++) {
				t.a[(s + 1) % 2][wa.k + i * wa.k_step][wa.row + i * wa.row_step] = fa[i];
				t.b[(s + 1) % 2][wb.k + i * wb.k_step][wb.row + i * wb.row_step] = M::word(fb[i]);
			}
		}
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
DEVICE void multiply(gemm_tile<64> &t, float *y, matrix a, matrix b, float scale) {
	gemm_result<64> r;
	int row0 = (int)blockIdx.y * 64, column0 = (int)blockIdx.x * 64;
	gemm<simt, 64>(
	    t, (a.depth + DEPTH - 1) / DEPTH, a.k == 1 ? along_k() : along_rows<64>(),
	    [&](int s, int row, int k) { return float_to_bits(at(a, row0 + row, s * DEPTH + k)); },
	    b.k == 1 ? along_k() : along_rows<64>(), [&](int s, int column, int k) { return at(b, column0 + column, s * DEPTH + k); }, &r);
	simt::each(r, [&](int row, int column, float v) {
		if (row0 + row < a.rows && column0 + column < b.rows)
			y[(int64_t)(row0 + row) * b.rows + column0 + column] = scale * v;
	});
}

#endif
