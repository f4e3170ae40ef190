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
	const float *compared; // with this the outputs are, whose map is y (conv_compared.h); NULL for none
	const ae_Resize *resize; // of what x points to, which gives the input (conv_resized.h); NULL for none
	float *prepared; // the weights as conv2d.h prepares them
	// In int8 (conv_int8.h) and bf16 (conv_bf16.h) x is cells of four or two of `all`
	// channels, and channels counts cells. In int8 scale has the factors of the sums.
	int reduced; // AE_F32, AE_INT8 or AE_BF16
	int64_t all;
	float *range, *scale;
	// The split.
	int64_t depth;         // input channels of a pass
	int64_t taps;          // of a pass
	int64_t run;           // vectors of columns of a task, at most
	int64_t strip;         // panels of columns of a strip
	int64_t block, blocks; // output channels of a task
	int areas_down, areas_across;
	ae_area areas[9];
} ae_conv;

#define AE_CONV_ROWS 512        // of the matrix in a pass: a panel of columns stays near
#define AE_CONV_NEAR 6144       // floats of columns that stay in the first-level cache beside a panel of weights
#define AE_CONV_SECOND 40000    // floats of columns that a panel of weights meets at a time: outputs are longer runs
#define AE_CONV_PANELS 73728    // floats of a strip of columns, at most
#define AE_CONV_SUMS 98304      // floats of sums that a task holds back, at most
#define AE_CONV_CHANNELS 8      // of a piece: so many lines of the input are on their way at once
#define AE_CONV_WEIGHTS 1000000 // of a convolution, that stay in the second-level cache for the next run
#define AE_CONV_TASKS 6         // of an image, where the threads do not matter
#define AE_CONV_EACH 3          // tasks for each of several threads
#define AE_CONV_TINY 22         // log2 of the multiply-adds of a task that is worth it

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

AE_INLINE int64_t AE(area_taps)(const ae_area *a) { return (a->t_end - a->t) * (a->s_end - a->s); }
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
	return j->areas_down * j->areas_across == 1 && j->y_col == 1 && j->y_row == j->cols.out && (j->reduced != AE_INT8 || one_pass);
}

// conv_runs is how many runs of columns an image has.
static int64_t AE(conv_runs)(const ae_conv *j) {
	int64_t n = 0;
	for (int i = 0; i < j->areas_down * j->areas_across; i++)
		n += AE_CEIL(AE(area_vectors)(&j->areas[i]), j->run);
	return n;
}

// conv_tasks is how many tasks an image is worth: `most` where it is not tiny.
AE_INLINE int64_t AE(conv_tasks)(const ae_conv *j, int64_t most) {
	const int64_t work = j->outputs * j->channels * j->rows.taps * j->cols.taps * j->rows.out * j->cols.out;
	return AE_MIN((work >> AE_CONV_TINY) + 1, most);
}

// conv_divide chooses the columns and outputs of a task: of the divisions into enough
// tasks the one that copies least. Columns are copied once for each block, weights read
// once for each run. No sum depends on it.
static void AE(conv_divide)(ae_conv *j, int64_t tasks) {
	const int64_t taps = AE_MAX(j->rows.taps * j->cols.taps, 1);
	const int64_t columns = j->rows.out * j->cols.out, panels = AE_CEIL(j->outputs, AE_MR);
	int64_t best = -1, run = 0, block = 0;
	const int64_t most = j->compared != NULL ? 1 : panels; // blocks
	const int64_t near = j->outputs * j->channels * taps < AE_CONV_WEIGHTS ? 4 : 1; // weights are read again from nearby, or not
	for (int64_t parts = 1; parts <= AE_MIN(4 * tasks, AE_CEIL(columns, AE_NR)); parts++)
		for (int64_t blocks = 1; blocks <= most; blocks++) {
			j->run = AE_CEIL(AE_CEIL(columns, AE_W), parts);
			j->block = AE_CEIL(panels, blocks) * AE_MR;
			if (!AE(is_straight)(j) && j->block * j->strip * AE_NR > AE_CONV_SUMS && j->block > AE_MR)
				continue;
			const int64_t runs = AE(conv_runs)(j), n = runs * AE_CEIL(j->outputs, j->block);
			const int64_t cost = blocks * columns + j->outputs * runs / near + (n < tasks) * (columns + j->outputs) * 1000;
			if (best < 0 || cost < best)
				best = cost, run = j->run, block = j->block;
			if (n >= tasks)
				break;
		}
	j->run = run;
	j->block = block;
	j->blocks = AE_CEIL(j->outputs, block);
}

