// Attention over T tokens of C channels, channels first; one image per blockIdx.z.

#include "gemm.h"

// tokens is a [C,T] buffer as a matrix of T rows, one per token.
DEVICE matrix tokens(const float *x, int C, int T) { return {x + (int64_t)blockIdx.z * C * T, T, C, 1, T}; }

// channels is a [C,T] buffer as a matrix of C rows, one per channel.
DEVICE matrix channels(const float *x, int C, int T) { return {x + (int64_t)blockIdx.z * C * T, C, T, T, 1}; }

// pairs is a [T,T] buffer as it is, and flipped its transpose.
DEVICE matrix pairs(const float *p, int T) { return {p + (int64_t)blockIdx.z * T * T, T, T, T, 1}; }
DEVICE matrix flipped(const float *p, int T) { return {p + (int64_t)blockIdx.z * T * T, T, T, 1, T}; }

// ---- without p: one pass over the keys ----
//
// A block has 64 queries and 64 channels of y. It goes through the keys, 64 at a
// time, and keeps for every query i the largest score m so far, and relative to it
// the sums l = sum_j e^(s[i,j]-m) and sum_j e^(s[i,j]-m) v[c,j]. Where a larger
// score turns up, both shrink by e^(m-m'). In the end y = the second sum / l. The
// weights of 64 x 64 pairs are all that is ever stored, in shared memory.
//
// As in simt::multiply a thread has 4 neighbouring queries and 4 channels (of
// scores: keys), and the 16 threads of half a warp share their queries.

#define PITCH 68 // words of a row in shared memory: the two halves of a warp read different banks

struct softmax_row {
	float largest, sum;
};

DEVICE float half_warp_max(float v) {
	for (int d = 8; d > 0; d /= 2) {
		float other = __shfl_xor_sync(~0u, v, d);
		v = v > other ? v : other;
	}
	return v;
}

DEVICE float half_warp_sum(float v) {
	for (int d = 8; d > 0; d /= 2)
		v += __shfl_xor_sync(~0u, v, d);
	return v;
}

// weigh turns the thread's scores into weights relative to the largest score, and
// y so far with them. Keys from `keys` on do not exist.
DEVICE void weigh(const gemm_result<64> &s, int keys, float scale, softmax_row *rows, gemm_result<64> *y, float *weights) {
	const float never = bits_to_float(0xff800000); // -infinity
	int row0 = (int)threadIdx.x / 16 * 4, key0 = (int)threadIdx.x % 16 * 4;
	UNROLL
	for (int i = 0; i < 4; i++) {
		float scores[4], m = rows[i].largest;
		UNROLL
		for (int j = 0; j < 4; j++) {
			scores[j] = key0 + j < keys ? scale * s.v[i * 4 + j] : never;
			m = scores[j] > m ? scores[j] : m;
		}
		m = half_warp_max(m);
		float shrink = exp_of(rows[i].largest - m);
		rows[i].largest = m;
		rows[i].sum *= shrink;
		UNROLL
		for (int j = 0; j < 4; j++) {
			y->v[i * 4 + j] *= shrink;
			float w = exp_of(scores[j] - m);
			rows[i].sum += w;
			weights[(row0 + i) * PITCH + key0 + j] = w;
		}
	}
}

// apply adds to y the weighted values: weights are [query][key], values
// [key][channel].
DEVICE void apply(const float *weights, const float *values, gemm_result<64> *y) {
	int row0 = (int)threadIdx.x / 16 * 4, column0 = (int)threadIdx.x % 16 * 4;
	UNROLL_SOME
	for (int key = 0; key < 64; key++) {
		float v[4];
		simt::load((const uint *)&values[key * PITCH + column0], v);
		UNROLL
		for (int i = 0; i < 4; i++) {
			float w = weights[(row0 + i) * PITCH + key];
			UNROLL
			for (int j = 0; j < 4; j++)
				y->v[i * 4 + j] += w * v[j];
		}
	}
}

