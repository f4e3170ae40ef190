// Convolutions in bf16 and int8 on matrix tiles (tiles.h). The input is taken to lines
// of channels, one for each place of a view (conv_view.h), in which every tap is a
// shift: consecutive lines are the rows of a tile, and nothing is unrolled. A place
// with more channels has lines in several planes. Outputs are float32 NCHW again.
//
// Few channels would leave most of a line empty. There the taps of a row stand side by
// side in it, as if they were channels.

typedef struct {
	ae_conv conv;
	int bytes;            // of a number: 2 in bf16, 1 in int8
	int64_t folded;       // taps of a row in a line; 1 where they are shifts
	ae_view view;         // in lines
	int64_t planes;       // lines of a place
	int64_t plane;        // lines of a plane
	int64_t taps;         // lines of a plane that an output meets
	int64_t places;       // of outputs, with those between the rows
	int64_t blocks;       // of output channels
	int64_t band, bands;  // places of a task
	int64_t part, parts;  // blocks of a task
	float *range, *scale; // in int8: the largest input, and the factors of the sums
	char *weights, *lines;
} ae_tiled;

#define AE_TILED_NEAR (640 << 10) // bytes of lines of a task: they stay in the second-level cache
#define AE_TILED_TASKS 8          // of an image, at least, where it is not tiny

_Static_assert(AE_TILE_BLOCK * AE_TILE_BLOCK + 2 * 1024 <= AE_SCRATCH, "sums and offsets of a task fit into its scratch");

AE_INLINE char *AE(whole_line)(float *p) { return (char *)p + (AE_LINE - (uintptr_t)p % AE_LINE) % AE_LINE; }
AE_INLINE int64_t AE(line_channels)(const ae_tiled *t) { return AE_LINE / t->bytes; }

// tiled_split divides the work by shapes: bands of places whose lines stay near, and
// parts of the output channels where there are few bands.
static void AE(tiled_split)(ae_tiled *t) {
	const int64_t near = AE_MAX(AE_TILED_NEAR / (t->planes * AE_LINE * AE_TILE_BLOCK), 1) * AE_TILE_BLOCK;
	t->band = AE_MIN(near, AE_CEIL(t->places, AE_TILE_BLOCK) * AE_TILE_BLOCK);
	t->bands = AE_CEIL(t->places, t->band);
	t->part = AE_CEIL(t->blocks, AE_MIN(AE_CEIL(AE_TILED_TASKS, t->bands), t->blocks));
	t->parts = AE_CEIL(t->blocks, t->part);
}

// tiled_of describes a Conv2D in numbers of so many bytes.
static ae_tiled AE(tiled_of)(const ae_Conv2D *o, float *const *b, int bytes) {
	ae_tiled t = {.conv = AE(conv_forward)(o, b), .bytes = bytes, .folded = 1};
	const ae_conv *j = &t.conv;
	ae_axis cols = j->cols;
	if (cols.taps > 1 && cols.taps * j->channels <= AE(line_channels)(&t)) {
		t.folded = cols.taps;
		cols.taps = 1;
	}
	t.view = AE(view_of)(j->rows, cols, j->rows.out);
	t.planes = AE_CEIL(j->channels * t.folded, AE(line_channels)(&t));
	t.plane = AE(phases)(j->rows) * AE(phases)(cols) * t.view.height * t.view.pitch + AE(last_shift)(cols) + AE_TILE_BLOCK;
	t.taps = j->rows.taps * cols.taps;
	t.places = j->rows.out * t.view.pitch;
	t.blocks = AE_CEIL(j->outputs, AE_TILE_BLOCK);
	AE(tiled_split)(&t);
	if (j->prepared == NULL)
		return t;
	t.weights = AE(whole_line)(j->prepared);
	t.lines = AE(whole_line)(b[4 + (o->Bias != 0) + (o->Residual != 0)]);
	if (bytes == 1) {
		t.range = (float *)(void *)t.weights;
		t.scale = t.range + AE_LINE / 4;
		t.weights = (char *)(t.scale + t.blocks * AE_TILE_BLOCK);
	}
	return t;
}

