// Convolution as a matrix product: weights [outputs, taps*channels] times columns
// of the input (conv_columns.h), on the micro-kernel of gemm.h. A task is a run of
// columns of one image for a block of output channels. It takes some taps and
// input channels at a time, a pass, and adds up in the output.

typedef struct {
	ae_axis rows, cols;
	int64_t images, channels, outputs; // N, input and output channels
	const float *x, *w;
	int64_t w_out, w_in, w_row; // strides of w; a column is 1
	float *y;
	int64_t y_image, y_channel, y_row, y_col; // strides of y
	const float *bias, *residual;             // NULL for none
	int relu;
	float *prepared; // the weights as conv2d.h prepares them
	// In int8 (conv_int8.h) x is cells of four of the `quantised` channels, channels
	// counts cells, and scale has the factors of the sums. 0 for float32.
	int64_t quantised;
	float *range, *scale;
	// The split.
	int64_t depth;         // input channels of a pass
	int64_t taps;          // of a pass
	int64_t run;           // vectors of columns of a task
	int64_t block, blocks; // output channels of a task
	int areas_down, areas_across;
	ae_area areas[9];
} ae_conv;

#define AE_CONV_ROWS 512    // of the matrix in a pass: a panel of columns stays in the first-level cache
#define AE_CONV_NEAR 6144   // floats of columns that stay there beside a panel of weights
#define AE_CONV_SUMS 131072 // floats of sums that a task holds back, at most

// even divides n into equal parts of at most `most`.
AE_INLINE int64_t AE(even)(int64_t n, int64_t most) { return AE_CEIL(n, AE_CEIL(n, most)); }

// axis_cuts divides the outputs of an axis where the taps that miss the padding
// change, into at most 3 parts: part i begins at cut[i] and meets the taps
// [lo[i], hi[i]). It returns 0 if there are more.
static int AE(axis_cuts)(ae_axis a, int64_t *cut, int64_t *lo, int64_t *hi) {
	int n = 0;
	for (int64_t p = 0; p < a.out; p++) {
		const int64_t first = p * a.stride + a.first;
		int64_t l = 0, h = a.taps;
		while (l < h && first + l * a.step < 0)
			l++;
		while (h > l && first + (h - 1) * a.step >= a.in)
			h--;
		if (n > 0 && lo[n - 1] == l && hi[n - 1] == h)
			continue;
		if (n == 3)
			return 0;
		cut[n] = p, lo[n] = l, hi[n] = h;
		n++;
	}
	cut[n] = a.out;
	return n;
}

AE_INLINE int64_t AE(area_vectors)(const ae_area *a) { return AE_CEIL(a->height * a->width, AE_W); }

// conv_areas divides the outputs into areas if that saves a quarter of the work:
// with dilation as large as the image, most taps are padding.
static void AE(conv_areas)(ae_conv *j) {
	int64_t p[4], q[4], t[3], t_end[3], s[3], s_end[3], work = 0;
	const ae_area whole = {0, 0, j->rows.out, j->cols.out, 0, j->rows.taps, 0, j->cols.taps};
	j->areas_down = AE(axis_cuts)(j->rows, p, t, t_end);
	j->areas_across = AE(axis_cuts)(j->cols, q, s, s_end);
	const int n = j->areas_down * j->areas_across;
	for (int i = 0; i < n; i++) {
		const int a = i / j->areas_across, b = i % j->areas_across;
		j->areas[i] = (ae_area){p[a], q[b], p[a + 1] - p[a], q[b + 1] - q[b], t[a], t_end[a], s[b], s_end[b]};
		work += AE(area_vectors)(&j->areas[i]) * (t_end[a] - t[a]) * (s_end[b] - s[b]);
	}
	if (n > 0 && j->channels >= 32 && 4 * work <= 3 * AE(area_vectors)(&whole) * j->rows.taps * j->cols.taps)
		return;
	j->areas_down = j->areas_across = 1;
	j->areas[0] = whole;
}

// is_straight tells whether the outputs are one run of floats for a channel, in
// which sums may stand before they are complete: those of int8 may not.
AE_INLINE int AE(is_straight)(const ae_conv *j) {
	const int one_pass = j->depth == j->channels && j->taps == j->rows.taps * j->cols.taps;
	return j->areas_down * j->areas_across == 1 && j->y_col == 1 && j->y_row == j->cols.out && (j->quantised == 0 || one_pass);
}

