// What the C files of this machine share: the form of a kernel, the threads,
// and the choice of the instruction set (ISA).
//
// A kernel is `void AE(<Op>)(const ae_<Op> *o, float *const *b, ae_run *r)`, with
// the buffers b in the order of ops.go. Kernels are total: cpu.go has checked
// every shape and size before. They live in one header per family of ops, and
// scalar.c, avx2.c and avx512.c compile all of them for one ISA each; AE(x)
// pastes that ISA's suffix. Portable code in GCC's vector types (vec.h) serves
// all three. wide.c has the vectors of AVX-512 without its instructions, so that
// the 16-wide code can be tested on any processor.

#ifndef AECSAD_CPU_H
#define AECSAD_CPU_H

#include <stddef.h>
#include <stdint.h>

#include "../ops.h"

#define AE_PASTE_(name, isa) name##_##isa
#define AE_PASTE(name, isa) AE_PASTE_(name, isa)
#define AE(name) AE_PASTE(name, AE_ISA)

#define AE_MIN(a, b) ((a) < (b) ? (a) : (b))
#define AE_MAX(a, b) ((a) > (b) ? (a) : (b))
#define AE_CEIL(a, b) (((a) + (b) - 1) / (b))

// ---- threads (threads.c) ----

// Floats of scratch that a task may use, 64-byte aligned: 1 MiB, about half of
// a core's second-level cache. Its content on entry is undefined.
#define AE_SCRATCH ((int64_t)1 << 18)

typedef struct ae_run ae_run;
typedef void ae_task(void *ctx, int64_t task, float *scratch);

// ae_parallel runs f(ctx, task, scratch) once for each task 0..n-1 on the
// session's threads, the caller's among them, and returns when all are done.
// The scratch belongs to the thread. A kernel must split its work by shapes
// only, never by the number of threads, so that results do not depend on it.
// A task must not call ae_parallel.
void ae_parallel(ae_run *r, int64_t n, ae_task *f, void *ctx);

// ae_threads_new returns NULL where memory or threads run out.
ae_run *ae_threads_new(int threads);
void ae_threads_free(ae_run *r);

// ---- programs (run.c) ----

typedef void ae_kernel(const void *o, float *const *b, ae_run *r);

// A call: op points to the words of an ae_<Op>, bufs to its buffers.
typedef struct {
	int64_t opcode;
	const void *op;
	float *const *bufs;
} ae_call;

// The tables of the ISAs, by opcode; NULL where the build lacks the ISA.
extern ae_kernel *const *const ae_table_scalar;
extern ae_kernel *const *const ae_table_avx2;
extern ae_kernel *const *const ae_table_avx512;
extern ae_kernel *const *const ae_table_wide;

// A loop of nothing but multiply-adds, whose length is n; it returns the number
// of floating point operations.
extern double (*const ae_peak_scalar)(int64_t n);
extern double (*const ae_peak_avx2)(int64_t n);
extern double (*const ae_peak_avx512)(int64_t n);
extern double (*const ae_peak_wide)(int64_t n);

// ae_execute runs the calls in order (threads.c).
void ae_execute(ae_kernel *const *table, const ae_call *calls, int64_t n, ae_run *r);

// The instruction set as C was compiled: name, field names, and words of an opcode.
int64_t ae_op_count(void);
const char *ae_op_name(int64_t opcode);
const char *ae_op_fields(int64_t opcode);
int64_t ae_op_words(int64_t opcode);

// ---- memory (run.c) ----

// ae_memory_new returns zeroed memory aligned for vectors, NULL where it runs out.
void *ae_memory_new(size_t bytes);

// ---- instruction sets (isa.c) ----

// An instruction set that the kernels are compiled for.
typedef struct {
	const char *name;
	ae_kernel *const *table; // by opcode; NULL where the build lacks the ISA
	int supported;           // by this processor and operating system
	double (*peak)(int64_t n);
} ae_isa;

// ae_isa_at gives the i-th ISA, best first and the one for tests last. It returns
// 0 after the last.
int ae_isa_at(int i, ae_isa *isa);

// ae_isa_peak calls the ISA's peak, which Go cannot.
double ae_isa_peak(const ae_isa *isa, int64_t n);

#endif
