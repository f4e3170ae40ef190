// compat/device.h for the CPU: blocks, warps and threads as fibers of one OS
// thread. A .cu file compiled with -DAECSAD_EMULATE and
// -DAECSAD_FAMILY=<name> registers its kernels for machine.cu to run.

#ifndef AECSAD_EMULATE_DEVICE_H
#define AECSAD_EMULATE_DEVICE_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#define DEVICE static inline
#define UNROLL _Pragma("GCC unroll 16")
#define UNROLL_SOME
#define UNROLL_FEW
#define DEVICE_MEMBER static inline
#define DEVICE_METHOD inline
#define __device__

struct ae_uint3 {
	unsigned x, y, z;
};

struct float4 {
	float x, y, z, w;
} __attribute__((aligned(16)));

// ---- threads ----

enum ae_state { AE_READY, AE_AT_BARRIER, AE_AT_COLLECTIVE, AE_DONE };

// A collective is an operation of the lanes of a warp named in mask: the last
// lane to arrive does it for all, through pointers into the frames of the others.
typedef void ae_collective(void *const frames[32], unsigned mask);

// ae_lane is a CUDA thread.
struct ae_lane {
	void *stack_pointer;
	ae_uint3 thread;
	ae_state state;
	const char *what; // what it waits in, and the line of the source
	int line;
	unsigned mask;
	void *frame;
};

extern ae_lane *ae_self;
extern ae_uint3 ae_block, ae_grid;

#define threadIdx (ae_self->thread)
#define blockIdx ae_block
#define gridDim ae_grid

void ae_barrier(int line);
void ae_collect(const char *what, int line, unsigned mask, void *frame, ae_collective *all);

#define __syncthreads() ae_barrier(__LINE__)

// ---- warp operations ----

struct ae_shuffle {
	float value, result;
	int xor_mask;
};

inline void ae_shuffle_all(void *const frames[32], unsigned mask) {
	for (int i = 0; i < 32; i++)
		if (mask >> i & 1) {
			ae_shuffle *s = (ae_shuffle *)frames[i];
			// A lane outside the mask has no value to give: the result is undefined.
			int from = i ^ s->xor_mask;
			s->result = mask >> from & 1 ? ((ae_shuffle *)frames[from])->value : __builtin_nanf("");
		}
}

inline float ae_shuffle_xor(int line, unsigned mask, float v, int xor_mask) {
	ae_shuffle s = {v, 0, xor_mask};
	ae_collect("shuffle", line, mask, &s, ae_shuffle_all);
	return s.result;
}

#define __shfl_xor_sync(mask, v, xor_mask) ae_shuffle_xor(__LINE__, mask, v, xor_mask)

// ---- tensor cores ----

#define AECSAD_ORDINARY
#define AECSAD_TENSOR

// An mma of a warp: d[16][8] += a[16][K] b[K][8], in pieces that the lanes hold.
struct ae_mma {
	float *d;
	const unsigned *a, *b;
};

inline unsigned ae_bits(float v) {
	unsigned b;
	memcpy(&b, &v, 4);
	return b;
}

inline float ae_float(unsigned b) {
	float v;
	memcpy(&v, &b, 4);
	return v;
}

// The numbers of a word, as the tensor core reads them: tf32 ignores the lowest 13
// bits.
struct ae_tf32 {
	static const int numbers = 1;
	static float number(unsigned word, int) { return ae_float(word & ~0x1fffu); }
};

struct ae_bf16 {
	static const int numbers = 2;
	static float number(unsigned word, int i) { return ae_float(i ? word & 0xffff0000 : word << 16); }
};

// 5 bits of exponent with bias 15, 10 of fraction.
struct ae_f16 {
	static const int numbers = 2;
	static float number(unsigned word, int i) {
		unsigned h = i ? word >> 16 : word & 0xffff, magnitude = h & 0x7fff;
		float v = magnitude >= 0x7c00 ? ae_float(0x7f800000 | (magnitude & 0x3ff) << 13) // infinite or NaN
		                              : ae_float(magnitude << 13) * 0x1p112f;           // the bias is 112 less
		return h & 0x8000 ? -v : v;
	}
	// to f16, half to even.
	static unsigned of(float v) {
		unsigned sign = ae_bits(v) >> 16 & 0x8000, b = ae_bits(v) & 0x7fffffff;
		if (b > 0x7f800000)
			return sign | 0x7fff;
		if (b >= ae_bits(65520))
			return sign | 0x7c00;
		if (b < ae_bits(0x1p-14f)) // below the smallest normal number: adding leaves multiples of 2^-24
			return sign | (ae_bits(ae_float(b) + 0.5f) - ae_bits(0.5f));
		return sign | (b - (112u << 23) + 0xfff + (b >> 13 & 1)) >> 13;
	}
};

template <class W> __attribute__((optimize("O3"))) void ae_mma_all(void *const frames[32], unsigned) {
	const int N = W::numbers;
	float a[16][8 * N], b[8 * N][8];
	for (int lane = 0; lane < 32; lane++) {
		const ae_mma *m = (const ae_mma *)frames[lane];
		int g = lane / 4, l = lane % 4;
		for (int i = 0; i < 4; i++)
			for (int n = 0; n < N; n++) {
				a[g + i % 2 * 8][(l + i / 2 * 4) * N + n] = W::number(m->a[i], n);
				if (i < 2)
					b[(l + i * 4) * N + n][g] = W::number(m->b[i], n);
			}
	}
	for (int lane = 0; lane < 32; lane++) {
		const ae_mma *m = (const ae_mma *)frames[lane];
		for (int i = 0; i < 4; i++) {
			int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
			float sum = m->d[i];
			for (int k = 0; k < 8 * N; k++)
				sum += a[row][k] * b[k][column];
			m->d[i] = sum;
		}
	}
}

