// Bilinear resize. A task is a few channels of the images, one for the gradient.
// Columns are blended first, once for each row of the input that is used, then rows,
// with the columns' sources and weights in tables at the head of scratch. Sides are at
// most AE_SIDE, so that tables and rows fit.

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

// resize_row blends the columns of a row. Vectors that come from few neighbours,
// as where an image grows, pick them from two vectors; row may be read AE_SLACK
// floats beyond its end. y has room for whole vectors.
#define AE_SLACK (2 * AE_W)

typedef struct {
	int64_t at;      // the first source of the vector
	int near;        // all sources lie within two vectors from there
	ae_vi lo, hi;    // the sources, from there
	ae_v weight;
} AE(source_vector);

static void AE(resize_vectors)(AE(source_vector) *to, int64_t in, int64_t out) {
	for (int64_t q = 0; q < out; q += AE_W, to++) {
		const int64_t lanes = AE_MIN(AE_W, out - q);
		*to = (AE(source_vector)){.at = AE(resize_source)(q, in, out).lo};
		to->near = 1;
		for (int64_t l = 0; l < lanes; l++) {
			const AE(source) s = AE(resize_source)(q + l, in, out);
			to->lo[l] = s.lo - (int32_t)to->at;
			to->hi[l] = s.hi - (int32_t)to->at;
			to->weight[l] = s.weight;
			to->near &= to->hi[l] < 2 * AE_W;
		}
	}
}

AE_INLINE void AE(resize_row)(float *y, const float *row, const AE(source_vector) *from, int64_t out) {
	for (int64_t q = 0; q < out; q += AE_W, from++) {
		const float *x = row + from->at;
		if (from->near) {
			const ae_v a = ae_load(x), b = ae_load(x + AE_W), lo = ae_pick(a, b, from->lo), hi = ae_pick(a, b, from->hi);
			ae_store(y + q, lo + from->weight * (hi - lo));
			continue;
		}
		for (int64_t l = 0; l < AE_MIN(AE_W, out - q); l++)
			y[q + l] = x[from->lo[l]] + from->weight[l] * (x[from->hi[l]] - x[from->lo[l]]);
	}
}

// resize_rows blends the columns of row h of n channels from x on, of an input that ends
// at `end`; to has room for a row of whole vectors of each, spare for one of the input
// with AE_SLACK.
static void AE(resize_rows)(const ae_Resize *o, float *to, const float *x, const float *end, int64_t h, int64_t n, const AE(source_vector) *columns, float *spare) {
	const int64_t pitch = AE_CEIL(o->Q, AE_W) * AE_W;
	for (int64_t c = 0; c < n; c++, to += pitch, x += o->H * o->W) {
		const float *row = x + h * o->W;
		if (end - row < o->W + AE_SLACK)
			row = memcpy(spare, row, sizeof(float) * (size_t)o->W);
		AE(resize_row)(to, row, columns, o->Q);
	}
}

// resize_channels resizes n channels. rows has room for their even and odd rows, as
// resize_rows makes them.
static void AE(resize_channels)(const ae_Resize *o, float *y, const float *x, const float *end, int64_t n, const AE(source_vector) *columns, float *rows) {
	const int64_t pitch = AE_CEIL(o->Q, AE_W) * AE_W;
	int64_t have[2] = {-1, -1};
	for (int64_t p = 0; p < o->P; p++, y += o->Q) {
		const AE(source) s = AE(resize_source)(p, o->H, o->P);
		for (int64_t h = s.lo; h <= s.hi; h++)
			if (have[h % 2] != h) {
				AE(resize_rows)(o, rows + h % 2 * n * pitch, x, end, h, n, columns, rows + 2 * n * pitch);
				have[h % 2] = h;
			}
		const float *a = rows + s.lo % 2 * n * pitch, *b = rows + s.hi % 2 * n * pitch;
		for (int64_t c = 0; c < n; c++, a += pitch, b += pitch)
			for (int64_t q = 0; q < o->Q; q += AE_W) {
				float *to = y + c * o->P * o->Q + q;
				const ae_v lo = ae_load(a + q), v = lo + s.weight * (ae_load(b + q) - lo);
				if (o->Q - q >= AE_W)
					ae_store(to, v);
				else
					ae_store_part(to, v, 0, o->Q - q);
			}
	}
}

#define AE_RESIZE_CHANNELS 8 // of a task: they share the table, and the sources of rows
#define AE_RESIZE_WIDE 1024  // from here on the scratch holds rows of one

// Resize_planes is a form of planes.h.
static void AE(Resize_planes)(const void *op, float *const *b, int64_t first, int64_t n, float *scratch) {
	const ae_Resize *o = op;
	float *y = b[0];
	const float *x = b[1], *end = x + (o->N * o->C - first) * o->H * o->W;
	if (o->P == o->H && o->Q == o->W) {
		memcpy(y, x, sizeof(float) * (size_t)(n * o->H * o->W));
		return;
	}
	AE(source_vector) *columns = (AE(source_vector) *)scratch;
	AE(resize_vectors)(columns, o->W, o->Q);
	const int64_t at_once = o->Q <= AE_RESIZE_WIDE ? AE_RESIZE_CHANNELS : 1;
	for (int64_t c = 0; c < n; c += at_once)
		AE(resize_channels)(o, y + c * o->P * o->Q, x + c * o->H * o->W, end, AE_MIN(at_once, n - c), columns, (float *)(columns + AE_CEIL(o->Q, AE_W)));
}

static void AE(Resize_task)(const ae_Resize *o, float *const *b, int64_t task, float *scratch) {
	const int64_t first = task * AE_RESIZE_CHANNELS, n = AE_MIN(AE_RESIZE_CHANNELS, o->N * o->C - first);
	float *const at[] = {b[0] + first * o->P * o->Q, b[1] + first * o->H * o->W};
	AE(Resize_planes)(o, at, first, n, scratch);
}
AE_KERNEL(Resize, AE_CEIL(o->N * o->C, AE_RESIZE_CHANNELS))

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