// conv_split chooses passes, which order the sums, by shapes alone, and a division
// that suits a few threads.
static void AE(conv_split)(ae_conv *j) {
	AE(conv_areas)(j);
	const int64_t taps = AE_MAX(j->rows.taps * j->cols.taps, 1);
	j->depth = AE(even)(j->channels, AE_CONV_ROWS);
	j->taps = j->areas_down * j->areas_across > 1 ? 1 : AE(even)(taps, AE_CONV_ROWS / j->depth);
	j->strip = AE_MIN(AE_CONV_PANELS / (j->depth * j->taps * AE_NR), AE_CONV_STRIP);
	AE(conv_divide)(j, AE(conv_tasks)(j, AE_CONV_TASKS));
}

// A task in progress.
typedef struct {
	const ae_conv *j;
	const ae_area *area;
	int64_t image;
	int64_t k, outputs;      // its output channels
	int64_t vector, vectors; // its columns, of the area
	int64_t strips, passes;  // passes of a strip
	float *tile;             // where outputs that are compared are for a moment
	float *panels[2], *sums; // sums of a strip, [outputs][vectors*AE_W], if the output is not straight
	ae_columns columns[2];   // of a strip and the next
} ae_conv_task;

// A pass: input channels [c, c+depth), taps from tap. Its columns are packed piece
// by piece: [tap][AE_CONV_CHANNELS channels].
typedef struct {
	int64_t index, c, depth, tap, taps;
	int first, last; // of its strip
	const ae_columns *columns;
	float *panels;
	int64_t pieces, packed;
	ae_tap of; // the tap of the piece `packed`
} ae_pass;

// pass_set finds the pass of an index. It returns 0 if the area misses its tap. Where
// there is nothing but padding, the only pass is empty.
static int AE(pass_set)(const ae_conv_task *a, ae_pass *p) {
	const ae_conv *j = a->j;
	const int64_t taps = j->rows.taps * j->cols.taps, turns = AE_CEIL(taps, j->taps), i = p->index % a->passes;
	if (AE(area_taps)(a->area) == 0) {
		p->last = 1;
		return 1;
	}
	p->c = i / turns * j->depth;
	p->tap = i % turns * j->taps;
	p->depth = AE_MIN(j->depth, j->channels - p->c);
	p->taps = AE_MIN(j->taps, taps - p->tap);
	const int64_t row = p->tap / j->cols.taps, col = p->tap % j->cols.taps;
	p->last = p->c + p->depth == j->channels && (a->area->t_end - 1) * j->cols.taps + a->area->s_end - 1 < p->tap + p->taps;
	return p->taps > 1 || (row >= a->area->t && row < a->area->t_end && col >= a->area->s && col < a->area->s_end);
}

// A piece: n channels from x, which are rows from `row`, through tap `tap`.
typedef struct {
	int64_t row, n, tap;
	const float *x;
} ae_conv_piece;

AE_INLINE ae_conv_piece AE(pass_piece)(const ae_conv_task *a, const ae_pass *p, int64_t pieces) {
	const int64_t blocks = AE_CEIL(p->depth, AE_CONV_CHANNELS), tap = p->packed / blocks, d = p->packed % blocks * AE_CONV_CHANNELS;
	return (ae_conv_piece){tap * p->depth + d, AE_MIN(p->depth - d, pieces * AE_CONV_CHANNELS), p->tap + tap,
	                       a->j->x + (a->image * a->j->channels + p->c + d) * a->j->rows.in * a->j->cols.in};
}

