// A convolution with the AvgPool behind it, whose outputs are large and no one else reads:
// rows of them stay in the scratch until they are pooled. Those of Winograd's method are
// pooled group by group, and two rows at a time along rows only (winograd_output.h); others
// of few input channels on a view, where a task is a band of pooled rows of one image.

// shallow_pooled tells whether a convolution of few channels may pool, 2x2 to one, and
// sets s. Whether the convolution is one decides alone: its weights are prepared for that.
static AE_APART int AE(shallow_pooled)(ae_shallow *s, const ae_Conv2D *o, const ae_AvgPool *pool, float *const *b) {
	const ae_conv j = AE(conv_forward)(o, b);
	ae_winograd w;
	return !o->Residual && pool->R == 2 && pool->Stride == 2 && pool->Pad <= 1 && !AE(winograd_plan)(&w, &j) && AE(shallow_plan)(s, &j, NULL) && AE(shallow_plan)(s, &j, pool);
}

// winograd_pooled tells whether Winograd's method may pool, 2x2 to one, and sets w. Groups
// are as wide as the image, and begin with the first row of a window: with the padding
// of the pool as outputs that nobody uses.
static AE_APART int AE(winograd_pooled)(ae_winograd *w, const ae_Conv2D *o, const ae_AvgPool *pool, const ae_Resize *resize, float *const *b) {
	ae_conv j = AE(conv_forward)(o, b);
	j.resize = resize;
	if (o->Residual || o->Stride != 1 || pool->R != 2 || pool->Stride != 2 || pool->Pad > 1 || !AE(winograd_plan)(w, &j))
		return 0;
	const int64_t scratch = AE(winograd_scratch)(w);
	j.rows.first -= pool->Pad;
	j.rows.out += pool->Pad;
	AE(winograd_shape)(w, &j, w->points);
	w->high -= w->high * w->side % 2;
	if (w->high == 0 || w->groups_across > 1 || AE(winograd_scratch)(w) > scratch)
		return 0;
	w->groups_down = AE_CEIL(w->down, w->high);
	w->pool = pool;
	return 1;
}

typedef struct {
	ae_sliding sliding;
	const ae_AvgPool *pool;
	float *y;
	int64_t band, bands; // pooled rows of a task
	int64_t pitch;       // of a row in the scratch, which begins behind a line of padding
} ae_pooled;

#define AE_POOLED_ROWS (AE_SLIDING_VIEW + AE_SLIDING_ROWS) // where the rows begin, behind view and places
#define AE_POOLED_LINE 16
#define AE_POOLED_AHEAD 4 // channels: rows of the result are short and far apart, and asked for beforehand

// pooled_plan tells whether a convolution of one pass is worth it: on a view, unless
// columns save more than writing and reading the outputs costs.
static AE_APART int AE(pooled_plan)(ae_pooled *a, const ae_Conv2D *o, const ae_AvgPool *pool, float *const *b) {
	ae_conv j = AE(conv_forward)(o, b);
	ae_winograd w;
	ae_shallow s;
	const int64_t rows = j.rows.taps * j.cols.taps * j.channels;
	*a = (ae_pooled){.pool = pool, .y = j.y};
	if (o->Residual || rows == 0 || rows > AE_CONV_ROWS || pool->R > pool->Stride || pool->Pad > AE_POOLED_LINE || AE(winograd_plan)(&w, &j) || AE(shallow_plan)(&s, &j, NULL))
		return 0;
	AE(conv_split)(&j);
	ae_sliding *v = &a->sliding;
	if (j.depth * j.taps != rows || !AE(sliding_fit)(v, &j))
		return 0;
	if (AE(sliding_cost)(v) > AE(columns_cost)(&j) + 2 * AE_COPY * j.outputs * j.rows.out * j.cols.out)
		return 0;
	a->band = v->band / pool->Stride;
	a->bands = AE_CEIL(AE(pooled)(pool->H, pool->Pad, pool->R, pool->Stride), AE_MAX(a->band, 1));
	a->pitch = AE_CEIL(pool->W + pool->Pad + pool->R + pool->Stride * AE_W, AE_POOLED_LINE) * AE_POOLED_LINE + AE_POOLED_LINE;
	v->conv.y_row = a->pitch;
	v->conv.y_channel = pool->R * a->pitch;
	return a->band > 0 && AE_POOLED_ROWS + pool->C * pool->R * a->pitch <= AE_SCRATCH;
}