static ae_needs AE(tiled_needs)(const ae_tiled *t) {
	const int64_t factors = t->bytes == 1 ? AE_LINE / 4 + t->blocks * AE_TILE_BLOCK : 0;
	return (ae_needs){
		.prepared = AE_LINE / 4 + factors + t->blocks * t->planes * t->taps * AE_TILE_WEIGHTS / 4,
		.cells = AE_LINE / 4 * (1 + t->conv.images * t->planes * t->plane),
	};
}

// tiled_pays tells whether tiles are faster than float32, by the costs that winograd.h
// counts: a tile makes some twelve products in bf16 while a multiply-add takes place,
// and twice as many in int8; an input costs 8 and an output 2 besides. Winograd's
// method saves at most two thirds of float32's time, half of it with stride 2.
static int AE(tiled_pays)(const ae_tiled *t) {
	const ae_conv *j = &t->conv;
	ae_winograd w;
	const double products = (double)(t->places * t->blocks * AE_TILE_BLOCK) * (double)(t->taps * t->planes * AE(line_channels)(t));
	const double inputs = (double)(t->planes * AE(line_channels)(t)) * (double)(t->plane - AE_TILE_BLOCK);
	const double cost = products * t->bytes / 24 + 8 * inputs + 2 * (double)(j->outputs * j->rows.out * j->cols.out);
	return cost < AE(direct_cost)(j) / (AE(winograd_plan)(&w, j) ? j->rows.stride == 1 ? 3 : 2 : 1);
}

// The weights: for each block and plane, taps one after the other, two tiles of words.

// tile_word makes the word of a tile of weights for the channels from n on of a line.
static void AE(tile_word)(const ae_tiled *t, char *to, int64_t k, int64_t n, int64_t row, int64_t col, float step) {
	const ae_conv *j = &t->conv;
	memset(to, 0, 4);
	if (k >= j->outputs)
		return;
	for (int64_t i = 0; i < 4 / t->bytes && n + i < j->channels * t->folded; i++) {
		const int64_t c = (n + i) % j->channels, s = col + (n + i) / j->channels;
		const float w = j->w[k * j->w_out + c * j->w_in + (j->rows.weight + row) * j->w_row + j->cols.weight + s];
		if (t->bytes == 1) {
			to[i] = (char)(int8_t)lrintf(w * step);
		} else {
			const uint32_t high = (uint32_t)AE(bf16)(ae_set(w))[0] >> 16;
			memcpy(to + 2 * i, &high, 2);
		}
	}
}

// tiled_prepare_task prepares the weights of a block.
static void AE(tiled_prepare_task)(void *ctx, int64_t block, float *scratch) {
	const ae_tiled *t = ctx;
	const ae_conv *j = &t->conv;
	float *step = scratch;
	for (int64_t i = 0; i < AE_TILE_BLOCK && t->bytes == 1; i++) {
		const float *w = j->w + AE_MIN(block * AE_TILE_BLOCK + i, j->outputs - 1) * j->w_out;
		float most = 0;
		for (int64_t n = 0; n < j->w_out; n++)
			most = AE_MAX(most, fabsf(w[n]));
		t->scale[block * AE_TILE_BLOCK + i] = most / AE_INT8_WEIGHT * *t->range / AE_INT8_MOST;
		step[i] = most > 0 ? AE_INT8_WEIGHT / most : 0;
	}
	char *to = t->weights + block * t->planes * t->taps * AE_TILE_WEIGHTS;
	for (int64_t plane = 0; plane < t->planes; plane++)
		for (int64_t tap = 0; tap < t->taps; tap++)
			for (int64_t word = 0; word < 2 * AE_TILE; word++)
				for (int64_t i = 0; i < AE_TILE; i++, to += 4) {
					const int64_t k = word / AE_TILE * AE_TILE + i, n = plane * AE(line_channels)(t) + word % AE_TILE * (4 / t->bytes);
					AE(tile_word)(t, to, block * AE_TILE_BLOCK + k, n, tap / t->view.cols.taps, tap % t->view.cols.taps, t->bytes == 1 ? step[k] : 0);
				}
}

static void AE(tiled_prepare)(ae_tiled *t, ae_run *r) { ae_parallel(r, t->blocks, AE(tiled_prepare_task), t); }
