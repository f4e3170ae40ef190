// Kernels with one mistake each, and one without. main runs the kernel named by
// its first argument in the order named by its second and prints what the
// emulation says: "fine", "wrong result", or the text of the failure.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "../../gemm.h"
#include "../../compat/cuda.h"

// Every kernel should write to out[i] the sum of all threads' numbers, 32640.
const float expected = 255 * 256 / 2;

KERNEL(correct, float *out) {
	__shared__ float sums[AE_WARPS];
	out[threadIdx.x] = block_sum((float)threadIdx.x, sums);
}

KERNEL(missing_barrier, float *out) {
	__shared__ float sums[AE_WARPS];
	float v = warp_sum((float)threadIdx.x);
	if (threadIdx.x % 32 == 0)
		sums[threadIdx.x / 32] = v;
	v = 0;
	for (int w = 0; w < AE_WARPS; w++)
		v += sums[w];
	out[threadIdx.x] = v;
}

// The barrier that lets shared memory be used again is missing.
KERNEL(missing_second_barrier, float *out) {
	__shared__ float sums[AE_WARPS];
	float v = 0;
	for (int turn = 0; turn < 2; turn++) {
		float part = warp_sum(turn == 0 ? (float)threadIdx.x : 0);
		if (threadIdx.x % 32 == 0)
			sums[threadIdx.x / 32] = part;
		__syncthreads();
		for (int w = 0; w < AE_WARPS; w++)
			v += sums[w];
	}
	out[threadIdx.x] = v;
}

KERNEL(barrier_in_branch, float *out) {
	if (threadIdx.x < 128)
		__syncthreads();
	else
		__syncthreads();
	out[threadIdx.x] = expected;
}

KERNEL(barrier_against_shuffle, float *out) {
	float v = 0;
	if (threadIdx.x % 2 == 0)
		v = __shfl_xor_sync(~0u, v, 1);
	__syncthreads();
	out[threadIdx.x] = v;
}

KERNEL(diverged_shuffle, float *out) {
	float v = 0;
	if (threadIdx.x % 32 < 16)
		v = __shfl_xor_sync(~0u, v, 1);
	else
		v = __shfl_xor_sync(~0u, v, 2);
	out[threadIdx.x] = v;
}

KERNEL(shuffle_after_return, float *out) {
	if (threadIdx.x == 40)
		return;
	out[threadIdx.x] = __shfl_xor_sync(~0u, expected, 1);
}

KERNEL(shuffle_outside_mask, float *out) { out[threadIdx.x] = __shfl_xor_sync(1u, expected, 1); }

KERNEL(uninitialised_shared, float *out) {
	__shared__ float sum;
	if (threadIdx.x == 0)
		sum += expected;
	__syncthreads();
	out[threadIdx.x] = sum;
}

KERNEL(overrun, float *out) {
	if (threadIdx.x < 5) // 20 bytes and more behind the end
		out[AE_THREADS + threadIdx.x] = 0;
	out[threadIdx.x] = expected;
}

KERNEL(near_overrun, float *out) {
	if (threadIdx.x == 0)
		out[AE_THREADS - 1] = 0; // the memory is one float shorter
	out[threadIdx.x] = expected;
}

// ---- tensor cores: a product as the convolutions make it ----

// product multiplies a matrix whose words all hold (1, 1) with numbers 255/2 over
// 8 slices of 32 numbers: every output is 256 * 255/2, and out gets 256 of them.
DEVICE void product(bf16::tile<64> &t, float *out, uint *words, int skew) {
	SHARE(i, 64)
		words[i] = to_bf16x2(1, 1);
	__syncthreads();
	gemm_result<64> r;
	auto ones = [&](int, int, int k) -> const uint * { return words + k + skew; };
	auto halves = [&](int, int, int) { return 127.5f; };
	gemm<bf16, 64>(t, 8, bf16::streamed<64>(ones), gathered<bf16, 64>(bf16::rows_first<64>(), halves), &r);
	bf16::each(r, [&](int row, int column, float v) {
		if (row * 64 + column < AE_THREADS)
			out[row * 64 + column] = v;
	});
}

