// Convolutions in float32 on matrix tiles (tiles_thirds.h), of columns that are packed as words
// (conv_columns.h). A task is a band of columns of an image for a part of the output channels. It
// takes some taps and input channels at a time, a pass, whose columns stay in the second-level cache.

typedef struct {
	ae_conv conv;
	char *weights;
	int64_t groups, steps;   // of 32 channels of a tap: of one, and of all
	int64_t pass, passes;    // steps at a time
	int64_t band, bands;     // vectors of columns, and bands of an image
	int64_t blocks;          // of output channels
	int64_t part, parts;     // blocks of a task
} ae_thirds;

#define AE_THIRDS_CHANNELS 32    // of a step
#define AE_THIRDS_STEPS 24       // of a pass, at most: the sum of a pass is short
#define AE_THIRDS_NEAR (800 << 10) // bytes of columns of a task that stay in the second-level cache
#define AE_THIRDS_HELD 131072    // floats of sums that a task holds between passes, at most
#define AE_THIRDS_EACH 2         // tasks for each of several threads
#define AE_THIRDS_FASTER 1.3     // times as many products as without tiles

// thirds_part divides the output channels, for enough tasks. No sum depends on it.
static void AE(thirds_part)(ae_thirds *t, int64_t tasks) {
	const int64_t most = t->passes > 1 ? AE_MAX(AE_THIRDS_HELD / (t->band * AE_TILE * AE_TILE_BLOCK), 1) : t->blocks;
	t->part = AE_MIN(AE_CEIL(t->blocks, AE_MIN(AE_CEIL(tasks, t->bands), t->blocks)), most);
	t->parts = AE_CEIL(t->blocks, t->part);
}

// thirds_unpadded is the part of the products that conv_gemm.h makes: those of areas that meet
// nothing but padding it does not.
static double AE(thirds_unpadded)(ae_conv *j) {
	const ae_area whole = {0, 0, j->rows.out, j->cols.out, 0, j->rows.taps, 0, j->cols.taps};
	double work = 0;
	AE(conv_areas)(j);
	for (int i = 0; i < j->areas_down * j->areas_across; i++)
		work += (double)(AE(area_vectors)(&j->areas[i]) * AE(area_taps)(&j->areas[i]));
	return work / (double)(AE(area_vectors)(&whole) * AE(area_taps)(&whole));
}

// thirds_plan describes a Conv2D, and tells whether tiles are faster than float32 by the costs
// that winograd.h counts: a column of a step takes as long as 10 products of a channel, an output
// as 4, and weights are half as many again.
static int AE(thirds_plan)(ae_thirds *t, const ae_Conv2D *o, float *const *b) {
	*t = (ae_thirds){.conv = AE(conv_forward)(o, b)};
	ae_conv *j = &t->conv;
	const int64_t taps = j->rows.taps * j->cols.taps, columns = j->rows.out * j->cols.out;
	if (j->rows.out <= 0 || j->cols.out <= 0 || columns < AE_TILE_BLOCK || j->channels % AE_THIRDS_CHANNELS != 0 || j->outputs < AE_TILE_BLOCK)
		return 0;
	t->groups = j->channels / AE_THIRDS_CHANNELS;
	t->steps = taps * t->groups;
	t->pass = AE(even)(t->steps, AE_THIRDS_STEPS);
	t->passes = AE_CEIL(t->steps, t->pass);
	const int64_t pairs = AE_CEIL(columns, AE_TILE_BLOCK); // of vectors
	t->band = 2 * AE(even)(pairs, AE_MAX(AE_THIRDS_NEAR / (t->pass * AE_THIRD_STEP), 1));
	t->bands = AE_CEIL(2 * pairs, t->band);
	t->blocks = AE_CEIL(j->outputs, AE_TILE_BLOCK);
	AE(thirds_part)(t, 1);
	t->weights = j->prepared != NULL ? AE(whole_line)(j->prepared) : NULL;
	ae_winograd w;
	const double width = (double)(j->channels * taps), products = (double)(pairs * t->blocks * AE_TILE_BLOCK * AE_TILE_BLOCK) * width;
	const double cost = products / AE_THIRDS_FASTER + 10 * width * (double)columns + 4 * (double)(j->outputs * columns) + 24 * width * (double)j->outputs;
	const double other = AE(winograd_plan)(&w, j) ? AE(winograd_cost)(&w) : AE(direct_cost)(j) * AE(thirds_unpadded)(j);
	j->areas[0] = (ae_area){0, 0, j->rows.out, j->cols.out, 0, j->rows.taps, 0, j->cols.taps};
	return cost < other;
}

// What a task keeps in its scratch behind columns and sums.
typedef struct {
	ae_columns columns;
	ae_tap tap;
} ae_thirds_place;

