// Every kernel, compiled once per ISA by scalar.c, avx2.c, avx512.c and wide.c,
// and what the session needs of them. A kernel that is missing is an error of the compiler.

#include "cpu.h"
#include "vec.h"

#include "explog.h"
#include "sums.h"
#include "tasks.h"

#include "gemm.h"
#include "peak.h"

#include "matmul.h"

#include "conv_view.h"

#include "conv_columns.h"

#include "bf16.h"
#include "int8_tile.h"
#if AE_W == 16
#include "bf16_tile.h"
#endif

#include "conv_gemm.h"
#include "conv_panels.h"
#include "conv_sliding.h"
#include "conv_vector.h"
#include "conv_strassen.h"

#include "conv_filter.h"

#include "transpose.h"

#include "winograd_product.h"

#include "winograd_columns.h"
#include "resize.h"
#include "winograd_resized.h"

#include "winograd.h"
#include "winograd_points.h"

#include "winograd_input.h"
#include "winograd_output.h"

#include "winograd_run.h"
#include "conv_shallow.h"

#include "conv2d.h"

#include "conv_compared.h"
#include "conv_int8.h"
#include "conv_bf16.h"
#include "conv_rounded.h"

#if AE_W == 16
#include "lines.h"
#include "tiles.h"

#include "conv_tiles.h"
#include "tiles_input.h"
#include "tiles_run.h"

#include "tiles_thirds.h"
#include "conv_thirds.h"
#endif

#include "pointwise.h"

#include "adam.h"
#include "batchnorm.h"
#include "concat.h"
#include "pool.h"
#include "conv_pooled.h"
#include "conv_resized.h"
#include "conv_upsampled.h"
#include "planes_smoothed.h"
#include "planes.h"
#include "softmax.h"

#include "attention.h"
#include "loss_feature.h"
#include "loss_segment.h"
#include "score.h"

// The cast from const ae_<Op> * to const void * in the first parameter changes
// no representation; this wrapper makes it legal C.
#define AE_WRAP(Op) \
	static void AE(call_##Op)(const void *o, float *const *b, ae_run *r) { AE(Op)((const ae_##Op *)o, b, r); }
AE_OPS(AE_WRAP)

#define AE_ENTRY(Op) AE(call_##Op),
static ae_kernel *const AE(entries)[] = {AE_OPS(AE_ENTRY)};
static const ae_unit AE(unit) = {
	AE(entries), AE(needs), AE(prepare), AE(peak), {AE(pooled_pays), AE(pooled_run)}, {AE(compared_pays), AE(compared_run)},
	{AE(resized_pays), AE(resized_run)}, {AE(upsampled_needs), AE(upsampled_prepare), AE(upsampled_run)}, {AE(planes_pays), AE(planes_run)},
	{AE(rounded_prepare), AE(rounded_run)},
	{[AE_INT8] = {AE(int8_needs), AE(int8_prepare), AE(int8_run)}, [AE_BF16] = {AE(bf16_needs), AE(bf16_prepare), AE(bf16_run)}},
};
const ae_unit *const AE(ae_unit) = &AE(unit);

#if AE_W == 16
static const ae_unit AE(unit_tiles) = {
	AE(entries), AE(needs), AE(prepare), AE(peak), {AE(pooled_pays), AE(pooled_run)}, {AE(compared_pays), AE(compared_run)},
	{AE(resized_pays), AE(resized_run)}, {AE(upsampled_needs), AE(upsampled_prepare), AE(upsampled_run)}, {AE(planes_pays), AE(planes_run)},
	{AE(rounded_prepare), AE(rounded_run)},
	{
		[AE_INT8] = {AE(tiled_int8_needs), AE(tiled_int8_prepare), AE(tiled_int8_run)},
		[AE_BF16] = {AE(tiled_bf16_needs), AE(tiled_bf16_prepare), AE(tiled_bf16_run)},
		[AE_THIRDS] = {AE(thirds_needs), AE(thirds_prepare), AE(thirds_run)},
	},
};
const ae_unit *const AE(ae_unit_tiles) = &AE(unit_tiles);
#endif
