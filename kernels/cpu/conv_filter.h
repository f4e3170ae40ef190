// The gradient of a convolution's weights: dw[k,c,t,s] is the dot product, over
// batch and space, of dy's channel k and x's channel c seen through tap (t, s).
// Both are views with the same pitch, dy's with zeros at the ends of the rows, so
// that a dot product runs through a band without a break. A tile of AE_MR x AE_NV
// dot products is kept in registers.
//
// Where the pitch is the width of dy, its rows follow each other as they are: it
// is read in place, and bands end at whole vectors, up to AE_W - 1 places behind
// their last row.

typedef struct {
	ae_view view;
	int64_t images, channels, outputs;
	float *dw;
	const float *dy, *x;
	int64_t w_row, w_channel; // S, R*S
	int64_t band;             // output rows at a time
	int64_t block, blocks;    // output channels of a task
	int64_t depth, depths;    // input channels of a task
	int in_place;             // dy needs no copy but at its end
} ae_filter;

#define AE_FILTER_PLACES 1024 // of a band where there are as many: AE_MR rows of dy stay in the first-level cache
#define AE_FILTER_NEAR 80000  // floats of a task, in the second-level cache

// dots adds to sums[mr][AE_NV], vectors, the products of rows a[i] and b[v].
AE_INLINE void AE(dots)(const int mr, const int nv, int64_t n, const float *a, int64_t stride, const float *const *b, float *sums) {
	ae_v s[AE_MR][AE_NV];
#pragma GCC unroll 8
	for (int i = 0; i < mr; i++)
#pragma GCC unroll 3
		for (int v = 0; v < nv; v++)
			s[i][v] = ae_load(sums + (i * AE_NV + v) * AE_W);
	const float *b0 = b[0], *b1 = b[nv > 1 ? 1 : 0], *b2 = b[nv > 2 ? 2 : 0];
	for (int64_t j = 0; j < n; j += AE_W) {
		ae_v row[3];
		row[0] = ae_load(b0 + j);
		if (nv > 1)
			row[1] = ae_load(b1 + j);
		if (nv > 2)
			row[2] = ae_load(b2 + j);
#pragma GCC unroll 8
		for (int i = 0; i < mr; i++) {
			ae_v x = ae_load(a + i * stride + j);
#pragma GCC unroll 3
			for (int v = 0; v < nv; v++)
				s[i][v] += x * row[v];
		}
	}
#pragma GCC unroll 8
	for (int i = 0; i < mr; i++)
#pragma GCC unroll 3
		for (int v = 0; v < nv; v++)
			ae_store(sums + (i * AE_NV + v) * AE_W, s[i][v]);
}

static __attribute__((noinline)) void AE(dots_whole)(int64_t n, const float *a, int64_t stride, const float *const *b, float *sums) {
	AE(dots)(AE_MR, AE_NV, n, a, stride, b, sums);
}
static __attribute__((noinline)) void AE(dots_one)(int64_t n, const float *a, int64_t stride, const float *const *b, float *sums) {
	AE(dots)(AE_MR, 1, n, a, stride, b, sums);
}

// The parts of a task's scratch, in floats: sums, a view of x, a copy of dy.
AE_INLINE int64_t AE(filter_sums)(const ae_filter *j, int64_t block, int64_t depth) {
	return AE_CEIL(block, AE_MR) * AE_MR * AE_CEIL(depth * j->view.rows.taps * j->view.cols.taps, AE_NV) * AE_NV * AE_W;
}
AE_INLINE int64_t AE(filter_stride)(const ae_filter *j) { return AE_CEIL(j->band * j->view.pitch + 2 * AE_W, 16) * 16; }

static int64_t AE(filter_scratch)(const ae_filter *j, int64_t block, int64_t depth) {
	const int64_t places = AE_CEIL(depth * j->view.rows.taps * j->view.cols.taps, 16) * 16;
	return AE(filter_sums)(j, block, depth) + depth * j->view.plane + block * AE(filter_stride)(j) + places;
}