template <class W> void ae_mma_warp(int line, float *d, const unsigned *a, const unsigned *b) {
	ae_mma m = {d, a, b};
	ae_collect("mma", line, ~0u, &m, ae_mma_all<W>);
}

#define mma_tf32(d, a, b) ae_mma_warp<ae_tf32>(__LINE__, d, a, b)
#define mma_bf16(d, a, b) ae_mma_warp<ae_bf16>(__LINE__, d, a, b)
#define mma_f16(d, a, b) ae_mma_warp<ae_f16>(__LINE__, d, a, b)

inline unsigned to_tf32(float v) { return (ae_bits(v) + 0x1000) & ~0x1fffu; }
inline unsigned ae_upper(float v) { return (ae_bits(v) + 0x7fff + (ae_bits(v) >> 16 & 1)) >> 16; }
inline unsigned to_bf16x2(float lo, float hi) { return ae_upper(hi) << 16 | ae_upper(lo); }
inline unsigned to_f16x2(float lo, float hi) { return ae_f16::of(hi) << 16 | ae_f16::of(lo); }

// Four 8 x 8 matrices from the rows that the lanes name (compat/device.h).
struct ae_loading {
	const unsigned *row;
	unsigned *to;
};

inline void ae_load_all(void *const frames[32], unsigned) {
	for (int lane = 0; lane < 32; lane++)
		for (int m = 0; m < 4; m++)
			((ae_loading *)frames[lane])->to[m] = ((ae_loading *)frames[m * 8 + lane / 4])->row[lane % 4];
}

// ae_aligned fails unless p is a multiple of 16, of shared memory where shared.
void ae_aligned(const char *what, int line, const void *p, bool shared);

inline void ae_load_matrices(int line, unsigned *to, const unsigned *row) {
	ae_aligned("ldmatrix", line, row, true);
	ae_loading l = {row, to};
	ae_collect("ldmatrix", line, ~0u, &l, ae_load_all);
}

#define load_matrices(to, row) ae_load_matrices(__LINE__, to, row)

// Copies of 16 bytes are under way until the thread waits for them: till then
// their target holds NaN.
void ae_copy(int line, void *shared, const void *global);
void copies_arrive();

#define copy_async(shared, global) ae_copy(__LINE__, shared, global)

// ---- memory ----

// Threads change only at barriers and collectives, so plain code is atomic.
inline unsigned atomicAdd(unsigned *p, unsigned v) { return std::exchange(*p, *p + v); }
inline unsigned atomicMin(unsigned *p, unsigned v) { return std::exchange(*p, v < *p ? v : *p); }

// Shared memory of a family lies in one section, which is filled with NaN before
// every block: nothing that the last block left can be mistaken for data.
#define AE_TEXT_(x) #x
#define AE_TEXT(x) AE_TEXT_(x)
#define __shared__ static __attribute__((section("ae_shared_" AE_TEXT(AECSAD_FAMILY))))

extern char ae_shared_begin[] asm("__start_ae_shared_" AE_TEXT(AECSAD_FAMILY)) __attribute__((weak, visibility("hidden")));
extern char ae_shared_end[] asm("__stop_ae_shared_" AE_TEXT(AECSAD_FAMILY)) __attribute__((weak, visibility("hidden")));

// ---- kernels ----

// ae_kernel is a kernel as the fake driver sees it.
struct ae_kernel {
	const char *name;
	int parameters; // of 8 bytes each
	void (*call)(void *const *parameters);
	char *shared_begin, *shared_end;
	ae_kernel *next;
};

extern ae_kernel *ae_kernels;

template <class... P, size_t... I>
void ae_unpack(void (*f)(P...), void *const *p, std::index_sequence<I...>) {
	f(*(P *)p[I]...);
}

template <auto F> struct ae_call;
template <class... P, void (*F)(P...)> struct ae_call<F> {
	static_assert(((sizeof(P) == 8) && ...), "a kernel's parameters have 8 bytes each");
	static constexpr int parameters = sizeof...(P);
	static void call(void *const *p) { ae_unpack(F, p, std::index_sequence_for<P...>()); }
};

struct ae_register {
	ae_kernel k;
	ae_register(const char *name, int parameters, void (*call)(void *const *)) : k{name, parameters, call, ae_shared_begin, ae_shared_end, ae_kernels} {
		ae_kernels = &k;
	}
};

#define KERNEL(name, ...)                                                                       \
	static void name(__VA_ARGS__);                                                              \
	static ae_register ae_registered_##name(#name, ae_call<name>::parameters, ae_call<name>::call); \
	static void name(__VA_ARGS__)

#define KERNEL_PAIRED KERNEL

// ---- running (machine.cu) ----

// The order in which the threads of a block take turns.
enum ae_order { AE_NORMAL, AE_REVERSED, AE_SHUFFLED };

// ae_launch runs a grid of blocks of `threads` threads. It returns NULL, or what
// went wrong: a text that is valid until the next launch.
const char *ae_launch(const ae_kernel *k, ae_uint3 grid, int threads, void *const *parameters, ae_order order);

#endif
