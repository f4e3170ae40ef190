// What a convolution gives in bf16 or int8 where it gains by that, on a processor where it
// may not: float32 of inputs and weights that are rounded first. Calibration judges stages
// by it, so that what it finds holds on any processor.
//
// Rounded numbers take the place of cells, which stand behind the prepared weights among
// the buffers: weights while they are prepared, and the input in a run.

typedef struct {
	const float *x;
	float *to;
	int64_t n;
	float step; // in int8: numbers are multiples of 1/step; 0 in bf16
} AE(rounding);

AE_INLINE ae_v AE(rounded_vector)(ae_v x, float step) {
	if (step == 0)
		return (ae_v)(AE(bf16)(x) & (int32_t)0xffff0000);
	return __builtin_convertvector(AE(int8_quantised)(x, step), ae_v) / step;
}

static void AE(rounding_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const AE(rounding) *a = ctx;
	const int64_t end = AE_MIN((task + 1) * AE_CHUNK, a->n);
	for (int64_t i = task * AE_CHUNK; i < end; i += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, end - i);
		ae_store_part(a->to + i, AE(rounded_vector)(ae_load_part(a->x + i, 0, lanes), a->step), 0, lanes);
	}
}

static void AE(round_all)(float *to, const float *x, int64_t n, float step, ae_run *r) {
	AE(rounding) a = {x, to, n, step};
	ae_parallel(r, AE_CHUNKS(n), AE(rounding_task), &a);
}

// round_weights rounds those of an output channel to multiples of the largest / AE_INT8_WEIGHT.
static void AE(round_weights)(float *to, const float *w, int64_t n) {
	float most = 0;
	for (int64_t i = 0; i < n; i++)
		most = AE_MAX(most, fabsf(w[i]));
	const float step = most > 0 ? AE_INT8_WEIGHT / most : 0;
	for (int64_t i = 0; i < n; i++)
		to[i] = most > 0 ? (float)lrintf(w[i] * step) * (most / AE_INT8_WEIGHT) : 0;
}

// rounded_buffers are those of a call, with cells in the place of buffer i.
static float *AE(rounded_buffers)(const ae_call *call, int i, float **b) {
	const ae_Conv2D *o = call->op;
	const int n = 5 + (o->Bias != 0) + (o->Residual != 0);
	for (int k = 0; k < n; k++)
		b[k] = call->bufs[k];
	return b[i] = call->bufs[n - 1];
}

static void AE(rounded_prepare)(const ae_call *call, ae_run *r) {
	const ae_Conv2D *o = call->op;
	const int64_t n = o->C * o->R * o->S;
	float *b[7], *cells = AE(rounded_buffers)(call, 2, b);
	if (call->precision == AE_BF16)
		AE(round_all)(cells, call->bufs[2], o->K * n, 0, r);
	else
		for (int64_t k = 0; k < o->K; k++)
			AE(round_weights)(cells + k * n, call->bufs[2] + k * n, n);
	ae_conv j = AE(conv_forward)(o, b);
	AE(conv_prepare)(&j, r);
}

static void AE(rounded_run)(const ae_call *call, ae_run *r) {
	const ae_Conv2D *o = call->op;
	float *b[7], *cells = AE(rounded_buffers)(call, 1, b);
	const float step = call->precision == AE_BF16 ? 0 : AE_INT8_MOST / (float)call->range;
	AE(round_all)(cells, call->bufs[1], o->N * o->C * o->H * o->W, step, r);
	AE(Conv2D)(o, b, r);
}