// pass_tap finds what the tap of the next piece meets, if the piece begins one.
static void AE(pass_tap)(const ae_conv_task *a, ae_pass *p) {
	const ae_axis *rows = &a->j->rows, *cols = &a->j->cols;
	if (p->packed < p->pieces && p->packed % AE_CEIL(p->depth, AE_CONV_CHANNELS) == 0) {
		const int64_t tap = AE(pass_piece)(a, p, 1).tap;
		AE(column_tap)(&p->of, p->columns, rows, cols, tap / cols->taps, tap % cols->taps);
	}
}

// pass_next sets p to the pass behind the pass `before`, or to the first if that is
// NULL, and its columns. It returns 0 after the last.
static int AE(pass_next)(ae_conv_task *a, const ae_pass *before, ae_pass *p) {
	memset(p, 0, offsetof(ae_pass, of)); // not the parts of its tap, which pass_tap finds
	p->index = before != NULL ? before->index + 1 : 0;
	const int64_t end = a->strips * a->passes;
	while (p->index < end && !AE(pass_set)(a, p))
		p->index++;
	if (p->index >= end)
		return 0;
	const int64_t strip = p->index / a->passes, panels = AE_CEIL(a->vectors, AE_NV);
	p->first = before == NULL || before->index / a->passes != strip;
	p->columns = &a->columns[strip % 2];
	p->panels = a->panels[before != NULL && before->panels == a->panels[0]];
	if (p->first) {
		const int64_t from = strip * a->j->strip * a->vectors / panels, to = AE_MIN((strip + 1) * a->j->strip, panels) * a->vectors / panels;
		AE(columns_of)(&a->columns[strip % 2], &a->j->rows, &a->j->cols, a->area, a->vector + from, to - from);
	}
	p->pieces = p->taps * AE_CEIL(p->depth, AE_CONV_CHANNELS);
	AE(pass_tap)(a, p);
	return 1;
}

// pass_pack packs the next n pieces, if there are so many. Vector v begins at
// panels + v*AE_W*rows, rows of a panel following each other.
static void AE(pass_pack)(const ae_conv_task *a, ae_pass *p, int64_t n) {
	const int64_t plane = a->j->rows.in * a->j->cols.in, height = p->depth * p->taps, stride = a->j->cols.stride;
	for (; n > 0 && p->packed < p->pieces; n--) {
		const ae_conv_piece e = AE(pass_piece)(a, p, 1);
		if (stride == 1)
			AE(column_rows)(p->panels, height, e.row, p->columns, &p->of, e.x, plane, e.n, 1);
		else if (stride == 2)
			AE(column_rows)(p->panels, height, e.row, p->columns, &p->of, e.x, plane, e.n, 2);
		else
			AE(column_rows)(p->panels, height, e.row, p->columns, &p->of, e.x, plane, e.n, stride);
		p->packed++;
		AE(pass_tap)(a, p);
	}
}

// pass_ahead is what the next n pieces read.
static ae_ahead AE(pass_ahead)(const ae_conv_task *a, const ae_pass *p, int64_t n) {
	if (p->packed == p->pieces)
		return (ae_ahead){0};
	const ae_conv_piece e = AE(pass_piece)(a, p, n);
	return AE(column_ahead)(p->columns, &p->of, e.x, a->j->rows.in * a->j->cols.in, e.n, a->j->rows.stride);
}

AE_INLINE int64_t AE(panel_weights)(const ae_conv *j) { return AE(padded_rows)(j->outputs) * j->channels * j->rows.taps * j->cols.taps; }

AE_INLINE int AE(has_begins)(const ae_conv *j) { return j->rows.taps * j->cols.taps == 1; }

// panel_begin is from which of `depth` channels on, from channel c, the panel of output
// channel k has weights.
AE_INLINE int64_t AE(panel_begin)(const ae_conv *j, int64_t k, int64_t c, int64_t depth) {
	if (!AE(has_begins)(j))
		return 0;
	int32_t begin;
	memcpy(&begin, j->prepared + AE(panel_weights)(j) + k / AE_MR, sizeof begin);
	return AE_MIN(AE_MAX(begin - c, 0), depth);
}