// conv_runs is how many runs of columns an image has.
static int64_t AE(conv_runs)(const ae_conv *j) {
	int64_t n = 0;
	for (int i = 0; i < j->areas_down * j->areas_across; i++)
		n += AE_CEIL(AE(area_vectors)(&j->areas[i]), j->run);
	return n;
}

// conv_tasks is how many tasks an image should be: 9 where they are not tiny.
AE_INLINE int64_t AE(conv_tasks)(const ae_conv *j) {
	const int64_t work = j->outputs * j->channels * j->rows.taps * j->cols.taps * j->rows.out * j->cols.out;
	return AE_MIN((work >> 20) + 1, 9);
}

// conv_split chooses the sizes of a task from the shapes: enough tasks, and of
// these splits the one that copies least. Columns are copied once for each block,
// weights read once for each run.
static void AE(conv_split)(ae_conv *j) {
	AE(conv_areas)(j);
	const int64_t taps = AE_MAX(j->rows.taps * j->cols.taps, 1);
	j->depth = AE(even)(j->channels, AE_CONV_ROWS);
	j->taps = j->areas_down * j->areas_across > 1 ? 1 : AE(even)(taps, AE_CONV_ROWS / j->depth);
	const int64_t columns = j->rows.out * j->cols.out, panels = AE_CEIL(j->outputs, AE_MR);
	const int64_t tasks = AE(conv_tasks)(j);
	int64_t best = -1, run = 0, block = 0;
	for (int64_t r = AE_CONV_RUN; r > 0; r--)
		for (int64_t blocks = 1; blocks <= panels; blocks++) {
			j->run = r * AE_NV;
			j->block = AE_CEIL(panels, blocks) * AE_MR;
			if (!AE(is_straight)(j) && j->block * j->run * AE_W > AE_CONV_SUMS && j->block > AE_MR)
				continue;
			const int64_t runs = AE(conv_runs)(j), n = runs * AE_CEIL(j->outputs, j->block);
			const int64_t cost = blocks * columns + j->outputs * runs / 4 + (n < tasks) * (columns + j->outputs) * 1000;
			if (best < 0 || cost < best)
				best = cost, run = j->run, block = j->block;
			if (n >= tasks)
				break;
		}
	j->run = run;
	j->block = block;
	j->blocks = AE_CEIL(j->outputs, block);
}

// A task in progress.
typedef struct {
	const ae_conv *j;
	ae_columns columns;
	int64_t image;
	int64_t k, outputs;   // its output channels
	float *panels, *sums; // sums: [outputs][vectors*AE_W] if the output is not straight
} ae_conv_task;

// conv_pack packs the columns of a pass: input channels [c, c+depth), taps from
// tap. Vector v of the task begins at panels + v*AE_W*rows, rows of a panel
// following each other.
static void AE(conv_pack)(const ae_conv_task *a, int64_t c, int64_t depth, int64_t tap, int64_t taps) {
	const ae_axis *rows = &a->j->rows, *cols = &a->j->cols;
	const float *x = a->j->x + (a->image * a->j->channels + c) * rows->in * cols->in;
	for (int64_t i = 0; i < taps; i++) {
		const int64_t t = (tap + i) / cols->taps, s = (tap + i) % cols->taps;
		if (cols->stride == 1)
			AE(column_rows)(a->panels, depth * taps, i * depth, &a->columns, rows, cols, t, s, x, depth, 1);
		else if (cols->stride == 2)
			AE(column_rows)(a->panels, depth * taps, i * depth, &a->columns, rows, cols, t, s, x, depth, 2);
		else
			AE(column_rows)(a->panels, depth * taps, i * depth, &a->columns, rows, cols, t, s, x, depth, cols->stride);
	}
}