// thirds_columns, thirds_sums and thirds_scratch are the floats of a task: of its columns, of its
// sums, which are one block's unless they are held between passes, and of all.
AE_INLINE int64_t AE(thirds_columns)(const ae_thirds *t) { return t->band * t->pass * AE_THIRD_STEP / 2 / 4; }
AE_INLINE int64_t AE(thirds_sums)(const ae_thirds *t) {
	return (t->passes > 1 ? t->part * t->band / 2 : 1) * AE_TILE_BLOCK * AE_TILE_BLOCK;
}
AE_INLINE int64_t AE(thirds_scratch)(const ae_thirds *t) {
	return AE(thirds_columns)(t) + AE(thirds_sums)(t) + (int64_t)sizeof(ae_thirds_place) / 4;
}

static ae_needs AE(thirds_needs)(const void *op) {
	float *const unknown[6] = {NULL};
	ae_thirds t;
	if (!AE(thirds_plan)(&t, op, unknown))
		return (ae_needs){0};
	return (ae_needs){.prepared = AE_LINE / 4 + t.blocks * t.steps * AE_THIRD_STEP / 4, .scratch = AE(thirds_scratch)(&t)};
}

// thirds_weights makes the weights of a block: [step][third][half][output][channels].
// Outputs that it lacks are like the last.
static void AE(thirds_weights)(void *ctx, int64_t block, float *scratch) {
	(void)scratch;
	const ae_thirds *t = ctx;
	const ae_conv *j = &t->conv;
	char *to = t->weights + block * t->steps * AE_THIRD_STEP;
	for (int64_t step = 0; step < t->steps; step++, to += AE_THIRD_STEP) {
		const int64_t tap = step / t->groups, c = step % t->groups * AE_THIRDS_CHANNELS;
		const int64_t row = j->rows.weight + tap / j->cols.taps * j->rows.turn, col = j->cols.weight + tap % j->cols.taps * j->cols.turn;
		for (int64_t k = 0; k < AE_TILE_BLOCK; k++) {
			const float *w = j->w + AE_MIN(block * AE_TILE_BLOCK + k, j->outputs - 1) * j->w_out + c * j->w_in + row * j->w_row + col;
			float channels[AE_THIRDS_CHANNELS];
			for (int64_t i = 0; i < AE_THIRDS_CHANNELS; i++)
				channels[i] = w[i * j->w_in];
			char rows[3 * AE_THIRD_TILE] __attribute__((aligned(AE_LINE)));
			AE(thirds_of)(rows, ae_load(channels), ae_load(channels + AE_TILE));
			for (int64_t third = 0; third < 3; third++)
				memcpy(to + (2 * third + k / AE_TILE) * AE_THIRD_TILE + k % AE_TILE * AE_LINE, rows + third * AE_THIRD_TILE, AE_LINE);
		}
	}
}

static void AE(thirds_prepare)(const ae_call *call, ae_run *r) {
	ae_thirds t;
	AE(thirds_plan)(&t, call->op, call->bufs);
	ae_parallel(r, t.blocks, AE(thirds_weights), &t);
}

// thirds_words packs a step: n vectors of columns through a tap, x being its first channel.
// Those of a vector are `pitch` bytes apart.
AE_INLINE void AE(thirds_words)(char *to, int64_t pitch, int64_t n, const ae_tap *tap, const float *x, int64_t plane, const int64_t stride) {
	for (int64_t i = 0; i < AE_TILE; i++, x += plane, to += AE_LINE)
		for (int64_t v = 0; v < n; v++) {
			const ae_part *part = tap->parts + tap->first[v];
			const int64_t count = tap->first[v + 1] - tap->first[v];
			const float *other = x + AE_TILE * plane;
			if (count == 1 && part->lo == 0 && part->hi == AE_W && stride <= 2)
				AE(thirds_of)(to + v * pitch, AE(column_whole)(x + part->at, stride), AE(column_whole)(other + part->at, stride));
			else
				AE(thirds_of)(to + v * pitch, AE(column_gather)(x, part, count, stride), AE(column_gather)(other, part, count, stride));
		}
}

// thirds_pack packs the columns of a pass for a band of n vectors: [vector][step][third].
static void AE(thirds_pack)(const ae_thirds *t, int64_t image, int64_t first, int64_t n, int64_t step, int64_t end, ae_thirds_place *at, char *words) {
	const ae_conv *j = &t->conv;
	const int64_t plane = j->rows.in * j->cols.in, pitch = (end - step) * AE_THIRD_STEP / 2;
	for (int64_t v = 0; v < n; v += AE_CONV_VECTORS) {
		const int64_t vectors = AE_MIN(AE_CONV_VECTORS, n - v);
		AE(columns_of)(&at->columns, &j->rows, &j->cols, j->areas, first + v, vectors);
		for (int64_t i = step; i < end; i++) {
			const int64_t tap = i / t->groups, c = i % t->groups * AE_THIRDS_CHANNELS;
			if (i == step || c == 0)
				AE(column_tap)(&at->tap, &at->columns, &j->rows, &j->cols, tap / j->cols.taps, tap % j->cols.taps);
			char *to = words + v * pitch + (i - step) * AE_THIRD_STEP / 2;
			const float *x = j->x + (image * j->channels + c) * plane;
			if (j->cols.stride == 1)
				AE(thirds_words)(to, pitch, vectors, &at->tap, x, plane, 1);
			else if (j->cols.stride == 2)
				AE(thirds_words)(to, pitch, vectors, &at->tap, x, plane, 2);
			else
				AE(thirds_words)(to, pitch, vectors, &at->tap, x, plane, j->cols.stride);
		}
	}
}