KERNEL_PAIRED(attention, const ae_Attention *o, float *y, const float *q, const float *k, const float *v) {
	__shared__ simt::tile<64> t;
	alignas(16) __shared__ float weights[64 * PITCH];
	int C = (int)o->C, T = (int)o->T, query0 = (int)blockIdx.x * 64, channel0 = (int)blockIdx.y * 64;
	matrix queries = tokens(q, C, T), keys = tokens(k, C, T), channel = channels(v, C, T);
	float *values = (float *)&t; // once the scores are there, the tile of their factors is free
	gemm_result<64> sum = {};
	softmax_row rows[4];
	for (int i = 0; i < 4; i++)
		rows[i] = {bits_to_float(0xff800000), 0};
	for (int key0 = 0; key0 < T; key0 += 64) {
		gemm_result<64> s;
		gemm<simt, 64>(
		    t, (C + DEPTH - 1) / DEPTH,
		    gathered<simt, 64>(simt::rows_first<64>(), [&](int slice, int row, int c) { return at(queries, query0 + row, slice * DEPTH + c); }),
		    gathered<simt, 64>(simt::rows_first<64>(), [&](int slice, int row, int c) { return at(keys, key0 + row, slice * DEPTH + c); }), &s);
		UNROLL_FEW
		SHARE(i, 64 * 64)
			values[i % 64 * PITCH + i / 64] = at(channel, channel0 + i / 64, key0 + i % 64);
		weigh(s, T - key0, 1 / sqrt_of((float)C), rows, &sum, weights);
		__syncthreads();
		apply(weights, values, &sum);
		__syncthreads();
	}
	UNROLL
	for (int i = 0; i < 4; i++) {
		float total = half_warp_sum(rows[i].sum);
		int query = query0 + (int)threadIdx.x / 16 * 4 + i;
		UNROLL
		for (int j = 0; j < 4; j++) {
			int c = channel0 + (int)threadIdx.x % 16 * 4 + j;
			if (query < T && c < C)
				y[((int64_t)blockIdx.z * C + c) * T + query] = sum.v[i * 4 + j] / total;
		}
	}
}

// ---- with p, for the gradient: scores, softmax along the rows of p, y = v pT ----

KERNEL(attention_scores, const ae_Attention *o, float *p, const float *q, const float *k) {
	__shared__ simt::tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, p + (int64_t)blockIdx.z * T * T, tokens(q, C, T), tokens(k, C, T), 1 / sqrt_of((float)C));
}

// One block per row of p.
KERNEL(attention_softmax, float *p, int64_t T) {
	__shared__ float shared[AE_WARPS];
	float *row = p + (int64_t)blockIdx.x * T;
	float largest = bits_to_float(0xff800000), sum = 0; // -infinity
	SHARE(j, T)
		largest = row[j] > largest ? row[j] : largest;
	largest = block_max(largest, shared);
	SHARE(j, T)
		sum += row[j] = exp_of(row[j] - largest);
	sum = block_sum(sum, shared);
	SHARE(j, T)
		row[j] /= sum;
}

KERNEL(attention_apply, const ae_Attention *o, float *y, const float *p, const float *v) {
	__shared__ simt::tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, y + (int64_t)blockIdx.z * C * T, channels(v, C, T), pairs(p, T), 1);
}

// ---- the gradient: dp = dyT v, ds from dp and p, dq = k dsT, dk = q ds, dv = dy p ----

KERNEL(attention_dp, const ae_AttentionBackward *o, float *dp, const float *dy, const float *v) {
	__shared__ simt::tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, dp + (int64_t)blockIdx.z * T * T, tokens(dy, C, T), tokens(v, C, T), 1);
}

// ds = p * (dp - sum_j dp*p) / sqrt(C), in place of dp; one block per row.
KERNEL(attention_ds, const ae_AttentionBackward *o, float *ds, const float *p) {
	__shared__ float shared[AE_WARPS];
	int64_t at = (int64_t)blockIdx.x * o->T;
	float scale = 1 / sqrt_of((float)o->C), dot = 0;
	SHARE(j, o->T)
		dot += ds[at + j] * p[at + j];
	dot = block_sum(dot, shared);
	SHARE(j, o->T)
		ds[at + j] = p[at + j] * (ds[at + j] - dot) * scale;
}

KERNEL(attention_dq, const ae_AttentionBackward *o, float *dq, const float *ds, const float *k) {
	__shared__ simt::tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, dq + (int64_t)blockIdx.z * C * T, channels(k, C, T), pairs(ds, T), 1);
}

// dk = q ds and dv = dy p are the same product.
KERNEL(attention_dkv, const ae_AttentionBackward *o, float *d, const float *p, const float *x) {
	__shared__ simt::tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, d + (int64_t)blockIdx.z * C * T, channels(x, C, T), flipped(p, T), 1);
}
