// What a GPU does at best: kernels that do one thing only, for tests/gpu.

#include "tensor.h"

#ifdef AECSAD_ORDINARY

// len is a number of float4.
KERNEL(ceiling_copy, float4 *to, const float4 *from, int64_t len) {
	EACH(i, len)
		to[i] = from[i];
}

// Sixteen multiply-adds per thread and turn, which do not wait for each other.
KERNEL(ceiling_fma, float *out, int64_t turns) {
	float v[16];
	UNROLL
	for (int i = 0; i < 16; i++)
		v[i] = (float)(threadIdx.x + i);
	for (int64_t turn = 0; turn < turns; turn++) {
		UNROLL
		for (int i = 0; i < 16; i++)
			v[i] = v[i] * 0.5f + 1;
	}
	float sum = 0;
	UNROLL
	for (int i = 0; i < 16; i++)
		sum += v[i];
	out[blockIdx.x * AE_THREADS + threadIdx.x] = sum;
}

#endif

#ifdef AECSAD_TENSOR

// Eight products of 16 x 8 results per warp and turn, which do not wait for each
// other.
template <class M> DEVICE void multiply_only(float *out, int64_t turns) {
	uint a[4], b[2];
	float d[8][4] = {}, one[2] = {1, 1};
	UNROLL
	for (int i = 0; i < 4; i++)
		a[i] = b[i % 2] = M::word(one);
	for (int64_t turn = 0; turn < turns; turn++) {
		UNROLL
		for (int i = 0; i < 8; i++)
			M::mma(d[i], a, b);
	}
	float sum = 0;
	UNROLL
	for (int i = 0; i < 32; i++)
		sum += d[i / 4][i % 4];
	out[blockIdx.x * AE_THREADS + threadIdx.x] = sum;
}

KERNEL(ceiling_tf32, float *out, int64_t turns) { multiply_only<tf32>(out, turns); }
KERNEL(ceiling_bf16, float *out, int64_t turns) { multiply_only<bf16>(out, turns); }
KERNEL(ceiling_f16, float *out, int64_t turns) { multiply_only<f16>(out, turns); }

#endif
