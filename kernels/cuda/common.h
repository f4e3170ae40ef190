// What the kernels share: loops over elements, elementary functions, sums.

#ifndef AECSAD_COMMON_H
#define AECSAD_COMMON_H

#include "../ops.h"
#include "compat/device.h"

// Indices are 32-bit unsigned: cuda.go refuses buffers of 2^31 elements and more.
typedef uint32_t uint;

// EACH is the grid-stride loop: the threads of all blocks share out 0..n-1.
#define EACH(i, n) for (uint i = blockIdx.x * AE_THREADS + threadIdx.x; i < (uint)(n); i += gridDim.x * AE_THREADS)

// SHARE is the same for the threads of one block.
#define SHARE(i, n) for (uint i = threadIdx.x; i < (uint)(n); i += AE_THREADS)

#define AE_WARPS (AE_THREADS / 32)

DEVICE int min(int a, int b) { return a < b ? a : b; }
DEVICE int max(int a, int b) { return a > b ? a : b; }
DEVICE float square(float x) { return x * x; }

DEVICE float bits_to_float(uint b) {
	float f;
	__builtin_memcpy(&f, &b, 4);
	return f;
}

DEVICE uint float_to_bits(float f) {
	uint b;
	__builtin_memcpy(&b, &f, 4);
	return b;
}

// e^x within 2 units in the last place: x = n ln2 + r with |r| <= ln2 / 2, a
// Taylor polynomial for e^r, and n added to the exponent. Results below the
// smallest normal number are 0, above the largest infinite.
DEVICE float exp_of(float x) {
	if (!(x > -87.3f))
		return x != x ? x : 0;
	if (x > 88.72f)
		return bits_to_float(0x7f800000);
	const float round = 12582912.0f; // 1.5 * 2^23: adding it leaves no fraction bits
	float n = (x * 1.44269504f + round) - round;
	float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
	float p = 1 + r * (1 + r * (1 / 2.f + r * (1 / 6.f + r * (1 / 24.f + r * (1 / 120.f + r * (1 / 720.f))))));
	// In two steps, because 2^128 is no float.
	int half = (int)n / 2;
	return p * bits_to_float((uint)(half + 127) << 23) * bits_to_float((uint)((int)n - half + 127) << 23);
}

// ln x of a normal x > 0, within 2 units in the last place: x = 2^e m with m in
// [sqrt(1/2), sqrt 2), ln m = 2 artanh(s), s = (m-1)/(m+1).
DEVICE float log_of(float x) {
	uint b = float_to_bits(x) + (0x3f800000 - 0x3f3504f3);
	float e = (float)((int)(b >> 23) - 127);
	float m = bits_to_float((b & 0x7fffff) + 0x3f3504f3);
	float f = m - 1, s = f / (2 + f), z = s * s;
	float tail = s * z * (2 / 3.f + z * (2 / 5.f + z * (2 / 7.f + z * (2 / 9.f + z * (2 / 11.f)))));
	return e * 0.693359375f + (2 * s + (tail - e * 2.12194440e-4f));
}

DEVICE float sqrt_of(float x) { return __builtin_sqrtf(x); }

// ---- sums within a warp and a block; every thread takes part and gets the sum ----

DEVICE float warp_sum(float v) {
	for (int d = 16; d > 0; d /= 2)
		v += __shfl_xor_sync(~0u, v, d);
	return v;
}

DEVICE float warp_max(float v) {
	for (int d = 16; d > 0; d /= 2) {
		float other = __shfl_xor_sync(~0u, v, d);
		v = v > other ? v : other;
	}
	return v;
}

// shared has AE_WARPS floats; it may be used again at once.
DEVICE float block_sum(float v, float *shared) {
	v = warp_sum(v);
	if (threadIdx.x % 32 == 0)
		shared[threadIdx.x / 32] = v;
	__syncthreads();
	v = 0;
	for (int w = 0; w < AE_WARPS; w++)
		v += shared[w];
	__syncthreads();
	return v;
}

DEVICE float block_max(float v, float *shared) {
	v = warp_max(v);
	if (threadIdx.x % 32 == 0)
		shared[threadIdx.x / 32] = v;
	__syncthreads();
	v = shared[0];
	for (int w = 1; w < AE_WARPS; w++)
		v = v > shared[w] ? v : shared[w];
	__syncthreads();
	return v;
}

// ---- sums over a whole buffer, in a fixed order ----
// A first kernel leaves one partial sum per block; a second adds the partials.
// No float is added atomically, so that two runs give the same bits.

#define AE_PARTIALS 256 // blocks of the first kernel, at most

// total adds the partial sums that `blocks` blocks left in partials.
DEVICE float total(const float *partials, uint blocks, float *shared) {
	float v = threadIdx.x < blocks ? partials[threadIdx.x] : 0;
	return block_sum(v, shared);
}

#endif