// conv_multiply adds a pass of `rows` rows to the sums. As many panels of columns
// as stay near meet a panel of weights at a time.
static void AE(conv_multiply)(const ae_conv_task *a, const float *weights, int64_t rows, int first, int last) {
	const ae_conv *j = a->j;
	const int64_t vector = a->columns.vector, vectors = a->columns.vectors;
	const int64_t panels = a->columns.panels, near = AE_MAX(AE_CONV_NEAR / (AE_MAX(rows, 1) * AE_NR), 1);
	const int straight = a->sums == NULL;
	const int64_t origin = a->image * j->y_image + a->k * j->y_channel + vector * AE_W;
	ae_tile t = {.ld = straight ? j->y_channel : vectors * AE_W, .add = !first, .relu = straight && last && j->relu};
	float *c = straight ? j->y + origin : a->sums;
	const float *bias = straight && last && j->bias != NULL ? j->bias + a->k : NULL;
	const float *residual = straight && last && j->residual != NULL ? j->residual + origin : NULL;
	const int64_t columns = straight ? AE_MIN(vectors * AE_W, j->rows.out * j->cols.out - vector * AE_W) : vectors * AE_W;
	for (int64_t p = 0; p < panels; p += near)
		for (int64_t k = 0; k < a->outputs; k += AE_MR)
			for (int64_t i = p; i < AE_MIN(p + near, panels); i++) {
				const int64_t v = a->columns.panel[i], nv = a->columns.panel[i + 1] - v;
				const int64_t at = k * t.ld + v * AE_W, h = AE(panel_rows)(a->outputs - k);
				t.c = c + at;
				t.rows = AE_MIN(h, a->outputs - k);
				t.cols = AE_MIN(nv * AE_W, columns - v * AE_W);
				t.bias = bias != NULL ? bias + k : NULL;
				t.residual = residual != NULL ? residual + at : NULL;
				const float *panel = weights + k * rows, *b = a->panels + v * AE_W * rows;
				if (j->quantised != 0)
					AE(int8_tile)(h, nv, rows, panel, b, straight ? j->scale + a->k + k : NULL, &t);
				else
					AE(micro_tile)(h, nv, rows, panel, b, nv * AE_W, NULL, &t);
			}
}

// conv_spread takes sums that were held back to their places in the output.
static void AE(conv_spread)(const ae_conv_task *a) {
	const ae_conv *j = a->j;
	const ae_columns *c = &a->columns;
	const int64_t width = c->area->width, end = AE_MIN((c->vector + c->vectors) * AE_W, c->area->height * width);
	for (int64_t k = 0; k < a->outputs; k++) {
		const int64_t channel = a->image * j->y_image + (a->k + k) * j->y_channel + c->area->q * j->y_col;
		const float *sum = a->sums + k * c->vectors * AE_W, bias = j->bias != NULL ? j->bias[a->k + k] : 0;
		int64_t p = c->vector * AE_W / width, q = c->vector * AE_W % width;
		for (int64_t left = end - c->vector * AE_W; left > 0; p++, q = 0) {
			const int64_t n = AE_MIN(left, width - q);
			int64_t at = channel + (c->area->p + p) * j->y_row + q * j->y_col;
			left -= n;
			if (j->quantised != 0) {
				AE(int8_finish)(sum, n, j->scale[a->k + k], bias, j->residual != NULL ? j->residual + at : NULL, j->relu, j->y + at);
				sum += n;
				continue;
			}
			for (int64_t i = 0; i < n; i++, at += j->y_col) {
				const float v = *sum++ + bias + (j->residual != NULL ? j->residual[at] : 0);
				j->y[at] = j->relu && !(v > 0) ? 0 : v;
			}
		}
	}
}

_Static_assert(AE_CONV_ROWS * AE_CONV_VECTORS * AE_W + AE_CONV_SUMS <= AE_SCRATCH, "columns and sums fit into a task's scratch");

static void AE(conv_task)(void *ctx, int64_t task, float *scratch) {
	const ae_conv *j = ctx;
	const int64_t runs = AE(conv_runs)(j);
	const ae_area *area = j->areas;
	int64_t run = task / j->blocks % runs, of_area;
	for (; run >= (of_area = AE_CEIL(AE(area_vectors)(area), j->run)); area++)
		run -= of_area;
	ae_conv_task a = {.j = j, .image = task / j->blocks / runs, .k = task % j->blocks * j->block, .panels = scratch};
	AE(columns_of)(&a.columns, &j->rows, &j->cols, area, run * j->run, AE_MIN(j->run, AE(area_vectors)(area) - run * j->run));
	a.outputs = AE_MIN(j->block, j->outputs - a.k);
	if (!AE(is_straight)(j))
		a.sums = scratch + AE_CONV_ROWS * AE_CONV_VECTORS * AE_W;
	const int64_t taps = j->rows.taps * j->cols.taps, height = AE(padded_rows)(j->outputs);
	int first = 1;
	for (int64_t c = 0; c < j->channels; c += j->depth)
		for (int64_t t = 0; t < taps; t += j->taps) {
			const int64_t depth = AE_MIN(j->depth, j->channels - c), n = AE_MIN(j->taps, taps - t), row = t / j->cols.taps, col = t % j->cols.taps;
			if (n == 1 && (row < area->t || row >= area->t_end || col < area->s || col >= area->s_end))
				continue;
			const int last = c + depth == j->channels && (area->t_end - 1) * j->cols.taps + area->s_end - 1 < t + n;
			AE(conv_pack)(&a, c, depth, t, n);
			AE(conv_multiply)(&a, j->prepared + height * (c * taps + t * depth) + a.k * depth * n, depth * n, first, last);
			first = 0;
		}
	if (first) // there is nothing but padding
		AE(conv_multiply)(&a, j->prepared, 0, 1, 1);
	if (a.sums != NULL)
		AE(conv_spread)(&a);
}

