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

// Floats of scratch that any task may use, 64-byte aligned: 1 MiB, about half of
// a core's second-level cache. Its content on entry is undefined.
#define AE_SCRATCH ((int64_t)1 << 18)

typedef struct ae_run ae_run;
typedef void ae_task(void *ctx, int64_t task, float *scratch);

// ae_parallel runs f(ctx, task, scratch) once for each task 0..n-1 on the
// session's threads, the caller's among them, and returns when all are done.
// The scratch belongs to the thread. A kernel must split its work by shapes
// only, never by the number of threads, so that results do not depend on it; see
// ae_enough for the exception.
// A task must not call ae_parallel.
void ae_parallel(ae_run *r, int64_t n, ae_task *f, void *ctx);

// ae_enough is how many tasks keep the threads busy: one for one thread, else `each`
// for every thread. It may divide work where each output is computed the same way
// however it is divided.
int64_t ae_enough(const ae_run *r, int64_t each);

// ae_threads_new starts threads with so many floats of scratch each. It returns
// NULL where memory or threads run out.
ae_run *ae_threads_new(int threads, int64_t scratch);
void ae_threads_free(ae_run *r);

// ---- programs (run.c) ----

typedef void ae_kernel(const void *o, float *const *b, ae_run *r);

// What a Conv2D makes of a Resize and a Concat before it (conv_upsampled.h).
typedef struct {
	const void *resize;         // the op
	int64_t offset;             // the first of the resized channels among those of the Concat
	const float *small, *others; // its input, and the other channels
	float *products, *sums;     // the outputs of both calls, as room
} ae_enlarged;

// A call: op points to the words of an ae_<Op>, bufs to its buffers and, behind
// them, to prepared weights if the call has any, NULL if not.
typedef struct {
	int64_t opcode;
	const void *op;
	float *const *bufs;
	int64_t changing;  // the run writes the weights: prepare them each time
	int64_t precision; // AE_F32, or what a Conv2D computes in
	double range;      // the largest input of a convolution in int8
	int64_t rounded;   // such a convolution is float32 of rounded numbers (conv_rounded.h)
	const void *resize; // of the Resize before it that a Conv2D does as well, out of the second of bufs; NULL for none
	const void *pool;  // of the AvgPool that a Conv2D does as well, into the first of bufs; NULL for none
	const float *compared; // what a Conv2D compares its outputs with, their map into the first of bufs; NULL for none
	const ae_enlarged *enlarged; // of its input, for a Conv2D; NULL for nothing
	int64_t planes;    // calls from this one on that are done as one (planes.h); 0 for none
	int64_t inside;    // of such: nobody but they reads the output, which need not be in memory
	int64_t done;      // by another call
} ae_call;

// The precisions, that of everything but convolutions first. Thirds are float32 on matrix
// tiles (tiles_thirds.h).
enum { AE_F32, AE_INT8, AE_BF16, AE_THIRDS, AE_PRECISIONS };

// What a call needs of its session: floats of prepared weights, and of scratch
// if that is more than AE_SCRATCH; in less than float32 also floats of memory for the
// input, which stands behind the prepared weights among the buffers.
typedef struct {
	int64_t prepared, scratch, cells;
} ae_needs;

#define AE_CODE(Op) ae_code_##Op,
enum { AE_OPS(AE_CODE) ae_codes };

// The kernels of an ISA. peak is a loop of nothing but multiply-adds, whose
// length is n; it returns the number of floating point operations.
typedef struct {
	ae_kernel *const *kernels; // by opcode
	ae_needs (*needs)(int64_t opcode, const void *op);
	void (*prepare)(const ae_call *call, ae_run *r); // where the call has prepared weights
	double (*peak)(int64_t n);
	// Conv2D with the AvgPool (conv_pooled.h) or SquaredDifference (conv_compared.h) behind it
	// as one call, or the Resize before it (conv_resized.h), in float32.
	struct {
		int (*pays)(const void *conv, const void *neighbour);
		void (*run)(const ae_call *call, ae_run *r);
	} pooled, compared, resized;
	// Conv2D after Resize and Concat, of two, as one call (conv_upsampled.h), in float32;
	// needs has nothing prepared where three are faster.
	struct {
		ae_needs (*needs)(const void *conv, const void *resize, int64_t offset);
		void (*prepare)(const ae_call *call, ae_run *r);
		void (*run)(const ae_call *call, ae_run *r);
	} upsampled;
	// Calls on planes as one (planes.h).
	struct {
		int (*pays)(const ae_call *calls, int64_t n);
		void (*run)(const ae_call *call, ae_run *r);
	} planes;
	// Conv2D in float32 of what is rounded to the precision of the call.
	struct {
		void (*prepare)(const ae_call *call, ae_run *r);
		void (*run)(const ae_call *call, ae_run *r);
	} rounded;
	// Conv2D in less than float32, or in thirds; needs has nothing prepared where float32 is
	// faster, and is NULL where the unit has no such convolutions.
	struct {
		ae_needs (*needs)(const void *op);
		void (*prepare)(const ae_call *call, ae_run *r);
		ae_kernel *run;
	} reduced[AE_PRECISIONS];
} ae_unit;

