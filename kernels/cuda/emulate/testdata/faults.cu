// Kernels with one mistake each, and one without. main runs the kernel named by
// its first argument in the order named by its second and prints what the
// emulation says: "fine", "wrong result", or the text of the failure.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "../../common.h"
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
