// The dialect of CUDA C++ that the kernels are written in, for clang without
// NVIDIA's headers (-nocudainc -nocudalib -fms-extensions). emulate/device.h is
// the same dialect for the CPU.
//
// KERNEL(name, parameters...) { body } declares a kernel of AE_THREADS threads
// per block. Every parameter has 8 bytes: a pointer or an int64_t. KERNEL_PAIRED
// keeps its registers below 128, so that two blocks run on a multiprocessor.
//
// A source is compiled twice where it has tensor core kernels: for compute
// capability 7.0 with AECSAD_ORDINARY, for 8.0 with AECSAD_TENSOR; the emulation
// defines both.

#ifndef AECSAD_DEVICE_H
#define AECSAD_DEVICE_H

#include <stdint.h>

// All kernels run blocks of 256 threads in one dimension: 8 warps.
#define AE_THREADS 256

#ifdef AECSAD_EMULATE
#include "../emulate/device.h"
#else

#define __device__ __attribute__((device))
#define __global__ __attribute__((global))
#define __shared__ __attribute__((shared))

#define UNROLL _Pragma("unroll")
#define UNROLL_SOME _Pragma("unroll 8")
#define UNROLL_FEW _Pragma("unroll 4")
#define DEVICE static __device__ inline __attribute__((always_inline))
#define DEVICE_METHOD __device__ inline __attribute__((always_inline))
#define DEVICE_MEMBER static __device__ inline __attribute__((always_inline))
#define KERNEL(name, ...) extern "C" __global__ __attribute__((launch_bounds(AE_THREADS))) void name(__VA_ARGS__)
#define KERNEL_PAIRED(name, ...) extern "C" __global__ __attribute__((launch_bounds(AE_THREADS, 2))) void name(__VA_ARGS__)