KERNEL(tensor_product, float *out) {
	__shared__ bf16::tile<64> t;
	alignas(16) __shared__ uint words[64];
	product(t, out, words, 0);
}

KERNEL(misaligned_copy, float *out) {
	__shared__ bf16::tile<64> t;
	alignas(16) __shared__ uint words[64];
	product(t, out, words, 1);
}

// What copy_async has under way is not there yet, not even for the thread itself.
KERNEL(missing_wait, float *out) {
	alignas(16) __shared__ float from[AE_THREADS * 4];
	alignas(16) __shared__ float to[AE_THREADS * 4];
	for (int i = 0; i < 4; i++)
		from[threadIdx.x * 4 + i] = expected;
	copy_async(&to[threadIdx.x * 4], &from[threadIdx.x * 4]);
	__syncthreads();
	out[threadIdx.x] = to[threadIdx.x * 4];
}

// Waiting after the barrier lets others read too early.
KERNEL(late_wait, float *out) {
	alignas(16) __shared__ float from[AE_THREADS * 4];
	alignas(16) __shared__ float to[AE_THREADS * 4];
	for (int i = 0; i < 4; i++)
		from[threadIdx.x * 4 + i] = expected;
	copy_async(&to[threadIdx.x * 4], &from[threadIdx.x * 4]);
	__syncthreads();
	copies_arrive();
	out[threadIdx.x] = to[(threadIdx.x + 1) % AE_THREADS * 4];
}

KERNEL(misaligned_ldmatrix, float *out) {
	alignas(16) __shared__ uint words[64 * 5];
	uint to[4];
	load_matrices(to, &words[threadIdx.x % 32 * 5]); // rows of 20 bytes
	out[threadIdx.x] = expected;
}

KERNEL(diverged_ldmatrix, float *out) {
	alignas(16) __shared__ uint words[32 * 4];
	uint to[4];
	if (threadIdx.x % 32 != 7)
		load_matrices(to, &words[threadIdx.x % 32 * 4]);
	out[threadIdx.x] = expected;
}

static void check(const char *doing, CUresult r) {
	if (r != CUDA_SUCCESS) {
		printf("%s: %d\n", doing, (int)r);
		exit(0);
	}
}

int main(int argc, char **argv) {
	if (argc != 4)
		return 2;
	std::string name = argv[1], types = argv[3];
	setenv("AECSAD_EMULATE_ORDER", argv[2], 1);
	CUcontext context;
	CUmodule module;
	CUfunction function;
	CUstream stream;
	CUdeviceptr out;
	float *host;
	int n = name == "near_overrun" ? AE_THREADS - 1 : AE_THREADS;
	check("retain", cuDevicePrimaryCtxRetain(&context, 0));
	check("current", cuCtxSetCurrent(context));
	std::string ptx = ".visible .entry " + name + "(\n\t.param ." + types + " " + name + "_param_0\n)\n";
	check("load", cuModuleLoadData(&module, ptx.c_str()));
	check("function", cuModuleGetFunction(&function, module, name.c_str()));
	check("stream", cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
	check("memory", cuMemAlloc(&out, 4 * n));
	check("host", cuMemHostAlloc((void **)&host, 4 * n, 0));
	void *parameters[] = {&out};
	check("launch", cuLaunchKernel(function, 1, 1, 1, AE_THREADS, 1, 1, 0, stream, parameters, nullptr));
	check("copy", cuMemcpyDtoHAsync(host, out, 4 * n, stream));
	check("run", cuStreamSynchronize(stream));
	check("free", cuMemFree(out));
	for (int i = 0; i < n; i++)
		if (host[i] != expected) {
			printf("wrong result\n");
			return 0;
		}
	printf("fine\n");
	return 0;
}
