// A convolution on matrix tiles at work (conv_tiles.h).

// Lanes [lo, hi) of 16 places are outputs y[at + lane] of a channel.
typedef struct {
	int64_t lo, hi, at;
} ae_lanes_made;

// lanes_made finds the runs of outputs among 16 places.
static int AE(lanes_made)(const ae_tiled *t, int64_t place, ae_lanes_made *made) {
	const int64_t width = t->conv.cols.out, pitch = t->view.pitch, end = AE_MIN(place + AE_TILE, t->places);
	int n = 0;
	if (width == pitch) {
		made[0] = (ae_lanes_made){0, end - place, place};
		return end > place;
	}
	for (int64_t p = place; p < end; p = (p / pitch + 1) * pitch) {
		const int64_t lo = p - place, hi = AE_MIN(p / pitch * pitch + width, end) - place;
		if (lo < hi)
			made[n++] = (ae_lanes_made){lo, hi, p / pitch * width + p % pitch - lo};
	}
	return n;
}

// tiled_store makes outputs of the sums of 16 places for 16 channels from k on, of
// which there are n; at is that of channel k in y.
AE_INLINE void AE(tiled_store)(const ae_tiled *t, const float *sums, const ae_lanes_made *made, int runs, int64_t at, int64_t k, int64_t n, const int bytes) {
	const ae_conv *j = &t->conv;
	const ae_v bias = j->bias != NULL ? ae_load_part(j->bias + k, 0, n) : (ae_v){0};
	const ae_v scale = bytes == 1 ? ae_load(t->scale + k) : (ae_v){0};
	ae_vi rows[AE_TILE];
#pragma GCC unroll 16
	for (int i = 0; i < AE_TILE; i++) {
		const ae_v sum = ae_load(sums + i * AE_TILE_BLOCK);
		rows[i] = (ae_vi)(bytes == 1 ? ae_fma(__builtin_convertvector((ae_vi)sum, ae_v), scale, bias) : sum + bias);
	}
	AE(transpose16)(rows);
	for (int64_t i = 0; i < n; i++, at += j->y_channel)
		for (int r = 0; r < runs; r++) {
			const int64_t to = at + made[r].at;
			ae_v v = (ae_v)rows[i];
			if (j->residual != NULL)
				v += ae_load_part(j->residual + to, made[r].lo, made[r].hi);
			ae_store_part(j->y + to, j->relu ? ae_relu(v) : v, made[r].lo, made[r].hi);
		}
}

// tiled_taps limits the taps of a block of places to those that meet rows of the input.
static void AE(tiled_taps)(const ae_tiled *t, int64_t place, const int64_t *offsets, ae_tile_sum *a) {
	const ae_axis *rows = &t->conv.rows;
	const int64_t last = AE_MIN(place + AE_TILE_BLOCK, t->places) - 1, across = t->view.cols.taps;
	const int64_t top = place / t->view.pitch * rows->stride + rows->first, bottom = last / t->view.pitch * rows->stride + rows->first;
	int64_t lo = 0, hi = rows->taps;
	while (lo < hi && bottom + lo * rows->step < 0)
		lo++;
	while (lo < hi && top + (hi - 1) * rows->step >= rows->in)
		hi--;
	a->offset = offsets + lo * across;
	a->offsets = (hi - lo) * across;
	a->weights += lo * across * AE_TILE_WEIGHTS;
	a->skipped = (t->taps - a->offsets) * AE_TILE_WEIGHTS;
}

// A task is a band of places of an image for a part of the output channels.
AE_INLINE void AE(tiled_band)(const ae_tiled *t, int64_t task, float *scratch, const int bytes) {
	const ae_conv *j = &t->conv;
	const int64_t part = task % t->parts, band = task / t->parts % t->bands, image = task / t->parts / t->bands;
	const int64_t first = band * t->band, end = AE_MIN(first + t->band, t->places);
	float *sums = scratch;
	int64_t *offsets = (int64_t *)(void *)(scratch + AE_TILE_BLOCK * AE_TILE_BLOCK);
	for (int64_t i = 0; i < t->taps; i++)
		offsets[i] = AE(view_offset)(&t->view, i / t->view.cols.taps, i % t->view.cols.taps) * AE_LINE;
	for (int64_t block = part * t->part; block < AE_MIN((part + 1) * t->part, t->blocks); block++)
		for (int64_t place = first; place < end; place += AE_TILE_BLOCK) {
			ae_tile_sum a = {
				.lines = t->lines + (image * t->planes * t->plane + place) * AE_LINE, .plane = t->plane * AE_LINE, .groups = t->planes,
				.weights = t->weights + block * t->planes * t->taps * AE_TILE_WEIGHTS,
			};
			AE(tiled_taps)(t, place, offsets, &a);
			if (bytes == 2)
				AE(tile_multiply_bf16)(&a, sums);
			else
				AE(tile_multiply_int8)(&a, sums);
			for (int half = 0; half < 2; half++) {
				ae_lanes_made made[AE_TILE];
				const int runs = AE(lanes_made)(t, place + half * AE_TILE, made);
				for (int64_t k = block * AE_TILE_BLOCK; k < AE_MIN((block + 1) * AE_TILE_BLOCK, j->outputs); k += AE_TILE)
					AE(tiled_store)(t, sums + half * AE_TILE * AE_TILE_BLOCK + k % AE_TILE_BLOCK, made, runs,
					                image * j->y_image + k * j->y_channel, k, AE_MIN(AE_TILE, j->outputs - k), bytes);
			}
		}
}

static void AE(tiled_task)(void *ctx, int64_t task, float *scratch) {
	const ae_tiled *t = ctx;
	AE(tile_begin)();
	if (t->bytes == 2)
		AE(tiled_band)(t, task, scratch, 2);
	else
		AE(tiled_band)(t, task, scratch, 1);
	AE(tile_end)();
}

static void AE(tiled_run)(ae_tiled *t, ae_run *r) {
	ae_parallel(r, t->conv.images * t->planes, AE(tiled_input_task), t);
	ae_parallel(r, t->conv.images * t->bands * t->parts, AE(tiled_task), t);
}

// The entries of the unit, for each precision.
#define AE_TILED(precision, bytes)                                                                       \
	static ae_needs AE(tiled_##precision##_needs)(const void *op) {                                      \
		float *const unknown[6] = {NULL};                                                                \
		const ae_tiled t = AE(tiled_of)(op, unknown, bytes);                                             \
		return AE(tiled_pays)(&t) ? AE(tiled_needs)(&t) : (ae_needs){0};                                 \
	}                                                                                                    \
	static void AE(tiled_##precision##_prepare)(const ae_call *call, ae_run *r) {                        \
		ae_tiled t = AE(tiled_of)(call->op, call->bufs, bytes);                                          \
		if (bytes == 1)                                                                                  \
			*t.range = (float)call->range;                                                               \
		AE(tiled_prepare)(&t, r);                                                                        \
	}                                                                                                    \
	static void AE(tiled_##precision##_run)(const void *op, float *const *b, ae_run *r) {                \
		ae_tiled t = AE(tiled_of)(op, b, bytes);                                                         \
		AE(tiled_run)(&t, r);                                                                            \
	}
AE_TILED(int8, 1)
AE_TILED(bf16, 2)
