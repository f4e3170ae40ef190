// Convolution on a view of the input (conv_view.h), which the micro-kernel reads
// in place: every row of the matrix is a shift of the view, and nothing is
// unrolled. It pays where columns would be copied for few output channels. A task
// is a band of output rows of one image, for all channels at once, so that sums
// go straight into the output. Vectors do not cross the ends of rows.

typedef struct {
	ae_conv conv; // one pass: depth and taps are all
	ae_view view;
	int64_t band, bands; // output rows of a task
} ae_sliding;

#define AE_SLIDING_VIEW 40000 // floats of a view, in the second-level cache
#define AE_SLIDING_ROWS 1024  // of the matrix, at most: the places of all are in the scratch

_Static_assert(AE_SLIDING_VIEW + AE_SLIDING_ROWS <= AE_SCRATCH, "view and places fit into a task's scratch");

// sliding_near is how many tiles of a row the first-level cache holds with all
// that they read: the rows of the view that taps meet, in phases, a panel of
// weights, and the places.
AE_INLINE int64_t AE(sliding_near)(const ae_conv *j) {
	const int64_t lines = j->channels * j->rows.taps * AE(phases)(j->cols), rows = j->channels * j->rows.taps * j->cols.taps;
	return (AE_CONV_NEAR - (AE_MR + 1) * rows) / (lines * AE_NR);
}

// Costs of one image, in multiply-adds: those of whole panels and vectors, half a
// vector more for each tile, half as much again if a tile is not near, and so many
// for a float that is copied.
#define AE_COPY 20

AE_INLINE int64_t AE(products_cost)(const ae_conv *j, int64_t vectors) {
	const int64_t rows = j->channels * j->rows.taps * j->cols.taps;
	return rows * AE(padded_rows)(j->outputs) * AE_W * (2 * vectors + AE_CEIL(vectors, AE_NV)) / 2;
}

static int64_t AE(sliding_cost)(const ae_sliding *v) {
	const ae_conv *j = &v->conv;
	const int64_t products = j->rows.out * AE(products_cost)(j, AE_CEIL(j->cols.out, AE_W));
	return products + (AE(sliding_near)(j) < 1) * products / 2 + AE_COPY * j->channels * v->view.plane * v->bands;
}

static int64_t AE(columns_cost)(const ae_conv *j) {
	const int64_t columns = j->rows.out * j->cols.out, rows = j->channels * j->rows.taps * j->cols.taps;
	return AE(products_cost)(j, AE_CEIL(columns, AE_W)) + AE_COPY * j->blocks * columns * rows;
}

// sliding_fit sets v for the convolution j, and tells whether the view fits.
static int AE(sliding_fit)(ae_sliding *v, const ae_conv *j) {
	const int64_t taps = j->rows.taps * j->cols.taps;
	if (j->y_col != 1 || taps == 0 || taps * j->channels > AE_SLIDING_ROWS)
		return 0;
	*v = (ae_sliding){.conv = *j};
	v->conv.depth = j->channels;
	v->conv.taps = taps;
	v->band = AE_CEIL(j->rows.out, AE(conv_tasks)(j, AE_CONV_TASKS));
	while (v->band > 1 && AE(view_of)(j->rows, j->cols, v->band).plane * j->channels > AE_SLIDING_VIEW)
		v->band--;
	v->band = AE(even)(j->rows.out, v->band);
	v->bands = AE_CEIL(j->rows.out, v->band);
	v->view = AE(view_of)(j->rows, j->cols, v->band);
	return v->view.plane * j->channels <= AE_SLIDING_VIEW;
}

// sliding_plan tells whether the convolution j, which is split for columns, is
// worth a view, and sets v if so.
static int AE(sliding_plan)(ae_sliding *v, const ae_conv *j) {
	return AE(sliding_fit)(v, j) && AE(sliding_cost)(v) < AE(columns_cost)(j);
}

// sliding_places finds where the rows of the matrix begin.
static void AE(sliding_places)(const ae_sliding *v, int32_t *places) {
	const ae_conv *j = &v->conv;
	for (int64_t i = 0; i < j->taps; i++) {
		const int64_t at = AE(view_offset)(&v->view, i / j->cols.taps, i % j->cols.taps);
		for (int64_t c = 0; c < j->channels; c++)
			places[i * j->channels + c] = (int32_t)(at + c * v->view.plane);
	}
}

// sliding_row computes output row p of an image; view points to the first place
// of that row. Some near tiles at a time meet a panel of weights.
static void AE(sliding_row)(const ae_sliding *v, int64_t image, int64_t p, const float *view, const int32_t *places) {
	const ae_conv *j = &v->conv;
	const int64_t rows = j->channels * j->taps, vectors = AE_CEIL(j->cols.out, AE_W), tiles = AE_CEIL(vectors, AE_NV), near = AE_MAX(AE(sliding_near)(j), 1);
	ae_tile t = {.ld = j->y_channel, .relu = j->relu};
	for (int64_t from = 0; from < tiles; from += near)
		for (int64_t k = 0; k < j->outputs; k += AE_MR)
			for (int64_t i = from; i < AE_MIN(from + near, tiles); i++) {
				const int64_t first = i * vectors / tiles, nv = (i + 1) * vectors / tiles - first, q = first * AE_W;
				const int64_t at = image * j->y_image + k * j->y_channel + p * j->y_row + q, h = AE(panel_rows)(j->outputs - k);
				t.c = j->y + at;
				t.rows = AE_MIN(h, j->outputs - k);
				t.cols = AE_MIN(nv * AE_W, j->cols.out - q);
				t.bias = j->bias != NULL ? j->bias + k : NULL;
				t.residual = j->residual != NULL ? j->residual + at : NULL;
				AE(micro_tile)(h, nv, rows, j->prepared + k * rows, view + q, 0, places, &t);
			}
}

static void AE(sliding_task)(void *ctx, int64_t task, float *scratch) {
	const ae_sliding *v = ctx;
	const ae_conv *j = &v->conv;
	const int64_t image = task / v->bands, p = task % v->bands * v->band;
	int32_t *places = (int32_t *)(scratch + AE_SLIDING_VIEW);
	AE(sliding_places)(v, places);
	AE(view_fill)(&v->view, scratch, j->x + image * j->channels * j->rows.in * j->cols.in, j->channels, p);
	for (int64_t i = 0; i < AE_MIN(v->band, j->rows.out - p); i++)
		AE(sliding_row)(v, image, p + i, scratch + i * v->view.pitch, places);
}

static void AE(sliding_run)(ae_sliding *v, ae_run *r) {
	ae_parallel(r, v->conv.images * v->bands, AE(sliding_task), v);
}