// tile_compare adds the squares of what the outputs of a tile, from channel k and column
// `at`, differ by to the map, whose mean it is with the last channel.
static void AE(tile_compare)(const ae_conv_task *a, const ae_tile *t, int64_t k, int64_t at) {
	const ae_conv *j = a->j;
	const int64_t plane = j->y_channel;
	const float *other = j->compared + a->image * j->y_image + k * plane + at;
	float *map = j->y + a->image * plane + at;
	const float scale = k + t->rows == j->outputs ? (float)(1 / (double)j->outputs) : 1;
	for (int64_t q = 0; q < t->cols; q += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, t->cols - q);
		ae_v sum = k > 0 ? ae_load_part(map + q, 0, lanes) : (ae_v){0};
		for (int64_t i = 0; i < t->rows; i++) {
			const ae_v d = ae_load(t->c + i * t->ld + q) - (lanes == AE_W ? ae_load(other + i * plane + q) : ae_load_part(other + i * plane + q, 0, lanes));
			sum += d * d;
		}
		ae_store_part(map + q, sum * scale, 0, lanes);
	}
}

// conv_multiply adds a pass to the sums, and packs the next one meanwhile if there
// is one. Some panels of columns meet a panel of weights at a time.
static void AE(conv_multiply)(const ae_conv_task *a, const ae_pass *p, ae_pass *next) {
	const ae_conv *j = a->j;
	const ae_columns *columns = p->columns;
	const int64_t rows = p->depth * p->taps, vector = columns->vector, vectors = columns->vectors, plane = j->rows.out * j->cols.out;
	const int straight = a->sums == NULL, follow = straight && p->last;
	const int64_t origin = a->image * j->y_image + a->k * j->y_channel + vector * AE_W;
	float *const c = !straight ? a->sums : j->compared == NULL ? j->y + origin : NULL;
	const float *weights = j->prepared + AE(padded_rows)(j->outputs) * (p->c * j->rows.taps * j->cols.taps + p->tap * p->depth) + a->k * rows;
	const int64_t end = straight ? AE_MIN(vectors * AE_W, plane - vector * AE_W) : vectors * AE_W;
	const int64_t ld = straight ? j->y_channel : vectors * AE_W;
	ae_tile t = {.c = a->tile, .ld = j->compared != NULL ? AE_NR : ld, .add = !p->first, .relu = follow && j->relu};
	const int64_t each = next != NULL ? AE_CEIL(next->pieces, AE_CEIL(a->outputs, AE_MR) * columns->panels) : 0;
	const int64_t near = AE_MAX(AE_CONV_SECOND / (AE_MAX(rows, 1) * AE_NR), 1);
	for (int64_t f = 0; f < columns->panels; f += near)
		for (int64_t k = 0; k < a->outputs; k += AE_MR) {
			const int64_t h = AE(panel_rows)(a->outputs - k), begin = AE(panel_begin)(j, a->k + k, p->c, p->depth), end_f = AE_MIN(f + near, columns->panels);
			const float *const panel = weights + k * rows + begin * h, *const scale = straight && j->reduced == AE_INT8 ? j->scale + a->k + k : NULL;
			t.rows = AE_MIN(h, a->outputs - k);
			t.bias = follow && j->bias != NULL ? j->bias + a->k + k : NULL;
			for (int64_t i = f; i < end_f; i++) {
				const int64_t v = columns->panel[i], nv = columns->panel[i + 1] - v, at = k * ld + v * AE_W;
				const float *b = p->panels + v * AE_W * rows + begin * nv * AE_W;
				if (j->compared == NULL)
					t.c = c + at;
				t.cols = AE_MIN(nv * AE_W, end - v * AE_W);
				if (j->compared != NULL)
					t.beside = (ae_ahead){j->compared + origin + at, t.cols / 16 + 1, ld, t.rows};
				if (follow && j->residual != NULL)
					t.residual = j->residual + origin + at;
				const int pack = next != NULL && next->packed < next->pieces;
				if (pack)
					t.ahead = AE(pass_ahead)(a, next, each);
				else
					t.ahead.count = 0;
				if (j->reduced == AE_INT8)
					AE(int8_tile)(h, nv, rows - begin, panel, b, scale, &t);
#if AE_W == 16
				else if (j->reduced == AE_BF16)
					AE(bf16_tile)(h, nv, rows - begin, panel, b, &t);
#endif
				else
					AE(micro_tile)(h, nv, rows - begin, panel, b, nv * AE_W, NULL, &t);
				if (j->compared != NULL)
					AE(tile_compare)(a, &t, k, (vector + v) * AE_W);
				if (pack)
					AE(pass_pack)(a, next, each);
			}
		}
}

