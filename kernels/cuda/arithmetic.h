// The arithmetics of gemm.h: simt (float32 on the ordinary cores), tf32 and bf16
// (tensor cores, products of rounded factors, float32 sums).
//
// An arithmetic M has
//   numbers             how many neighbours along the depth share a word
//   word(v)             the word of so many numbers
//   multiply(t, s, r)   adds the product of slice s to the thread's outputs
//   each(r, f)          calls f(row, column, value) for the thread's outputs

#ifndef AECSAD_ARITHMETIC_H
#define AECSAD_ARITHMETIC_H

#include "common.h"

#define DEPTH 16 // words
#define SPARE 8  // words at the end of a row: rows stay aligned, and the reads of a warp meet all 32 banks

// Two slices: one being multiplied, one being filled. They are read by float4.
template <int T> struct alignas(16) gemm_tile {
	uint a[2][DEPTH][T + SPARE], b[2][DEPTH][T + SPARE];
};

template <int T> struct gemm_result {
	float v[T * T / AE_THREADS];
};

// ---- float32 ----

// The threads form a square of 16 x 16. A thread has 4 neighbouring rows and
// columns in each 64 of the tile.
struct simt {
	static const int numbers = 1;
	DEVICE_MEMBER uint word(const float *v) { return float_to_bits(v[0]); }

	template <int T> DEVICE_MEMBER void multiply(const gemm_tile<T> &t, int s, gemm_result<T> *r) {
		const int n = T / 16;
		UNROLL_SOME
		for (int k = 0; k < DEPTH; k++) {
			float a[n], b[n];
			UNROLL
			for (int i = 0; i < n; i += 4) {
				load(&t.a[s][k][i * 16 + threadIdx.x / 16 * 4], a + i);
				load(&t.b[s][k][i * 16 + threadIdx.x % 16 * 4], b + i);
			}
			UNROLL
			for (int i = 0; i < n; i++) {
				UNROLL
				for (int j = 0; j < n; j++)
					r->v[i * n + j] += a[i] * b[j];
			}
		}
	}

	template <int T, class F> DEVICE_MEMBER void each(const gemm_result<T> &r, F f) {
		const int n = T / 16;
		UNROLL
		for (int i = 0; i < n; i++) {
			UNROLL
			for (int j = 0; j < n; j++)
				f(i / 4 * 64 + (int)threadIdx.x / 16 * 4 + i % 4, j / 4 * 64 + (int)threadIdx.x % 16 * 4 + j % 4, r.v[i * n + j]);
		}
	}

	DEVICE_MEMBER void load(const uint *from, float *to) {
		float4 v = *(const float4 *)from;
		to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
	}
};

// ---- tensor cores ----

#ifdef AECSAD_TENSOR

// The 8 warps of a block form 2 rows of 4; a warp has T/2 x T/4 outputs, in
// pieces of 16 x 8, the outputs of an mma instruction. With g = lane/4 and
// l = lane%4, a lane holds of a piece's factors the words (row g, g+8; k l, l+4)
// of a and (k l, l+4; column g) of b, and outputs (row g, g+8; column 2l, 2l+1).
// A word is one number of tf32 or two of bf16: the places are the same.
template <class M> struct tensor {
	template <int T> DEVICE_MEMBER void multiply(const gemm_tile<T> &t, int s, gemm_result<T> *r) {
		const int n = T / 32; // pieces of a warp in each direction
		int g = threadIdx.x % 32 / 4, l = threadIdx.x % 4;
		int row = (int)threadIdx.x / 128 * (T / 2) + g, column = (int)threadIdx.x / 32 % 4 * (T / 4) + g;
		UNROLL
		for (int k = 0; k < DEPTH; k += 8) {
			uint a[n][4], b[n][2];
			UNROLL
			for (int i = 0; i < n; i++) {
				a[i][0] = t.a[s][k + l][row + 16 * i];
				a[i][1] = t.a[s][k + l][row + 16 * i + 8];
				a[i][2] = t.a[s][k + l + 4][row + 16 * i];
				a[i][3] = t.a[s][k + l + 4][row + 16 * i + 8];
				b[i][0] = t.b[s][k + l][column + 8 * i];
				b[i][1] = t.b[s][k + l + 4][column + 8 * i];
			}
			UNROLL
			for (int i = 0; i < n; i++) {
				UNROLL
				for (int j = 0; j < n; j++)
					M::mma(&r->v[(i * n + j) * 4], a[i], b[j]);
			}
		}
	}

	template <int T, class F> DEVICE_MEMBER void each(const gemm_result<T> &r, F f) {
		const int n = T / 32;
		int g = threadIdx.x % 32 / 4, l = threadIdx.x % 4;
		int row = (int)threadIdx.x / 128 * (T / 2) + g, column = (int)threadIdx.x / 32 % 4 * (T / 4) + 2 * l;
		UNROLL
		for (int i = 0; i < n * n * 4; i++)
			f(row + i / (4 * n) * 16 + i % 4 / 2 * 8, column + i / 4 % n * 8 + i % 2, r.v[i]);
	}
};

struct tf32 : tensor<tf32> {
	static const int numbers = 1;
	DEVICE_MEMBER uint word(const float *v) { return to_tf32(v[0]); }
	DEVICE_MEMBER void mma(float *d, const uint *a, const uint *b) { mma_tf32(d, a, b); }
};

struct bf16 : tensor<bf16> {
	static const int numbers = 2;
	DEVICE_MEMBER uint word(const float *v) { return to_bf16x2(v[0], v[1]); }
	DEVICE_MEMBER void mma(float *d, const uint *a, const uint *b) { mma_bf16(d, a, b); }
};

#endif

#endif