// threadIdx.x and the like read the special registers.
#define AE_INDEX(type, reg)                                                                      \
	struct type {                                                                                \
		static __device__ unsigned get_x() { return __nvvm_read_ptx_sreg_##reg##_x(); }          \
		static __device__ unsigned get_y() { return __nvvm_read_ptx_sreg_##reg##_y(); }          \
		static __device__ unsigned get_z() { return __nvvm_read_ptx_sreg_##reg##_z(); }          \
		__declspec(property(get = get_x)) unsigned x;                                            \
		__declspec(property(get = get_y)) unsigned y;                                            \
		__declspec(property(get = get_z)) unsigned z;                                            \
	}
AE_INDEX(ae_thread_index, tid);
AE_INDEX(ae_block_index, ctaid);
AE_INDEX(ae_grid_size, nctaid);
extern const __device__ __attribute__((weak)) ae_thread_index threadIdx;
extern const __device__ __attribute__((weak)) ae_block_index blockIdx;
extern const __device__ __attribute__((weak)) ae_grid_size gridDim;

struct __attribute__((aligned(16))) float4 {
	float x, y, z, w;
};

// The value of v in the lane whose number differs by the bits of xor_mask.
DEVICE float __shfl_xor_sync(unsigned mask, float v, int xor_mask) {
	return __nvvm_shfl_sync_bfly_f32(mask, v, xor_mask, 31);
}

// ---- tensor cores, from compute capability 8.0 on ----

#if __CUDA_ARCH__ < 800
#define AECSAD_ORDINARY
#else
#define AECSAD_TENSOR

struct ae_mma_result {
	float v0, v1, v2, v3;
};
extern "C" __device__ ae_mma_result ae_mma_tf32(unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, float, float, float, float)
    __asm("llvm.nvvm.mma.m16n8k8.row.col.tf32");
extern "C" __device__ ae_mma_result ae_mma_bf16(unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, float, float, float, float)
    __asm("llvm.nvvm.mma.m16n8k16.row.col.bf16");
typedef _Float16 ae_f16x2 __attribute__((ext_vector_type(2)));
extern "C" __device__ ae_mma_result ae_mma_f16(ae_f16x2, ae_f16x2, ae_f16x2, ae_f16x2, ae_f16x2, ae_f16x2, float, float, float, float)
    __asm("llvm.nvvm.mma.m16n8k16.row.col.f32.f32");

// d += a b, by all lanes of a warp (arithmetic.h has the places of the words).
DEVICE void mma_tf32(float *d, const unsigned *a, const unsigned *b) {
	ae_mma_result r = ae_mma_tf32(a[0], a[1], a[2], a[3], b[0], b[1], d[0], d[1], d[2], d[3]);
	d[0] = r.v0, d[1] = r.v1, d[2] = r.v2, d[3] = r.v3;
}
DEVICE void mma_bf16(float *d, const unsigned *a, const unsigned *b) {
	ae_mma_result r = ae_mma_bf16(a[0], a[1], a[2], a[3], b[0], b[1], d[0], d[1], d[2], d[3]);
	d[0] = r.v0, d[1] = r.v1, d[2] = r.v2, d[3] = r.v3;
}
DEVICE ae_f16x2 ae_halves(unsigned word) {
	ae_f16x2 v;
	__builtin_memcpy(&v, &word, 4);
	return v;
}
DEVICE void mma_f16(float *d, const unsigned *a, const unsigned *b) {
	ae_mma_result r = ae_mma_f16(ae_halves(a[0]), ae_halves(a[1]), ae_halves(a[2]), ae_halves(a[3]), ae_halves(b[0]), ae_halves(b[1]),
	                             d[0], d[1], d[2], d[3]);
	d[0] = r.v0, d[1] = r.v1, d[2] = r.v2, d[3] = r.v3;
}

#define ae_shared_space __attribute__((address_space(3)))
#define ae_global_space __attribute__((address_space(1)))

// load_matrices loads four 8 x 8 matrices of 16-bit numbers from shared memory:
// lane i names row i%8 of matrix i/8, 16 aligned bytes, and gets of each matrix
// word i%4 of row i/4.
struct ae_matrices {
	unsigned m0, m1, m2, m3;
};
extern "C" __device__ ae_matrices ae_load_matrices(const ae_shared_space unsigned *)
    __asm("llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3");
DEVICE void load_matrices(unsigned *to, const unsigned *row) {
	ae_matrices m = ae_load_matrices((const ae_shared_space unsigned *)row);
	to[0] = m.m0, to[1] = m.m1, to[2] = m.m2, to[3] = m.m3;
}

// copy_async copies 16 aligned bytes from global to shared memory while the thread
// goes on; they are there after copies_arrive, for other threads after a barrier
// behind it.
DEVICE void copy_async(void *shared, const void *global) {
	__nvvm_cp_async_cg_shared_global_16((ae_shared_space void *)shared, (const ae_global_space void *)global);
}
DEVICE void copies_arrive() { __nvvm_cp_async_wait_all(); }

// Rounding: to tf32 half away from zero, to two bf16 or f16 (lo in the lower half)
// half to even.
DEVICE unsigned to_tf32(float v) { return (unsigned)__nvvm_f2tf32_rna(v); }
DEVICE unsigned to_bf16x2(float lo, float hi) {
	auto pair = __nvvm_ff2bf16x2_rn(hi, lo);
	unsigned word;
	__builtin_memcpy(&word, &pair, 4);
	return word;
}
DEVICE unsigned to_f16x2(float lo, float hi) {
	auto pair = __nvvm_ff2f16x2_rn(hi, lo);
	unsigned word;
	__builtin_memcpy(&word, &pair, 4);
	return word;
}
#endif

DEVICE unsigned atomicAdd(unsigned *p, unsigned v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
DEVICE unsigned atomicMin(unsigned *p, unsigned v) { return __atomic_fetch_min(p, v, __ATOMIC_RELAXED); }

#endif

#endif
