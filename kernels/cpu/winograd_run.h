// Winograd's convolution at work: the weights to the points, the products, and
// the tasks that join them with winograd_tiles.h.

typedef struct {
	const ae_winograd *w;
	float *u;
} AE(winograd_preparation);

// winograd_weights_task takes a panel of weights to the points. Each point has
// the panels of the first w.depth input channels, [c][height], then of the next.
static void AE(winograd_weights_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const AE(winograd_preparation) *a = ctx;
	const ae_winograd *w = a->w;
	const ae_conv *j = &w->conv;
	const int taps = (int)j->rows.taps, points = w->points;
	const int64_t k = task * AE_MR, h = AE(panel_rows)(j->outputs - k);
	ae_v4 filter[16], column[8], at[8 * 4];
	for (int64_t c = 0; c < j->channels; c++)
		for (int64_t part = 0; part < h; part += 4) {
			for (int lane = 0; lane < 4; lane++) {
				const float *from = j->w + AE_MIN(k + part + lane, j->outputs - 1) * j->w_out + c * j->w_in;
				for (int i = 0; i < taps * taps; i++)
					filter[i][lane] = from[(j->rows.weight + i / taps * j->rows.turn) * j->w_row + j->cols.weight + i % taps * j->cols.turn];
			}
			for (int s = 0; s < taps; s++) {
				AE(weight_points)(points, taps, filter + s, taps, column);
				for (int i = 0; i < points; i++)
					at[i * taps + s] = column[i];
			}
			const int64_t first = c / w->depth * w->depth, depth = AE_MIN(w->depth, j->channels - first);
			float *to = a->u + first * AE(padded_rows)(j->outputs) + k * depth + (c - first) * h + part;
			for (int i = 0; i < points; i++) {
				AE(weight_points)(points, taps, at + i * taps, 1, column);
				for (int s = 0; s < points; s++)
					ae_store4(to + (i * points + s) * w->u_plane, column[s]);
			}
		}
}

static void AE(winograd_prepare)(const ae_winograd *w, float *u, ae_run *r) {
	AE(winograd_preparation) a = {w, u};
	ae_parallel(r, AE_CEIL(w->conv.outputs, AE_MR), AE(winograd_weights_task), &a);
}

// winograd_multiply makes the products of a point for output channels [k, k+n):
// m[n][lanes] = u[n][channels] v[channels][lanes], of which `tiles` lanes count.
// It takes as many input channels at a time as the first-level cache holds, for
// which AE_NV vectors of lanes meet all the weights.
static void AE(winograd_multiply)(const ae_winograd *w, int64_t k, int64_t n, int64_t tiles, const float *u, const float *v, float *m) {
	const int64_t channels = w->conv.channels, outputs = w->conv.outputs, ld = w->lanes;
	for (int64_t c = 0; c < channels; c += w->depth) {
		const int64_t depth = AE_MIN(w->depth, channels - c);
		const float *panels = u + c * AE(padded_rows)(outputs) + k * depth;
		for (int64_t j = 0; j < tiles; j += AE_NR)
			for (int64_t i = 0; i < n; i += AE_MR) {
				const int64_t nv = AE_MIN(AE_NV, AE_CEIL(tiles - j, AE_W));
				const ae_tile t = {.c = m + i * ld + j, .ld = ld, .rows = AE_MR, .cols = nv * AE_W, .add = c > 0};
				AE(micro_tile)(AE(panel_rows)(outputs - k - i), nv, depth, panels + i * depth, v + c * ld + j, ld, NULL, &t);
			}
	}
}

// winograd_gather takes the input of a group of tiles to the points.
static void AE(winograd_gather)(const ae_winograd *w, ae_tiles g, const float *x, float *row, float *patch, float *v) {
	const int64_t plane = w->conv.rows.in * w->conv.cols.in;
	for (int64_t c = 0; c < w->conv.channels; c++, x += plane, v += w->lanes) {
		AE(winograd_patch)(w, g, row, patch, x);
		if (w->points == 6)
			AE(winograd_input_6_4)(w, g, patch, v);
		else
			AE(winograd_input_8_5)(w, g, patch, v);
	}
}

// winograd_scatter takes the products of output channels [k, k+n) to the output;
// image counts images.
static void AE(winograd_scatter)(const ae_winograd *w, ae_tiles g, int64_t image, int64_t k, int64_t n, const float *m, float *rows) {
	const ae_conv *j = &w->conv;
	ae_followers f = {.relu = j->relu};
	for (int64_t i = k; i < k + n; i++, m += w->lanes) {
		const int64_t channel = image * j->y_image + i * j->y_channel;
		f.bias = j->bias != NULL ? j->bias[i] : 0;
		f.residual = j->residual != NULL ? j->residual + channel : NULL;
		for (int64_t t = 0; t < g.rows; t++) {
			if (w->points == 6)
				AE(winograd_output_6_4)(w, g, m + t * g.cols, rows);
			else
				AE(winograd_output_8_5)(w, g, m + t * g.cols, rows);
			AE(winograd_rows)(w, (ae_tiles){g.row + t, g.col, 1, g.cols}, rows, j->y + channel, f);
		}
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
	const int64_t points = w->points * w->points;
	float *patch = scratch, *v = patch + AE(winograd_patch_size)(w);
	float *m = v + points * w->v_plane, *rows = m + points * w->m_plane;
	AE(winograd_gather)(w, g, j->x + image * j->channels * j->rows.in * j->cols.in, rows, patch, v);
	for (int64_t k = first; k < end; k += w->block) {
		const int64_t n = AE_MIN(w->block, end - k);
		for (int64_t i = 0; i < points; i++)
			AE(winograd_multiply)(w, k, n, g.rows * g.cols, j->prepared + i * w->u_plane, v + i * w->v_plane, m + i * w->m_plane);
		AE(winograd_scatter)(w, g, image, k, n, m, rows);
	}
}

// winograd_run splits the output channels where there are too few groups for the
// threads; each part repeats the input's way to the points.
static void AE(winograd_run)(ae_winograd *w, ae_run *r) {
	const int64_t groups = w->conv.images * w->groups_down * w->groups_across;
	w->parts = AE_MIN(AE_CEIL(w->conv.outputs, AE_WINOGRAD_PART), AE_CEIL(AE_WINOGRAD_TASKS, groups));
	w->part = AE_CEIL(AE_CEIL(w->conv.outputs, w->parts), AE_MR) * AE_MR;
	w->parts = AE_CEIL(w->conv.outputs, w->part);
	ae_parallel(r, groups * w->parts, AE(winograd_task), w);
}
