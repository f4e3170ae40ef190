// Convolutions in bf16 without matrix tiles: the input is rounded to cells of two
// channels (bf16_tile.h), on which conv_gemm.h works as on floats. Where the processor
// has no instruction for such products none gain: they would be slower than those of
// float32, which are at least as accurate.

#if AE_W == 16

#ifdef AE_PORTABLE
#define AE_BF16_AT_ALL 1 // for tests
#else
#define AE_BF16_AT_ALL ae_has_bf16()
#endif
#define AE_BF16_CHANNELS 16 // at least: columns of few channels take longer to unroll than to multiply

// bf16_forward describes a Conv2D on cells, which stand behind the prepared weights
// among the buffers.
static ae_conv AE(bf16_forward)(const ae_Conv2D *o, float *const *b) {
	ae_conv j = AE(conv_forward)(o, b);
	j.reduced = AE_BF16;
	j.all = j.channels;
	j.channels = AE_CEIL(j.channels, 2);
	j.x = b[4 + (o->Bias != 0) + (o->Residual != 0)];
	AE(conv_split)(&j);
	return j;
}

// bf16_pays tells whether a convolution is faster in bf16, by the costs that winograd.h
// counts: its products take half the time, but the input has to be rounded, at the time
// of 32 multiplications where it does not come from near.
static int AE(bf16_pays)(const ae_Conv2D *o) {
	float *const unknown[6] = {NULL};
	const ae_conv j = AE(conv_forward)(o, unknown);
	ae_winograd w;
	if (!AE_BF16_AT_ALL || j.rows.out <= 0 || j.cols.out <= 0 || j.channels < AE_BF16_CHANNELS)
		return 0;
	const double least = AE(winograd_plan)(&w, &j) ? AE(winograd_cost)(&w) : AE(direct_cost)(&j);
	const double cells = (double)(AE_CEIL(j.channels, 2) * 2) / (double)j.channels;
	return AE(direct_cost)(&j) / 2 * cells + 32 * (double)(j.channels * j.rows.in * j.cols.in) < least;
}

static ae_needs AE(bf16_needs)(const void *op) {
	const ae_Conv2D *o = op;
	float *const unknown[6] = {NULL};
	if (!AE(bf16_pays)(o))
		return (ae_needs){0};
	const ae_conv j = AE(bf16_forward)(o, unknown);
	return (ae_needs){.prepared = AE(direct_weights)(&j), .cells = j.images * j.channels * j.rows.in * j.cols.in};
}

static void AE(bf16_prepare)(const ae_call *call, ae_run *r) {
	ae_conv j = AE(bf16_forward)(call->op, call->bufs);
	AE(direct_prepare)(&j, r);
}

// The input on its way into cells.
typedef struct {
	const ae_conv *j;
	const float *x;
	float *cells;
} AE(bf16_input);

// A task is a cell of channels of an image.
static void AE(bf16_input_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const AE(bf16_input) *a = ctx;
	const ae_conv *j = a->j;
	const int64_t plane = j->rows.in * j->cols.in, image = task / j->channels, c = task % j->channels * 2;
	const float *x = a->x + (image * j->all + c) * plane;
	const int64_t next = c + 1 < j->all ? plane : 0;
	float *to = a->cells + task * plane;
	for (int64_t i = 0; i < plane; i += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, plane - i);
		const ae_v low = ae_load_part(x + i, 0, lanes), high = next > 0 ? ae_load_part(x + next + i, 0, lanes) : (ae_v){0};
		ae_store_part(to + i, (ae_v)AE(bf16_pair)(low, high), 0, lanes);
	}
}

static void AE(bf16_run)(const void *op, float *const *b, ae_run *r) {
	const ae_Conv2D *o = op;
	ae_conv j = AE(bf16_forward)(o, b);
	AE(bf16_input) input = {&j, b[1], b[4 + (o->Bias != 0) + (o->Residual != 0)]};
	ae_parallel(r, j.images * j.channels, AE(bf16_input_task), &input);
	AE(direct_run)(&j, r);
}

#else

static ae_needs AE(bf16_needs)(const void *op) {
	(void)op;
	return (ae_needs){0};
}
static void AE(bf16_prepare)(const ae_call *call, ae_run *r) { (void)call, (void)r; }
static void AE(bf16_run)(const void *op, float *const *b, ae_run *r) { (void)op, (void)b, (void)r; }

#endif
