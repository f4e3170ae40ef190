// The arithmetics of tensor cores (arithmetic.h says what that is): tf32, bf16, f16.
//
// Slices lie in shared memory as rows of the factors, DEPTH words each, so that
// 16 bytes of packed weights are copied at once, without passing through registers
// (cp.async), and a warp loads four 8 x 8 pieces of a factor by one instruction
// (ldmatrix). While one slice is multiplied, the copies of the next are under way.

#ifndef AECSAD_TENSOR_H
#define AECSAD_TENSOR_H

#include "arithmetic.h"

#ifdef AECSAD_TENSOR

// A row of a slice in shared memory: 8 rows of 16 bytes, what ldmatrix reads at
// once, then meet all 32 banks.
#define ROW (DEPTH + 4)

// The 8 warps of a block form 2 rows of 4; a warp has T/2 x T/4 outputs, in
// pieces of 16 x 8, the outputs of an mma instruction. With g = lane/4 and
// l = lane%4, a lane holds of a piece's factors the words (row g, g+8; k l, l+4)
// of a and (k l, l+4; column g) of b, and outputs (row g, g+8; column 2l, 2l+1).
// A word is one number of tf32 or two of bf16 or f16: the places are the same.
template <class M> struct tensor {
	template <int T> struct alignas(16) tile {
		uint a[2][T][ROW], b[2][T][ROW];
	};

	template <class S> DEVICE_MEMBER void put(S &side, int row, int k, uint w) { side[row][k] = w; }

	// A thread has neighbouring words of one row, which it stores at once.
	template <int T> DEVICE_MEMBER walk rows_first() { return {(int)threadIdx.x % T, (int)threadIdx.x / T * (T / 16), 0, 1}; }
	DEVICE_MEMBER void arrive() { copies_arrive(); }

	// Words of a row lie side by side, in whole slices: [tap][row][word].
	DEVICE_MEMBER int padded(int words) { return (words + DEPTH - 1) / DEPTH * DEPTH; }
	DEVICE_MEMBER int64_t at(int tap, int word, int row, int words, int rows) { return ((int64_t)tap * rows + row) * words + word; }

	// f(slice, row, k) is the address of the words k to k+3 of a row, or NULL for 0.
	template <int T, class F> struct streamed_factor {
		F f;

		template <class S> DEVICE_METHOD void fetch(int s, int part, int parts, S &side) {
			UNROLL
			for (int i = T / 64 * part / parts; i < T / 64 * (part + 1) / parts; i++) {
				int row = (int)threadIdx.x / 4 + i * 64, k = (int)threadIdx.x % 4 * 4;
				const uint *from = f(s, row, k);
				if (from)
					copy_async(&side[row][k], from);
				else
					*(float4 *)&side[row][k] = {0, 0, 0, 0};
			}
		}

		template <class S> DEVICE_METHOD void store(int, int, S &) {}
	};
	template <int T, class F> DEVICE_MEMBER streamed_factor<T, F> streamed(F f) { return {f}; }

	template <int T> DEVICE_MEMBER void multiply(const tile<T> &t, int s, int k0, int k1, gemm_result<T> *r) {
		const int n = T / 32; // pieces of a warp in each direction
		int lane = threadIdx.x % 32;
		// The lanes name the rows of four 8 x 8 pieces: of a the halves of 16 rows at
		// k and at k+4, of b two neighbours at k and at k+4.
		int row = (int)threadIdx.x / 128 * (T / 2) + lane % 16, row_k = lane / 16 * 4;
		int column = (int)threadIdx.x / 32 % 4 * (T / 4) + lane / 16 * 8 + lane % 8, column_k = lane / 8 % 2 * 4;
		UNROLL
		for (int k = k0; k < k1; k += 8) {
			uint b[n][2];
			UNROLL
			for (int j = 0; j < n; j += 2)
				load_matrices(b[j], &t.b[s][column + 8 * j][k + column_k]);
			UNROLL
			for (int i = 0; i < n; i++) {
				uint a[4];
				load_matrices(a, &t.a[s][row + 16 * i][k + row_k]);
				UNROLL
				for (int j = 0; j < n; j++)
					M::mma(&r->v[(i * n + j) * 4], a, b[j]);
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

struct f16 : tensor<f16> {
	static const int numbers = 2;
	DEVICE_MEMBER uint word(const float *v) { return to_f16x2(v[0], v[1]); }
	DEVICE_MEMBER void mma(float *d, const uint *a, const uint *b) { mma_f16(d, a, b); }
};

#endif

#endif
