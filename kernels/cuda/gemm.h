// The heart of convolutions and matrix products: a block of 256 threads computes
// a tile of 64 x 64 outputs, each thread 4 x 4 of them in registers. Slices of
// both factors pass through shared memory, 16 deep; while a slice is multiplied,
// the next one is on its way from global memory into registers.

#ifndef AECSAD_GEMM_H
#define AECSAD_GEMM_H

#include "common.h"

#define TILE 64
#define DEPTH 16
#define PAD 4 // floats; keeps rows aligned to float4 and spreads columns over the banks

// Two slices: one being multiplied, one being filled.
struct gemm_tile {
	float a[2][DEPTH][TILE + PAD], b[2][DEPTH][TILE + PAD];
};

// walk says which 4 elements of a slice a thread fetches: (row + i*row_step,
// k + i*k_step). Consecutive threads should read consecutive addresses: along k
// if the factor is contiguous there, else along the rows.
struct walk {
	int row, k, row_step, k_step;
};

DEVICE walk along_rows() { return {(int)threadIdx.x % TILE, (int)threadIdx.x / TILE, 0, AE_THREADS / TILE}; }
DEVICE walk along_k() { return {(int)threadIdx.x / DEPTH, (int)threadIdx.x % DEPTH, AE_THREADS / DEPTH, 0}; }

// The outputs of a thread: rows 4*(thread/16), columns 4*(thread%16) of the tile.
struct gemm_result {
	float v[4][4];
};
DEVICE int first_row() { return (int)threadIdx.x / 16 * 4; }
DEVICE int first_column() { return (int)threadIdx.x % 16 * 4; }

// gemm_slice adds the product of slice s.
DEVICE void gemm_slice(const gemm_tile &t, int s, gemm_result *r) {
UNROLL
	for (int k = 0; k < DEPTH; k++) {
		float4 a = *(const float4 *)&t.a[s][k][first_row()], b = *(const float4 *)&t.b[s][k][first_column()];
		float av[4] = {a.x, a.y, a.z, a.w}, bv[4] = {b.x, b.y, b.z, b.w};
UNROLL
		for (int i = 0; i < 4; i++)
UNROLL
			for (int j = 0; j < 4; j++)
				r->v[i][j] += av[i] * bv[j];
	}
}

// gemm multiplies slices [0, count). a(slice, row, k) and b(slice, column, k) give
// the elements, 0 outside the matrices; a slice is asked for in order. All
// threads of the block take part; count is the same for all.
template <class A, class B>
DEVICE void gemm(gemm_tile &t, int count, walk wa, A a, walk wb, B b, gemm_result *r) {
	float fa[4], fb[4];
UNROLL
	for (int i = 0; i < 16; i++)
		r->v[i / 4][i % 4] = 0;
	for (int s = -1; s < count; s++) {
		if (s + 1 < count)
UNROLL
			for (int i = 0; i < 4; i++) {
				fa[i] = a(s + 1, wa.row + i * wa.row_step, wa.k + i * wa.k_step);
				fb[i] = b(s + 1, wb.row + i * wb.row_step, wb.k + i * wb.k_step);
			}
		if (s >= 0)
			gemm_slice(t, s % 2, r);
		// The slice now filled was multiplied one turn ago, before the last barrier.
		if (s + 1 < count)
UNROLL
			for (int i = 0; i < 4; i++) {
				t.a[(s + 1) % 2][wa.k + i * wa.k_step][wa.row + i * wa.row_step] = fa[i];
				t.b[(s + 1) % 2][wb.k + i * wb.k_step][wb.row + i * wb.row_step] = fb[i];
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

// gemm_matrices multiplies rows [row0, row0+64) of a by rows [column0, ...) of b:
// r = a bT.
DEVICE void gemm_matrices(gemm_tile &t, matrix a, int row0, matrix b, int column0, gemm_result *r) {
	auto at = [](const matrix &m, int row, int k) { return row < m.rows && k < m.depth ? m.data[(int64_t)row * m.row + (int64_t)k * m.k] : 0; };
	gemm(t, (a.depth + DEPTH - 1) / DEPTH, a.k == 1 ? along_k() : along_rows(),
	     [&](int s, int row, int k) { return at(a, row0 + row, s * DEPTH + k); }, b.k == 1 ? along_k() : along_rows(),
	     [&](int s, int row, int k) { return at(b, column0 + row, s * DEPTH + k); }, r);
}

// multiply writes y[row, column] = scale * sum_k a[row,k] b[column,k] for the
// block's tile, blockIdx.x the tile along the columns, blockIdx.y along the rows;
// y is row-major.
DEVICE void multiply(gemm_tile &t, float *y, matrix a, matrix b, float scale) {
	gemm_result r;
	int row0 = (int)blockIdx.y * TILE, column0 = (int)blockIdx.x * TILE;
	gemm_matrices(t, a, row0, b, column0, &r);
	UNROLL
	for (int i = 0; i < 4; i++)
		UNROLL
		for (int j = 0; j < 4; j++) {
			int row = row0 + first_row() + i, column = column0 + first_column() + j;
			if (row < a.rows && column < b.rows)
				y[(int64_t)row * b.rows + column] = scale * r.v[i][j];
		}
}

#endif