// The units; NULL where the build lacks the ISA.
extern const ae_unit *const ae_unit_scalar;
extern const ae_unit *const ae_unit_avx2;
extern const ae_unit *const ae_unit_avx512;
extern const ae_unit *const ae_unit_wide;

// Those with 16 lanes again, with convolutions on matrix tiles (tiles.h).
extern const ae_unit *const ae_unit_tiles_avx512;
extern const ae_unit *const ae_unit_tiles_wide;

// For Go, which cannot call pointers.
double ae_unit_peak(const ae_unit *unit, int64_t n);
ae_needs ae_unit_needs(const ae_unit *unit, int64_t opcode, const void *op);
ae_needs ae_unit_reduced_needs(const ae_unit *unit, int64_t precision, const void *op);
int ae_unit_pooled_pays(const ae_unit *unit, const void *conv, const void *pool);
int ae_unit_compared_pays(const ae_unit *unit, const void *conv, const void *difference);
int ae_unit_resized_pays(const ae_unit *unit, const void *conv, const void *resize);
ae_needs ae_unit_upsampled_needs(const ae_unit *unit, const void *conv, const void *resize, int64_t offset);
int ae_unit_planes_pays(const ae_unit *unit, const ae_call *calls, int64_t n);

// ae_prepare prepares the weights of a call (threads.c).
void ae_prepare(const ae_unit *unit, const ae_call *call, ae_run *r);

// ae_execute runs the calls in order (threads.c).
void ae_execute(const ae_unit *unit, const ae_call *calls, int64_t n, ae_run *r);

// The instruction set as C was compiled: name, field names, and words of an opcode.
int64_t ae_op_count(void);
const char *ae_op_name(int64_t opcode);
const char *ae_op_fields(int64_t opcode);
int64_t ae_op_words(int64_t opcode);

// ---- memory (run.c) ----

// ae_memory_new returns zeroed memory aligned for vectors, NULL where it runs out. Much
// memory counts only as it is filled.
void *ae_memory_new(size_t bytes);

// ae_memory_take does the same but does not touch it, so that it counts only as
// it is filled.
void *ae_memory_take(size_t bytes);

// ae_memory_passing does that in small pages, which ae_memory_release can give
// back one by one.
void *ae_memory_passing(size_t bytes);

// ae_memory_release gives memory back to the system where that is possible: it
// stays writable, but its content is lost.
void ae_memory_release(void *p, size_t bytes);

// ---- instruction sets (isa.c) ----

// An instruction set that the kernels are compiled for.
typedef struct {
	const char *name;
	const ae_unit *unit;  // NULL where the build lacks the ISA
	const ae_unit *tiles; // the same with matrix tiles, NULL for none
	int supported;        // by this processor and operating system
	int amx;              // tiles wants AMX
} ae_isa;

// ae_isa_at gives the i-th ISA, best first and those for tests last. It returns
// 0 after the last.
int ae_isa_at(int i, ae_isa *isa);

// ae_isa_reduced is the unit for less than float32. It asks for AMX.
const ae_unit *ae_isa_reduced(const ae_isa *isa);

// ae_has_amx tells whether the processor has AMX with bf16 and int8, and the operating
// system knows it. (amx.c)
int ae_has_amx(void);

// ae_ask_for_amx asks the system, once, to let the threads of this process use AMX, and
// tells whether it does. Where it does, threads need larger alternate signal stacks from
// then on: one smaller than sysconf(_SC_MINSIGSTKSZ) is refused with ENOMEM, and where
// there is one already, so is this.
int ae_ask_for_amx(void);

// ae_has_vnni tells whether the processor has the byte products of AVX-512 VNNI.
int ae_has_vnni(void);

// ae_has_bf16 tells whether it has the products of AVX-512 BF16.
int ae_has_bf16(void);

// ae_near_third_level tells whether the third-level cache serves a core at a hundred GB/s
// (an EPYC) and not at ten (a Xeon), as measured. No result depends on it.
int ae_near_third_level(void);

#endif