// conv_spread takes the sums of a strip that were held back to their places in the
// output.
static void AE(conv_spread)(const ae_conv_task *a, const ae_columns *c) {
	const ae_conv *j = a->j;
	const int64_t width = c->area->width, end = AE_MIN((c->vector + c->vectors) * AE_W, c->area->height * width);
	for (int64_t k = 0; k < a->outputs; k++) {
		const int64_t channel = a->image * j->y_image + (a->k + k) * j->y_channel + c->area->q * j->y_col;
		const float *sum = a->sums + k * c->vectors * AE_W, bias = j->bias != NULL ? j->bias[a->k + k] : 0;
		int64_t p = c->vector * AE_W / width, q = c->vector * AE_W % width;
		for (int64_t left = end - c->vector * AE_W; left > 0; p++, q = 0) {
			const int64_t n = AE_MIN(left, width - q);
			int64_t at = channel + (c->area->p + p) * j->y_row + q * j->y_col;
			left -= n;
			if (j->reduced == AE_INT8) {
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

// What a task keeps in its scratch: its place in the work is too much for the stack of a
// small thread, which a host may call us on.
typedef struct {
	float panels[2][AE_CONV_PANELS], sums[AE_CONV_SUMS], tile[AE_MR * AE_NR];
	ae_conv_task task;
	ae_pass pass[2];
} ae_conv_scratch;

_Static_assert(AE_CONV_PANELS >= AE_CONV_ROWS * AE_NR, "a strip has room for a panel");
_Static_assert(sizeof(ae_conv_scratch) <= 4 * AE_SCRATCH, "columns and sums fit into a task's scratch");

static void AE(conv_task)(void *ctx, int64_t task, float *scratch) {
	const ae_conv *j = ctx;
	ae_conv_scratch *s = (void *)scratch;
	const int64_t runs = AE(conv_runs)(j);
	const ae_area *area = j->areas;
	int64_t run = task / j->blocks % runs, of_area;
	for (; run >= (of_area = AE_CEIL(AE(area_vectors)(area), j->run)); area++)
		run -= of_area;
	const int64_t vectors = AE(area_vectors)(area);
	ae_conv_task *a = &s->task;
	a->j = j;
	a->area = area;
	a->image = task / j->blocks / runs;
	a->k = task % j->blocks * j->block;
	a->outputs = AE_MIN(j->block, j->outputs - a->k);
	a->vector = run * vectors / of_area;
	a->vectors = (run + 1) * vectors / of_area - a->vector;
	a->strips = AE_CEIL(AE_CEIL(a->vectors, AE_NV), j->strip);
	a->passes = AE(area_taps)(area) == 0 ? 1 : AE_CEIL(j->channels, j->depth) * AE_CEIL(j->rows.taps * j->cols.taps, j->taps);
	a->tile = s->tile;
	a->panels[0] = s->panels[0];
	a->panels[1] = s->panels[1];
	a->sums = AE(is_straight)(j) ? NULL : s->sums;
	ae_pass *pass = s->pass;
	int i = 0;
	AE(pass_next)(a, NULL, &pass[0]);
	for (int more = 1; more; i = !i) {
		AE(pass_pack)(a, &pass[i], pass[i].pieces); // what is left of it
		more = AE(pass_next)(a, &pass[i], &pass[!i]);
		AE(conv_multiply)(a, &pass[i], more ? &pass[!i] : NULL);
		if (a->sums != NULL && pass[i].last)
			AE(conv_spread)(a, pass[i].columns);
	}
}

static void AE(direct_run)(ae_conv *j, ae_run *r) {
	AE(conv_divide)(j, AE(conv_tasks)(j, AE_CEIL(ae_enough(r, AE_CONV_EACH), j->images)));
	ae_parallel(r, j->images * AE(conv_runs)(j) * j->blocks, AE(conv_task), j);
}
