// The two usual forms of a kernel: independent tasks, and a sum over many items.

// The call that a task belongs to.
typedef struct {
	const void *o;
	float *const *b;
} AE(job);

// AE_KERNEL defines kernel Op as `tasks` (an expression of o) calls of
// Op_task(o, b, task, scratch).
#define AE_KERNEL(Op, tasks)                                              \
	static void AE(Op##_call)(void *ctx, int64_t task, float *scratch) {  \
		const AE(job) *j = ctx;                                           \
		AE(Op##_task)((const ae_##Op *)j->o, j->b, task, scratch);        \
	}                                                                     \
	static void AE(Op)(const ae_##Op *o, float *const *b, ae_run *r) {    \
		AE(job) j = {o, b};                                               \
		ae_parallel(r, tasks, AE(Op##_call), &j);                         \
	}

// Elements of a task of an element by element kernel: 64 KiB per buffer.
#define AE_CHUNK ((int64_t)16384)
#define AE_CHUNKS(n) AE_CEIL(n, AE_CHUNK)

// A sum is taken in parts, whose number depends on the shape only, and the parts
// are added in their order.
#define AE_PARTS 64

typedef struct {
	const void *o;
	float *const *b;
	int64_t items, each; // each: items of a part
	double sum[AE_PARTS], count[AE_PARTS];
} AE(sum_job);

// AE_SUM defines kernel Op over `items` items in parts of at least `least`:
// Op_part(o, b, lo, hi, &count, scratch) returns the sum over items [lo, hi),
// Op_finish(o, b, sum, count) stores the result.
#define AE_SUM(Op, n, least)                                                                        \
	static void AE(Op##_call)(void *ctx, int64_t task, float *scratch) {                            \
		AE(sum_job) *j = ctx;                                                                       \
		int64_t lo = task * j->each;                                                                \
		j->count[task] = 0;                                                                         \
		j->sum[task] = AE(Op##_part)((const ae_##Op *)j->o, j->b, lo, AE_MIN(lo + j->each, j->items), \
		                             &j->count[task], scratch);                                     \
	}                                                                                               \
	static void AE(Op)(const ae_##Op *o, float *const *b, ae_run *r) {                              \
		AE(sum_job) j = {.o = o, .b = b, .items = n};                                               \
		j.each = AE_MAX(least, AE_CEIL(j.items, AE_PARTS));                                         \
		int64_t parts = AE_CEIL(j.items, j.each);                                                   \
		ae_parallel(r, parts, AE(Op##_call), &j);                                                   \
		double sum = 0, count = 0;                                                                  \
		for (int64_t i = 0; i < parts; i++) {                                                       \
			sum += j.sum[i];                                                                        \
			count += j.count[i];                                                                    \
		}                                                                                           \
		AE(Op##_finish)(o, b, sum, count);                                                          \
	}
