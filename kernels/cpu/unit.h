// Every kernel, compiled once per ISA by scalar.c, avx2.c and avx512.c, and the
// table of them. A kernel that is missing is an error of the compiler.

#include "cpu.h"
#include "vec.h"

#if __has_include("gemm.h")
#include "gemm.h"
#endif
#if __has_include("matmul.h")
#include "matmul.h"
#endif
#if __has_include("conv2d.h")
#include "conv2d.h"
#endif
#if __has_include("batchnorm.h")
#include "batchnorm.h"
#endif
#if __has_include("pointwise.h")
#include "pointwise.h"
#endif
#if __has_include("concat.h")
#include "concat.h"
#endif
#if __has_include("pool.h")
#include "pool.h"
#endif
#if __has_include("resize.h")
#include "resize.h"
#endif
#if __has_include("softmax.h")
#include "softmax.h"
#endif
#if __has_include("attention.h")
#include "attention.h"
#endif
#if __has_include("score.h")
#include "score.h"
#endif
#if __has_include("loss_feature.h")
#include "loss_feature.h"
#endif
#if __has_include("loss_segment.h")
#include "loss_segment.h"
#endif
#if __has_include("adam.h")
#include "adam.h"
#endif

// The cast from const ae_<Op> * to const void * in the first parameter changes
// no representation; this wrapper makes it legal C.
#define AE_WRAP(Op) \
	static void AE(call_##Op)(const void *o, float *const *b, ae_run *r) { AE(Op)((const ae_##Op *)o, b, r); }
AE_OPS(AE_WRAP)

#define AE_ENTRY(Op) AE(call_##Op),
static ae_kernel *const AE(entries)[] = {AE_OPS(AE_ENTRY)};
ae_kernel *const *const AE(ae_table) = AE(entries);
