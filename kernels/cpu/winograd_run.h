// Winograd's convolution at work: the weights to the points, and the tasks that
// join input, products and output.

typedef struct {
	const ae_winograd *w;
	float *u;
} AE(winograd_preparation);

// winograd_filters takes AE_W filters, tap i of which is filter[i], to the points: weight i
// to to[i*plane]. It uses taps*kinds vectors at `at`.
AE_INLINE void AE(winograd_filters)(const int points, const int kinds, const int taps, const ae_v *filter, ae_v *at, float *to, int64_t plane) {
	ae_v column[AE_WINOGRAD_POINTS];
	for (int s = 0; s < taps; s++) {
		AE(weight_points)(points, taps, filter + s, taps, column);
#pragma GCC unroll 10
		for (int i = 0; i < kinds; i++)
			at[i * taps + s] = column[i];
	}
	for (int i = 0; i < kinds; i++) {
		AE(weight_points)(points, taps, at + i * taps, 1, column);
#pragma GCC unroll 10
		for (int s = 0; s < kinds; s++, to += plane)
			ae_store(to, column[s]);
	}
}

// The instances are functions of their own, for the compiler's registers.
#define AE_WINOGRAD_FILTERS(points, kinds, taps)                                                                                  \
	static AE_APART void AE(winograd_filters_##points##_##taps)(const ae_v *filter, ae_v *at, float *to, int64_t plane) { \
		AE(winograd_filters)(points, kinds, taps, filter, at, to, plane);                                                   \
	}
AE_WINOGRAD_FILTERS(4, 4, 3)
AE_WINOGRAD_FILTERS(6, 6, 3)
AE_WINOGRAD_FILTERS(9, 6, 3)
AE_WINOGRAD_FILTERS(6, 6, 4)
AE_WINOGRAD_FILTERS(8, 8, 4)
AE_WINOGRAD_FILTERS(10, 10, 4)

typedef void AE(winograd_filters_kernel)(const ae_v *filter, ae_v *at, float *to, int64_t plane);

static AE(winograd_filters_kernel) *AE(winograd_filters_of)(int points, int64_t taps) {
	if (taps == 3)
		return points == 4 ? AE(winograd_filters_4_3) : points == 6 ? AE(winograd_filters_6_3) : AE(winograd_filters_9_3);
	return points == 6 ? AE(winograd_filters_6_4) : points == 8 ? AE(winograd_filters_8_4) : AE(winograd_filters_10_4);
}

// winograd_weights_task takes a panel of weights to the points. Output channels
// beyond the last are like the last; input channels beyond are zero.
static void AE(winograd_weights_task)(void *ctx, int64_t task, float *scratch) {
	const AE(winograd_preparation) *a = ctx;
	const ae_winograd *w = a->w;
	const ae_conv *j = &w->conv;
	const int taps = (int)j->rows.taps, kinds = w->kinds;
	const int64_t k = task * AE_PRODUCT_COLS, width = AE_MIN(AE_PRODUCT_COLS, AE(product_outputs)(j->outputs) - k);
	AE(winograd_filters_kernel) *const to_points = AE(winograd_filters_of)(w->points, taps);
	float *to = a->u + k * w->depth;
	ae_v *filter = (void *)scratch, *at = filter + taps * taps;
	for (int64_t c = 0; c < j->channels; c++)
		for (int64_t part = 0; part < width; part += AE_W, to += AE_W) {
			for (int lane = 0; lane < AE_W; lane++) {
				const float *from = j->w + AE_MIN(k + part + lane, j->outputs - 1) * j->w_out + c * j->w_in;
				for (int i = 0; i < taps * taps; i++)
					filter[i][lane] = from[(j->rows.weight + i / taps * j->rows.turn) * j->w_row + j->cols.weight + i % taps * j->cols.turn];
			}
			to_points(filter, at, to, w->u_plane);
		}
	const int64_t rest = (w->depth - j->channels) * width;
	for (int64_t i = 0; i < kinds * kinds && rest > 0; i++)
		memset(to + i * w->u_plane, 0, sizeof(float) * (size_t)rest);
}

static void AE(winograd_prepare)(const ae_winograd *w, float *u, ae_run *r) {
	AE(winograd_preparation) a = {w, u};
	ae_parallel(r, AE_CEIL(w->conv.outputs, AE_PRODUCT_COLS), AE(winograd_weights_task), &a);
}

// winograd_products makes the products of n output channels at all points, u being
// their weights at the first.
static void AE(winograd_products)(const ae_winograd *w, ae_tiles g, int64_t n, const float *u, const float *v, float *m) {
	const int kinds = w->kinds, points = w->points;
	ae_product_points at;
	at.blocks = AE(product_blocks)(g.rows * g.cols);
	for (int kind = 0; kind < kinds * kinds; kind++, u += w->u_plane) {
		const int row = kind / kinds, col = kind % kinds;
		at.n = 0;
		for (int i = row; i < (row + 1 < kinds ? row + 1 : points); i++)
			for (int j = col; j < (col + 1 < kinds ? col + 1 : points); j++, at.n++) {
				at.v[at.n] = v + (i * points + j) * w->v_plane;
				at.m[at.n] = m + (i * points + j) * w->m_plane;
			}
		AE(product_run)(&at, n, w->depth, u, w->tiles * AE_PRODUCT_COLS, kind + 1 < kinds * kinds ? u + w->u_plane : u);
	}
}

static void AE(winograd_task)(void *ctx, int64_t task, float *scratch) {
	const ae_winograd *w = ctx;
	const ae_conv *j = &w->conv;
	const int64_t first = task % w->parts * w->part, end = AE_MIN(first + w->part, j->outputs);
	int64_t group = task / w->parts;
	const int64_t image = group / (w->groups_down * w->groups_across);
	group %= w->groups_down * w->groups_across;
	ae_tiles g = {.row = group / w->groups_across * w->high, .col = group % w->groups_across * w->wide};
	g.rows = AE_MIN(w->high, w->down - g.row);
	g.cols = AE_MIN(w->wide, w->across - g.col);
	float *rows = scratch, *v = rows + AE(winograd_before)(w), *m = v + w->points * w->points * w->v_plane;
	AE(winograd_gather)(w, g, j->x + image * j->channels * AE(winograd_plane)(j), rows, v);
	for (int64_t k = first; k < end; k += w->block) {
		const int64_t n = AE_MIN(w->block, end - k);
		AE(winograd_products)(w, g, n, j->prepared + k * w->depth, v, m);
		AE(winograd_scatter)(w, g, image, k, n, m, rows);
	}
}

// winograd_run splits the output channels where there are too few groups for the
// threads; each part repeats the input's way to the points.
static void AE(winograd_run)(ae_winograd *w, ae_run *r) {
	const int64_t groups = w->conv.images * w->groups_down * w->groups_across;
	w->parts = AE_MIN(AE_CEIL(w->conv.outputs, AE_WINOGRAD_PART), AE_CEIL(ae_enough(r, AE_WINOGRAD_EACH), groups));
	w->part = AE_CEIL(AE_CEIL(w->conv.outputs, w->parts), AE_PRODUCT_COLS) * AE_PRODUCT_COLS;
	w->parts = AE_CEIL(w->conv.outputs, w->part);
	ae_parallel(r, groups * w->parts, AE(winograd_task), w);
}