// filter_split chooses the sizes of a task from the shapes: of the splits into
// enough tasks that stay in the cache the one that reads least. Every part of the
// input channels reads dy, every block of output channels reads x.
static void AE(filter_split)(ae_filter *j, ae_axis rows, ae_axis cols) {
	const int64_t taps = rows.taps * cols.taps, pitch = AE(view_of)(rows, cols, 1).pitch, plane = rows.out * cols.out;
	j->in_place = pitch == cols.out && j->outputs % AE_MR == 0;
	j->band = AE(even)(rows.out, AE_MIN(AE_CEIL(AE_FILTER_PLACES, pitch), rows.out));
	j->view = AE(view_of)(rows, cols, j->band + (j->in_place ? AE_CEIL(AE_W, pitch) : 0));
	const int64_t tasks = AE_MAX(AE_MIN(j->images * j->outputs * j->channels * taps * plane >> 20, 8), 1);
	int64_t best = -1;
	for (int64_t depths = 1; depths <= j->channels; depths++) {
		const int64_t depth = AE_CEIL(j->channels, depths);
		int64_t block = AE_CEIL(AE_CEIL(j->outputs, AE_CEIL(tasks, depths)), AE_MR) * AE_MR;
		while (block > AE_MR && AE(filter_scratch)(j, block, depth) > AE_FILTER_NEAR)
			block -= AE_MR;
		const int64_t blocks = AE_CEIL(j->outputs, block);
		const int fits = blocks * depths >= tasks && AE(filter_scratch)(j, block, depth) <= AE_FILTER_NEAR;
		const int64_t cost = (depths * j->outputs * plane + blocks * j->channels * rows.in * cols.in) * (fits ? 1 : 1000);
		if (best < 0 || cost < best)
			best = cost, j->block = block, j->blocks = blocks, j->depth = depth;
	}
	j->depths = AE_CEIL(j->channels, j->depth);
}

// filter_dy copies n channels of `rows` rows of dy to the pitch of the view, or
// of one row where they follow each other.
static void AE(filter_dy)(const ae_filter *j, float *to, int64_t stride, const float *dy, int64_t n, int64_t rows, int64_t width) {
	const int64_t pitch = AE_MAX(j->view.pitch, width);
	for (int64_t k = 0; k < n; k++, dy += j->view.rows.out * j->view.cols.out, to += stride) {
		for (int64_t i = 0; i < rows; i++) {
			memcpy(to + i * pitch, dy + i * width, sizeof(float) * (size_t)width);
			memset(to + i * pitch + width, 0, sizeof(float) * (size_t)(pitch - width));
		}
		memset(to + rows * pitch, 0, sizeof(float) * (size_t)(stride - rows * pitch));
	}
}

// filter_pairs adds a band's products to the sums of all pairs of an output
// channel and a tap of an input channel; off holds the places of those.
static void AE(filter_pairs)(int64_t outputs, int64_t pairs, int64_t places, const float *dy, int64_t stride, const float *view,
                             const int32_t *off, float *sums) {
	for (int64_t k = 0; k < outputs; k += AE_MR, dy += AE_MR * stride)
		for (int64_t i = 0; i < pairs; i += AE_NV, sums += AE_MR * AE_NV * AE_W) {
			const float *b[3];
			for (int64_t v = 0; v < 3; v++)
				b[v] = view + off[AE_MIN(i + v, pairs - 1)];
			if (pairs - i > 1)
				AE(dots_whole)(places, dy, stride, b, sums);
			else
				AE(dots_one)(places, dy, stride, b, sums);
		}
}