// pooled_rows pools n rows of every output channel to a row of `width`, first downwards
// like AvgPool. y is that of channel 0, of which the next ones are `plane` apart.
AE_INLINE void AE(pooled_rows)(const ae_pooled *a, float *y, int64_t plane, int64_t width, const float *rows, const int64_t n, const int64_t r, const int64_t stride) {
	const float scale = (float)(1 / (double)(r * r));
	const int64_t pitch = a->pitch, channels = a->pool->C;
	rows += AE_POOLED_LINE - a->pool->Pad;
	for (int64_t k = 0; k < channels; k++, y += plane, rows += r * pitch)
		for (int64_t q = 0; q < width; q += AE_W) {
			ae_v sum = {0};
			__builtin_prefetch(y + q + AE_POOLED_AHEAD * plane, 1);
			for (int64_t s = 0; s < r; s++) {
				ae_v down = {0};
				for (int64_t i = 0; i < n; i++)
					down += AE(pool_load)(rows + stride * q + i * pitch + s, stride);
				sum += down;
			}
			if (width - q >= AE_W)
				ae_store(y + q, sum * scale);
			else
				ae_store_part(y + q, sum * scale, 0, width - q);
		}
}

static void AE(pooled_task)(void *ctx, int64_t task, float *scratch) {
	const ae_pooled *a = ctx;
	const ae_AvgPool *o = a->pool;
	ae_sliding v = a->sliding;
	const ae_conv *j = &v.conv;
	int32_t *places = (int32_t *)(scratch + AE_SLIDING_VIEW);
	float *rows = scratch + AE_POOLED_ROWS;
	const int64_t image = task / a->bands, first = task % a->bands * a->band;
	const int64_t height = AE(pooled)(o->H, o->Pad, o->R, o->Stride), width = AE(pooled)(o->W, o->Pad, o->R, o->Stride);
	const int64_t top = AE_MAX(first * o->Stride - o->Pad, 0);
	AE(sliding_places)(&v, places);
	AE(view_fill)(&v.view, scratch, j->x + image * j->channels * j->rows.in * j->cols.in, j->channels, top);
	memset(rows, 0, sizeof(float) * (size_t)(o->C * o->R * a->pitch)); // the padding
	v.conv.y = rows + AE_POOLED_LINE;
	for (int64_t p = first; p < AE_MIN(first + a->band, height); p++) {
		const int64_t h = p * o->Stride - o->Pad, lo = AE_MAX(h, 0), hi = AE_MIN(h + o->R, o->H);
		for (int64_t i = lo; i < hi; i++)
			AE(sliding_row)(&v, 0, i - lo, scratch + (i - top) * v.view.pitch, places);
		float *y = a->y + (image * o->C * height + p) * width;
		if (o->Stride == 2 && o->R == 2 && hi - lo == 2)
			AE(pooled_rows)(a, y, height * width, width, rows, 2, 2, 2);
		else
			AE(pooled_rows)(a, y, height * width, width, rows, hi - lo, o->R, o->Stride);
	}
}

// The ways to pool, each with a frame of its own like those of conv2d.h. They run if there
// are threads for it, and tell whether they are the one.

static AE_APART int AE(pool_by_winograd)(const void *conv, const void *pool, const void *resize, float *const *b, ae_run *r) {
	ae_winograd w;
	const int is = AE(winograd_pooled)(&w, conv, pool, resize, b);
	if (is && r != NULL)
		AE(winograd_run)(&w, r);
	return is;
}

static AE_APART int AE(pool_by_shallow)(const void *conv, const void *pool, float *const *b, ae_run *r) {
	ae_shallow s;
	const int is = AE(shallow_pooled)(&s, conv, pool, b);
	if (is && r != NULL)
		AE(shallow_run)(&s, r);
	return is;
}

static AE_APART int AE(pool_by_view)(const void *conv, const void *pool, float *const *b, ae_run *r) {
	ae_pooled a;
	const int is = AE(pooled_plan)(&a, conv, pool, b);
	if (is && r != NULL)
		ae_parallel(r, a.pool->N * a.bands, AE(pooled_task), &a);
	return is;
}

static int AE(pooled_pays)(const void *conv, const void *pool) {
	float *const unknown[6] = {NULL};
	return AE(pool_by_winograd)(conv, pool, NULL, unknown, NULL) || AE(pool_by_shallow)(conv, pool, unknown, NULL) || AE(pool_by_view)(conv, pool, unknown, NULL);
}

static void AE(pooled_run)(const ae_call *c, ae_run *r) {
	if (!AE(pool_by_winograd)(c->op, c->pool, c->resize, c->bufs, r) && !AE(pool_by_shallow)(c->op, c->pool, c->bufs, r))
		AE(pool_by_view)(c->op, c->pool, c->bufs, r);
}
