// Convolutions in int8: the input is quantised into cells of four channels
// (int8_tile.h), on which conv_gemm.h works as on floats. Inputs are not negative
// there, and the largest is known from images: x = cell * range / AE_INT8_MOST, zero
// being zero, so that padding is too. What is larger counts as the largest.
//
// The prepared weights begin with a line whose first float is the range; then come
// the factors of the sums, then the panels of cells.

#define AE_INT8_LINE 16

AE_INLINE int64_t AE(int8_scales)(const ae_conv *j) { return AE_CEIL(AE(padded_rows)(j->outputs), AE_INT8_LINE) * AE_INT8_LINE; }

// int8_forward describes a Conv2D on cells, which stand behind the prepared weights
// among the buffers.
static ae_conv AE(int8_forward)(const ae_Conv2D *o, float *const *b) {
	ae_conv j = AE(conv_forward)(o, b);
	float *prepared = j.prepared;
	j.reduced = AE_INT8;
	j.all = j.channels;
	j.channels = AE_CEIL(j.channels, 4);
	j.x = b[4 + (o->Bias != 0) + (o->Residual != 0)];
	AE(conv_split)(&j);
	if (prepared != NULL) {
		j.range = prepared;
		j.scale = prepared + AE_INT8_LINE;
		j.prepared = j.scale + AE(int8_scales)(&j);
	}
	return j;
}

// int8_pays tells whether a convolution is faster in int8, by the costs that
// winograd.h counts: its products take half the time, but the input has to be
// quantised, at the time of 8 multiplications, and sums become floats, at that of 4.
static int AE(int8_pays)(const ae_Conv2D *o) {
	float *const unknown[6] = {NULL};
	const ae_conv j = AE(conv_forward)(o, unknown);
	ae_winograd w;
	if (j.rows.out <= 0 || j.cols.out <= 0)
		return 0;
	const double least = AE(winograd_plan)(&w, &j) ? AE(winograd_cost)(&w) : AE(direct_cost)(&j);
	const double inputs = (double)(j.channels * j.rows.in * j.cols.in), outputs = (double)(j.outputs * j.rows.out * j.cols.out);
	const double cells = (double)(AE_CEIL(j.channels, 4) * 4) / (double)j.channels;
	return AE(direct_cost)(&j) / 2 * cells + 8 * inputs + 4 * outputs < least;
}

static ae_needs AE(int8_needs)(const void *op) {
	const ae_Conv2D *o = op;
	float *const unknown[6] = {NULL};
	if (!AE(int8_pays)(o))
		return (ae_needs){0};
	const ae_conv j = AE(int8_forward)(o, unknown);
	return (ae_needs){
		.prepared = AE_INT8_LINE + AE(int8_scales)(&j) + AE(direct_weights)(&j),
		.cells = j.images * j.channels * j.rows.in * j.cols.in,
	};
}

static void AE(int8_prepare)(const ae_call *call, ae_run *r) {
	const ae_Conv2D *o = call->op;
	ae_conv j = AE(int8_forward)(o, call->bufs);
	*j.range = (float)call->range;
	AE(direct_prepare)(&j, r);
}

// int8_cells makes n cells of up to four channels, `plane` floats apart.
AE_INLINE void AE(int8_cells)(float *to, const float *x, int64_t plane, const int channels, int64_t n, float step) {
	for (int64_t i = 0; i < n; i += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, n - i);
		ae_vi cells = {0};
#pragma GCC unroll 4
		for (int c = 0; c < channels; c++) {
			const float *from = x + c * plane + i;
			cells |= AE(int8_quantised)(lanes == AE_W ? ae_load(from) : ae_load_part(from, 0, lanes), step) << 8 * c;
		}
		if (lanes == AE_W)
			AE(store_cells)(to + i, cells);
		else
			ae_store_part(to + i, (ae_v)cells, 0, lanes);
	}
}

// The input on its way into cells.
typedef struct {
	const ae_conv *j;
	const float *x;
	float *cells;
} AE(int8_input);

static void AE(int8_input_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const AE(int8_input) *a = ctx;
	const ae_conv *j = a->j;
	const int64_t plane = j->rows.in * j->cols.in, image = task / j->channels, c = task % j->channels * 4;
	const float *x = a->x + (image * j->all + c) * plane, step = AE_INT8_MOST / *j->range;
	float *to = a->cells + task * plane;
	switch (AE_MIN(j->all - c, 4)) {
	case 1:
		AE(int8_cells)(to, x, plane, 1, plane, step);
		break;
	case 2:
		AE(int8_cells)(to, x, plane, 2, plane, step);
		break;
	case 3:
		AE(int8_cells)(to, x, plane, 3, plane, step);
		break;
	default:
		AE(int8_cells)(to, x, plane, 4, plane, step);
	}
}

static void AE(int8_run)(const void *op, float *const *b, ae_run *r) {
	const ae_Conv2D *o = op;
	ae_conv j = AE(int8_forward)(o, b);
	AE(int8_input) input = {&j, b[1], b[4 + (o->Bias != 0) + (o->Residual != 0)]};
	ae_parallel(r, j.images * j.channels, AE(int8_input_task), &input);
	AE(direct_run)(&j, r);
}