// thirds_store makes the outputs of a block's sums: its rows from output channel k on, for the
// columns from `column` on.
static void AE(thirds_store)(const ae_thirds *t, const float *sums, int64_t image, int64_t k, int64_t column) {
	const ae_conv *j = &t->conv;
	const int64_t rows = AE_MIN(AE_TILE_BLOCK, j->outputs - k), lanes = AE_MIN(AE_TILE_BLOCK, j->y_channel - column);
	int64_t at = image * j->y_image + k * j->y_channel + column;
	for (int64_t i = 0; i < rows; i++, at += j->y_channel, sums += AE_TILE_BLOCK)
		for (int64_t l = 0; l < lanes; l += AE_W) {
			const int64_t n = AE_MIN(AE_W, lanes - l);
			ae_v v = ae_load(sums + l);
			if (j->bias != NULL)
				v += j->bias[k + i];
			if (j->residual != NULL)
				v += n == AE_W ? ae_load(j->residual + at + l) : ae_load_part(j->residual + at + l, 0, n);
			if (j->relu)
				v = ae_relu(v);
			if (n == AE_W)
				ae_store(j->y + at + l, v);
			else
				ae_store_part(j->y + at + l, v, 0, n);
		}
}

static void AE(thirds_task)(void *ctx, int64_t task, float *scratch) {
	const ae_thirds *t = ctx;
	const ae_conv *j = &t->conv;
	const int64_t part = task % t->parts, band = task / t->parts % t->bands, image = task / t->parts / t->bands;
	const int64_t pairs = AE_CEIL(j->y_channel, AE_TILE_BLOCK), first = band * pairs / t->bands, n = (band + 1) * pairs / t->bands - first;
	const int64_t block = part * t->part, end = AE_MIN(block + t->part, t->blocks);
	char *words = (char *)scratch;
	float *sums = scratch + AE(thirds_columns)(t);
	ae_thirds_place *at = (void *)(sums + AE(thirds_sums)(t));
	AE(tile_begin)();
	for (int64_t step = 0; step < t->steps; step += t->pass) {
		const int64_t steps = AE_MIN(t->pass, t->steps - step), last = step + steps == t->steps;
		AE(thirds_pack)(t, image, 2 * first, AE_MIN(2 * n, AE_CEIL(j->y_channel, AE_W) - 2 * first), step, step + steps, at, words);
		ae_third_sum a = {.steps = steps, .add = step > 0, .ld = j->y_channel, .rows = last ? AE_CEIL(AE_TILE_BLOCK, steps) : 0, .sums = sums};
		a.lines = AE_CEIL(AE_THIRD_STEP / AE_LINE, n);
		for (int64_t k = block; k < end; k++)
			for (int64_t p = 0; p < n; p++) {
				const int64_t column = (first + p) * AE_TILE_BLOCK, to = image * j->y_image + k * AE_TILE_BLOCK * j->y_channel + column;
				a.weights = t->weights + (k * t->steps + step) * AE_THIRD_STEP;
				a.ahead = a.weights + t->steps * AE_THIRD_STEP + p * steps * a.lines * AE_LINE;
				a.left = words + 2 * p * steps * AE_THIRD_STEP / 2;
				a.right = a.left + steps * AE_THIRD_STEP / 2;
				a.y = j->y + to;
				a.residual = j->residual != NULL ? j->residual + to : NULL;
				if (t->passes > 1)
					a.sums = sums + ((k - block) * n + p) * AE_TILE_BLOCK * AE_TILE_BLOCK;
				AE(thirds_multiply)(&a);
				if (last)
					AE(thirds_store)(t, a.sums, image, k * AE_TILE_BLOCK, column);
			}
	}
	AE(tile_end)();
}

static void AE(thirds_run)(const void *op, float *const *b, ae_run *r) {
	ae_thirds t;
	AE(thirds_plan)(&t, op, b);
	AE(thirds_part)(&t, AE_CEIL(ae_enough(r, AE_THIRDS_EACH), t.conv.images));
	ae_parallel(r, t.conv.images * t.bands * t.parts, AE(thirds_task), &t);
}
