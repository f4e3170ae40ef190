// The dialect of CUDA C++ that the kernels are written in, for clang without
// NVIDIA's headers (-nocudainc -nocudalib -fms-extensions). emulate/device.h is
// the same dialect for the CPU.
//
// KERNEL(name, parameters...) { body } declares a kernel of AE_THREADS threads
// per block. Every parameter has 8 bytes: a pointer or an int64_t.

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
#define DEVICE static __device__ inline __attribute__((always_inline))
#define KERNEL(name, ...) extern "C" __global__ __attribute__((launch_bounds(AE_THREADS))) void name(__VA_ARGS__)

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

DEVICE unsigned atomicAdd(unsigned *p, unsigned v) { return __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }
DEVICE unsigned atomicMin(unsigned *p, unsigned v) { return __atomic_fetch_min(p, v, __ATOMIC_RELAXED); }

#endif

#endif
