// Bilinear resize. A task is one channel of one image. Rows are blended first,
// then columns, with the columns' sources and weights in tables at the head of
// scratch. Sides are at most AE_SIDE, so that they fit.

// Where an output comes from: (1-weight)*x[lo] + weight*x[hi].
typedef struct {
	int32_t lo, hi;
	float weight;
} AE(source);

AE_INLINE AE(source) AE(resize_source)(int64_t i, int64_t in, int64_t out) {
	double src = AE_MAX(((double)i + 0.5) * (double)in / (double)out - 0.5, 0);
	int32_t lo = (int32_t)src;
	return (AE(source)){lo, (int32_t)AE_MIN(lo + 1, in - 1), (float)(src - lo)};
}

static void AE(Resize_task)(const ae_Resize *o, float *const *b, int64_t task, float *scratch) {
	float *y = b[0] + task * o->P * o->Q;
	const float *x = b[1] + task * o->H * o->W;
	if (o->P == o->H && o->Q == o->W) {
		memcpy(y, x, sizeof(float) * (size_t)(o->H * o->W));
		return;
	}
	AE(source) *columns = (AE(source) *)scratch;
	float *restrict row = scratch + 3 * o->Q;
	for (int64_t q = 0; q < o->Q; q++)
		columns[q] = AE(resize_source)(q, o->W, o->Q);
	for (int64_t p = 0; p < o->P; p++, y += o->Q) {
		AE(source) s = AE(resize_source)(p, o->H, o->P);
		const float *restrict x0 = x + s.lo * o->W, *restrict x1 = x + s.hi * o->W;
		for (int64_t w = 0; w < o->W; w++)
			row[w] = x0[w] + s.weight * (x1[w] - x0[w]);
		for (int64_t q = 0; q < o->Q; q++) {
			AE(source) c = columns[q];
			y[q] = row[c.lo] + c.weight * (row[c.hi] - row[c.lo]);
		}
	}
}
AE_KERNEL(Resize, o->N * o->C)

static void AE(ResizeBackward_task)(const ae_ResizeBackward *o, float *const *b, int64_t task, float *scratch) {
	float *dx = b[0] + task * o->H * o->W;
	const float *dy = b[1] + task * o->P * o->Q;
	AE(source) *columns = (AE(source) *)scratch;
	float *restrict row = scratch + 3 * o->Q;
	for (int64_t q = 0; q < o->Q; q++)
		columns[q] = AE(resize_source)(q, o->W, o->Q);
	memset(dx, 0, sizeof(float) * (size_t)(o->H * o->W));
	for (int64_t p = 0; p < o->P; p++, dy += o->Q) {
		AE(source) s = AE(resize_source)(p, o->H, o->P);
		memset(row, 0, sizeof(float) * (size_t)o->W);
		for (int64_t q = 0; q < o->Q; q++) {
			AE(source) c = columns[q];
			row[c.lo] += (1 - c.weight) * dy[q];
			row[c.hi] += c.weight * dy[q];
		}
		float *d0 = dx + s.lo * o->W, *d1 = dx + s.hi * o->W; // the same row at the lower edge
		for (int64_t w = 0; w < o->W; w++) {
			d0[w] += (1 - s.weight) * row[w];
			d1[w] += s.weight * row[w];
		}
	}
}
AE_KERNEL(ResizeBackward, o->N * o->C)
