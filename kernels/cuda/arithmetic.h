// The arithmetics of gemm.h: simt (float32 on the ordinary cores) here, tf32, bf16
// and f16 (tensor cores, products of rounded factors, float32 sums) in tensor.h.
//
// An arithmetic M has
//   numbers               how many neighbours along the depth share a word
//   word(v)               the word of so many numbers
//   tile<T>               two slices of both factors in shared memory, and
//   put(side, row, k, w)  how a word gets into a side of it
//   rows_first<T>()       how threads share out a slice whose rows are neighbours
//   streamed<T>(f)        a factor that is in memory as words
//   arrive()              waits for what streamed factors have under way
//   multiply(t, s, k0, k1, r)  adds the product of words [k0, k1) of slice s to the
//                         thread's outputs
//   each(r, f)            calls f(row, column, value) for the thread's outputs
//   padded(words), at(tap, word, row, words, rows)  the layout of packed weights

#ifndef AECSAD_ARITHMETIC_H
#define AECSAD_ARITHMETIC_H

#include "common.h"

#define DEPTH 16 // words of a slice

// walk says which T/16 words of a slice a thread fetches: (row + i*row_step,
// k + i*k_step). Consecutive threads should read consecutive addresses: along k
// if the factor is contiguous there, else along the rows.
struct walk {
	int row, k, row_step, k_step;
};

DEVICE walk along_k() { return {(int)threadIdx.x / DEPTH, (int)threadIdx.x % DEPTH, AE_THREADS / DEPTH, 0}; }

template <int T> struct gemm_result {
	float v[T * T / AE_THREADS];
};

// A factor brings part `part` of `parts` of a slice into its side of the tile in
// two steps: fetch sends for it before some of the last slice is multiplied, store
// puts down after that what has come into registers. The parts bound the registers.

// gathered takes numbers one by one, at(slice, row, k), 0 outside the matrix, and
// rounds them.
template <class M, int T, class F> struct gathered_factor {
	F at;
	walk w;
	float v[T / 16][M::numbers];

	template <class S> DEVICE_METHOD void fetch(int s, int part, int parts, S &) {
		UNROLL
		for (int i = T / 16 * part / parts; i < T / 16 * (part + 1) / parts; i++) {
			UNROLL
			for (int n = 0; n < M::numbers; n++)
				v[i][n] = at(s, w.row + i * w.row_step, (w.k + i * w.k_step) * M::numbers + n);
		}
	}

	template <class S> DEVICE_METHOD void store(int part, int parts, S &side) {
		UNROLL
		for (int i = T / 16 * part / parts; i < T / 16 * (part + 1) / parts; i++)
			M::put(side, w.row + i * w.row_step, w.k + i * w.k_step, M::word(v[i]));
	}
};

template <class M, int T, class F> DEVICE gathered_factor<M, T, F> gathered(walk w, F at) { return {at, w, {}}; }

// ---- float32 ----

// The threads form a square of 16 x 16. A thread has 4 neighbouring rows and
// columns in each 64 of the tile.
struct simt {
	static const int numbers = 1;
	static const int spare = 8; // words at the end of a row: rows stay aligned, and the reads of a warp meet all 32 banks

	// Rows of the tile are slices of the matrix: they are read by float4.
	template <int T> struct alignas(16) tile {
		uint a[2][DEPTH][T + spare], b[2][DEPTH][T + spare];
	};

	DEVICE_MEMBER uint word(const float *v) { return float_to_bits(v[0]); }
	template <class S> DEVICE_MEMBER void put(S &side, int row, int k, uint w) { side[k][row] = w; }
	template <int T> DEVICE_MEMBER walk rows_first() { return {(int)threadIdx.x % T, (int)threadIdx.x / T, 0, AE_THREADS / T}; }
	DEVICE_MEMBER void arrive() {}

	// Neighbouring rows of a slice lie side by side: [tap][word][row].
	DEVICE_MEMBER int padded(int words) { return words; }
	DEVICE_MEMBER int64_t at(int tap, int word, int row, int words, int rows) { return ((int64_t)tap * words + word) * rows + row; }

	// f(slice, row, k) is the address of word k of a row, or NULL for 0.
	template <int T, class F> struct streamed_factor {
		F f;
		uint v[T / 16];

		template <class S> DEVICE_METHOD void fetch(int s, int part, int parts, S &) {
			walk w = rows_first<T>();
			UNROLL
			for (int i = T / 16 * part / parts; i < T / 16 * (part + 1) / parts; i++) {
				const uint *from = f(s, w.row, w.k + i * w.k_step);
				v[i] = from ? *from : 0;
			}
		}

		template <class S> DEVICE_METHOD void store(int part, int parts, S &side) {
			walk w = rows_first<T>();
			UNROLL
			for (int i = T / 16 * part / parts; i < T / 16 * (part + 1) / parts; i++)
				put(side, w.row, w.k + i * w.k_step, v[i]);
		}
	};
	template <int T, class F> DEVICE_MEMBER streamed_factor<T, F> streamed(F f) { return {f, {}}; }

	template <int T> DEVICE_MEMBER void multiply(const tile<T> &t, int s, int k0, int k1, gemm_result<T> *r) {
		const int n = T / 16;
		UNROLL_SOME
		for (int k = k0; k < k1; k++) {
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

#endif
