// What the C files of this machine share: the form of a kernel, the threads,
// and the choice of the instruction set (ISA).
//
// A kernel is `void AE(<Op>)(const ae_<Op> *o, float *const *b, ae_run *r)`, with
// the buffers b in the order of ops.go. Kernels are total: cpu.go has checked
// every shape and size before. They live in one header per family of ops, and
// scalar.c, avx2.c and avx512.c compile all of them for one ISA each; AE(x)
// pastes that ISA's suffix. Portable code in GCC's vector types (vec.h) serves
// all three.

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

// ae_execute runs the calls in order (threads.c).
void ae_execute(ae_kernel *const *table, const ae_call *calls, int64_t n, ae_run *r);

// The instruction set as C was compiled: name, field names, and words of an opcode.
int64_t ae_op_count(void);
const char *ae_op_name(int64_t opcode);
const char *ae_op_fields(int64_t opcode);
int64_t ae_op_words(int64_t opcode);

// ---- instruction sets (isa.c) ----

enum { AE_SCALAR, AE_AVX2, AE_AVX512 };

// ae_isa_best is the best ISA of this processor and operating system.
int ae_isa_best(void);
// ae_isa_table is NULL where the ISA is not compiled in.
ae_kernel *const *ae_isa_table(int isa);

#endif