// total adds the lanes of a vector in memory.
AE_INLINE float AE(total)(const float *s) {
	ae_v4 sum = ae_load4(s);
	for (int i = 4; i < AE_W; i += 4)
		sum += ae_load4(s + i);
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// filter_write stores the sums of output channels [k, k+n) and input channels
// from c. Taps that were trimmed away have met padding only: their dw is 0.
static void AE(filter_write)(const ae_filter *j, const float *sums, int64_t k, int64_t n, int64_t c, int64_t depth) {
	const ae_axis *rows = &j->view.rows, *cols = &j->view.cols;
	const int64_t groups = AE_CEIL(depth * rows->taps * cols->taps, AE_NV);
	for (int64_t i = 0; i < n; i++) {
		const float *s = sums + (i / AE_MR * groups * AE_MR + i % AE_MR) * AE_NV * AE_W;
		float *dw = j->dw + ((k + i) * j->channels + c) * j->w_channel;
		if (rows->taps * cols->taps < j->w_channel)
			memset(dw, 0, sizeof(float) * (size_t)(depth * j->w_channel));
		int v = 0;
		for (int64_t d = 0; d < depth; d++, dw += j->w_channel)
			for (int64_t t = 0; t < rows->taps; t++)
				for (int64_t q = 0; q < cols->taps; q++) {
					dw[(rows->weight + t) * j->w_row + cols->weight + q] = AE(total)(s);
					s += AE_W;
					if (++v == AE_NV) {
						v = 0;
						s += (AE_MR - 1) * AE_NV * AE_W;
					}
				}
	}
}

// filter_band adds the products of output rows [p, p+rows) of an image, of which
// dy and x are the task's channels.
static void AE(filter_band)(const ae_filter *j, const float *dy, const float *x, int64_t n, int64_t depth, int64_t p, int64_t rows,
                            const int32_t *off, float *sums, float *view, float *copy) {
	const ae_view *v = &j->view;
	const int64_t pairs = depth * v->rows.taps * v->cols.taps, stride = AE(filter_stride)(j), whole = AE_CEIL(n, AE_MR) * AE_MR;
	AE(view_fill)(v, view, x, depth, p);
	if (!j->in_place) {
		AE(filter_dy)(j, copy, stride, dy + p * v->cols.out, n, rows, v->cols.out);
		AE(filter_pairs)(whole, pairs, (rows - 1) * v->pitch + v->cols.out, copy, stride, view, off, sums);
		return;
	}
	const int64_t plane = v->rows.out * v->pitch, first = AE_CEIL(p * v->pitch, AE_W) * AE_W;
	const int64_t end = AE_MIN(AE_CEIL((p + rows) * v->pitch, AE_W) * AE_W, plane);
	view += first - p * v->pitch;
	if (end <= first)
		return;
	if ((end - first) % AE_W == 0) {
		AE(filter_pairs)(whole, pairs, end - first, dy + first, plane, view, off, sums);
		return;
	}
	AE(filter_dy)(j, copy, stride, dy + first, n, 1, end - first);
	AE(filter_pairs)(whole, pairs, end - first, copy, stride, view, off, sums);
}

static void AE(filter_task)(void *ctx, int64_t task, float *scratch) {
	const ae_filter *j = ctx;
	const ae_view *v = &j->view;
	const int64_t k = task % j->blocks * j->block, c = task / j->blocks * j->depth;
	const int64_t n = AE_MIN(j->block, j->outputs - k), depth = AE_MIN(j->depth, j->channels - c), taps = v->rows.taps * v->cols.taps;
	const int64_t size = AE(filter_sums)(j, n, depth), copied = AE_CEIL(n, AE_MR) * AE_MR * AE(filter_stride)(j);
	float *sums = scratch, *view = sums + size, *copy = view + depth * v->plane;
	int32_t *off = (int32_t *)(copy + copied);
	memset(sums, 0, sizeof(float) * (size_t)size);
	memset(copy, 0, sizeof(float) * (size_t)copied);
	for (int64_t i = 0; i < depth * taps; i++)
		off[i] = (int32_t)(i / taps * v->plane + AE(view_offset)(v, i % taps / v->cols.taps, i % v->cols.taps));
	for (int64_t image = 0; image < j->images; image++) {
		const float *dy = j->dy + (image * j->outputs + k) * v->rows.out * v->cols.out;
		const float *x = j->x + (image * j->channels + c) * v->rows.in * v->cols.in;
		for (int64_t p = 0; p < v->rows.out; p += j->band)
			AE(filter_band)(j, dy, x, n, depth, p, AE_MIN(j->band, v->rows.out - p), off, sums, view, copy);
	}
	AE(filter_write)(j, sums, k, n, c, depth);
}