// direct_weights is the floats of prepared weights: for each pass the panels of
// its rows, [tap][channel][height].
static int64_t AE(direct_weights)(const ae_conv *j) { return AE(padded_rows)(j->outputs) * j->channels * j->rows.taps * j->cols.taps; }

// direct_prepare_task prepares a panel of each pass. Rows that a panel lacks
// repeat its last one: their products are not stored.
static void AE(direct_prepare_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const ae_conv *j = ctx;
	const int64_t taps = j->rows.taps * j->cols.taps, k = task * AE_MR, h = AE(panel_rows)(j->outputs - k);
	for (int64_t c = 0; c < j->channels; c += j->depth)
		for (int64_t t = 0; t < taps; t++) {
			const int64_t depth = AE_MIN(j->depth, j->channels - c), first = t / j->taps * j->taps, n = AE_MIN(j->taps, taps - first);
			float *to = j->prepared + AE(padded_rows)(j->outputs) * (c * taps + first * depth) + k * depth * n + (t - first) * depth * h;
			const float *from = j->w + c * j->w_in + (j->rows.weight + t / j->cols.taps * j->rows.turn) * j->w_row + j->cols.weight + t % j->cols.taps * j->cols.turn;
			for (int64_t i = 0; i < h; i++) {
				const float *row = from + AE_MIN(k + i, j->outputs - 1) * j->w_out;
				for (int64_t d = 0; d < depth; d++)
					to[d * h + i] = row[d * j->w_in];
			}
		}
}

// int8_prepare_task is the same in int8: the weights of an output channel are whole
// multiples of their largest / AE_INT8_WEIGHT.
static void AE(int8_prepare_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const ae_conv *j = ctx;
	const int64_t taps = j->rows.taps * j->cols.taps, k = task * AE_MR, h = AE(panel_rows)(j->outputs - k);
	for (int64_t i = 0; i < h; i++) {
		const float *row = j->w + AE_MIN(k + i, j->outputs - 1) * j->w_out;
		float most = 0;
		for (int64_t n = 0; n < j->w_out; n++)
			most = AE_MAX(most, fabsf(row[n]));
		j->scale[k + i] = most / AE_INT8_WEIGHT * *j->range / AE_INT8_MOST;
		const float step = most > 0 ? AE_INT8_WEIGHT / most : 0;
		for (int64_t c = 0; c < j->channels; c += j->depth)
			for (int64_t t = 0; t < taps; t++) {
				const int64_t depth = AE_MIN(j->depth, j->channels - c), first = t / j->taps * j->taps, n = AE_MIN(j->taps, taps - first);
				float *to = j->prepared + AE(padded_rows)(j->outputs) * (c * taps + first * depth) + k * depth * n + (t - first) * depth * h + i;
				const float *from = row + (j->rows.weight + t / j->cols.taps * j->rows.turn) * j->w_row + j->cols.weight + t % j->cols.taps * j->cols.turn;
				for (int64_t d = 0; d < depth; d++)
					AE(int8_weights)(to + d * h, from + 4 * (c + d) * j->w_in, j->w_in, j->quantised - 4 * (c + d), step);
			}
	}
}

static void AE(direct_prepare)(ae_conv *j, ae_run *r) {
	ae_parallel(r, AE_CEIL(j->outputs, AE_MR), j->quantised != 0 ? AE(int8_prepare_task) : AE(direct_prepare_task), j);
}

static void AE(direct_run)(ae_conv *j, ae_run *r) {
	ae_parallel(r, j->images * AE(conv_runs)(j) * j->blocks, AE(conv_task), j);
}
