// Attention over T tokens of C channels, channels first; one image per blockIdx.z.
// The instruction keeps p for the gradient, so that p passes through memory once:
// scores, then softmax along the rows of p, then y = v pT.

#include "gemm.h"

// tokens is a [C,T] buffer as a matrix of T rows, one per token.
DEVICE matrix tokens(const float *x, int C, int T) { return {x + (int64_t)blockIdx.z * C * T, T, C, 1, T}; }

// channels is a [C,T] buffer as a matrix of C rows, one per channel.
DEVICE matrix channels(const float *x, int C, int T) { return {x + (int64_t)blockIdx.z * C * T, C, T, T, 1}; }

// pairs is a [T,T] buffer as it is, and flipped its transpose.
DEVICE matrix pairs(const float *p, int T) { return {p + (int64_t)blockIdx.z * T * T, T, T, T, 1}; }
DEVICE matrix flipped(const float *p, int T) { return {p + (int64_t)blockIdx.z * T * T, T, T, 1, T}; }

KERNEL(attention_scores, const ae_Attention *o, float *p, const float *q, const float *k) {
	__shared__ gemm_tile<64> t;
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
	__shared__ gemm_tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, y + (int64_t)blockIdx.z * C * T, channels(v, C, T), pairs(p, T), 1);
}

// ---- the gradient: dp = dyT v, ds from dp and p, dq = k dsT, dk = q ds, dv = dy p ----

KERNEL(attention_dp, const ae_AttentionBackward *o, float *dp, const float *dy, const float *v) {
	__shared__ gemm_tile<64> t;
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
	__shared__ gemm_tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, dq + (int64_t)blockIdx.z * C * T, channels(k, C, T), pairs(ds, T), 1);
}

// dk = q ds and dv = dy p are the same product.
KERNEL(attention_dkv, const ae_AttentionBackward *o, float *d, const float *p, const float *x) {
	__shared__ gemm_tile<64> t;
	int C = (int)o->C, T = (int)o->T;
	multiply(t, d + (int64_t)blockIdx.z * C * T, channels(x, C, T), flipped(p, T), 1);
}
