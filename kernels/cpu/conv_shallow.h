// Convolutions of few input channels, by Winograd's method along rows only: F(5,4) of
// winograd_points.h across and every tap down, as a sum over taps down and channels that
// stays in registers until it is taken to five outputs. Four taps across cost 8/5
// multiplications for an output instead of four. With stride 2 even and odd inputs are
// convolutions of their own, whose products are added at the points: seven taps cost 15/5.
//
// Lanes are output channels. A row of the input is taken to the points once, and rows of
// outputs go the way of those of winograd_output.h.

typedef struct {
	ae_winograd out;       // of tiles of one output: the way of a row of outputs
	int64_t phases;        // of a row: the stride
	int64_t tiles;         // of a row, in whole groups
	int64_t line;          // floats of a row of the input at the points, all channels and phases
	int64_t ring;          // rows of the input at a time
	int64_t high;          // rows of outputs at a time: 2 that are pooled, or 1
	int64_t vectors;       // of output channels
	int64_t floats;        // of prepared weights of a vector of output channels
	int64_t band, bands;   // output rows of a task
} ae_shallow;

#define AE_SHALLOW_POINTS 8
#define AE_SHALLOW_SIDE 5      // outputs of a tile
#define AE_SHALLOW_GROUP 3     // tiles: their sums at the points fill the registers
#define AE_SHALLOW_CHANNELS 4  // of the input, at most
#define AE_SHALLOW_OUTPUTS 32  // channels, at least: for fewer the way to the points is too long
#define AE_SHALLOW_TAPS 8      // down, at most
#define AE_SHALLOW_SAVED 0.7   // of the multiplications may be left
#if AE_W == 16
#define AE_SHALLOW_HALF 8 // points at a time: 24 sums, of 32 registers
#else
#define AE_SHALLOW_HALF 4 // 12, of 16
#endif

typedef float ae_v8 __attribute__((vector_size(4 * AE_SHALLOW_POINTS))); // of all points
typedef float ae_v8u __attribute__((vector_size(4 * AE_SHALLOW_POINTS), aligned(4), may_alias)); // in memory, any address

// shallow_taps is how many taps a phase has, and shallow_points how many points it needs:
// with three taps five outputs are right without infinity.
AE_INLINE int64_t AE(shallow_taps)(const ae_conv *j, int64_t phase) { return AE_CEIL(j->cols.taps - phase, j->cols.stride); }
AE_INLINE int AE(shallow_points)(const ae_conv *j, int64_t phase) { return AE(shallow_taps)(j, phase) == 4 ? 8 : 7; }

AE_INLINE int64_t AE(shallow_scratch)(const ae_shallow *s) {
	return s->ring * s->line + s->high * s->out.pitch + AE_SHALLOW_SIDE * s->tiles + AE_SHALLOW_POINTS;
}

// shallow_plan tells whether a convolution is worth it, and sets s if so; pool is what is
// made of its outputs, NULL for nothing.
static int AE(shallow_plan)(ae_shallow *s, const ae_conv *j, const ae_AvgPool *pool) {
	const ae_axis *rows = &j->rows, *cols = &j->cols;
	if (j->channels < 1 || j->channels > AE_SHALLOW_CHANNELS || j->outputs < AE_SHALLOW_OUTPUTS || j->outputs % AE_W != 0)
		return 0;
	if (cols->stride > 2 || cols->step != 1 || cols->turn != 1 || j->y_col != 1 || cols->out < AE_SHALLOW_SIDE * AE_SHALLOW_GROUP)
		return 0;
	if (rows->taps < 1 || rows->taps > AE_SHALLOW_TAPS || rows->step != 1 || cols->taps < 1)
		return 0;
	int64_t points = 0;
	for (int64_t i = 0; i < cols->stride; i++) {
		const int64_t taps = AE(shallow_taps)(j, i);
		if (taps < 3 || taps > 4)
			return 0;
		points += AE(shallow_points)(j, i);
	}
	if ((double)points > AE_SHALLOW_SAVED * (double)(AE_SHALLOW_SIDE * cols->taps))
		return 0;
	*s = (ae_shallow){.out = {.conv = *j, .side = 1, .pool = pool}, .phases = cols->stride, .high = pool != NULL ? 2 : 1, .vectors = j->outputs / AE_W};
	if (pool != NULL) { // row 0 is the first of a window
		s->out.conv.rows.first -= pool->Pad * rows->stride;
		s->out.conv.rows.out += pool->Pad;
	}
	s->tiles = AE_CEIL(AE_CEIL(cols->out, AE_SHALLOW_SIDE), AE_SHALLOW_GROUP) * AE_SHALLOW_GROUP;
	s->line = j->channels * s->phases * s->tiles * AE_SHALLOW_POINTS;
	s->ring = rows->taps + (s->high - 1) * rows->stride;
	s->floats = rows->taps * j->channels * s->phases * AE_SHALLOW_POINTS * AE_W;
	s->out.pitch = AE_CEIL(s->tiles * AE_SHALLOW_SIDE, AE_W) * AE_W * AE_W;
	return AE(shallow_scratch)(s) <= AE_SCRATCH;
}

AE_INLINE int64_t AE(shallow_weights)(const ae_shallow *s) { return s->vectors * s->floats; }

// shallow_weights_task takes the weights of a vector of output channels to the points:
// [tap down][channel][phase][point][AE_W].
static void AE(shallow_weights_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const ae_shallow *s = ctx;
	const ae_conv *j = &s->out.conv;
	float *to = j->prepared + task * s->floats;
	for (int64_t t = 0; t < j->rows.taps; t++)
		for (int64_t c = 0; c < j->channels; c++)
			for (int64_t phase = 0; phase < s->phases; phase++, to += AE_SHALLOW_POINTS * AE_W) {
				const float *w = j->w + task * AE_W * j->w_out + c * j->w_in + (j->rows.weight + t * j->rows.turn) * j->w_row + j->cols.weight + phase;
				const int64_t taps = AE(shallow_taps)(j, phase);
				ae_v filter[4], u[AE_SHALLOW_POINTS];
				for (int64_t i = 0; i < taps; i++)
					for (int lane = 0; lane < AE_W; lane++)
						filter[i][lane] = w[lane * j->w_out + i * s->phases];
				if (taps == 4)
					AE(weight_points)(AE_SHALLOW_POINTS, 4, filter, 1, u);
				else
					AE(weight_points)(AE_SHALLOW_POINTS, 3, filter, 1, u);
				for (int i = 0; i < AE_SHALLOW_POINTS; i++)
					ae_store(to + i * AE_W, u[i]);
			}
}

static void AE(shallow_prepare)(ae_shallow *s, ae_run *r) { ae_parallel(r, s->vectors, AE(shallow_weights_task), s); }

// shallow_line takes row h of the input to the points: [channel][phase][tile][point]. An
// input of a tile adds to all of them, by input_points of winograd_points.h.
static void AE(shallow_line)(const ae_shallow *s, const float *x, int64_t h, float *to, float *row) {
	static const ae_v8 of[AE_SHALLOW_POINTS] = {
		{-1, 0, 0, 0, 0, 0, 0, 0},
		{0, 1, -1, 0.5f, -0.5f, 2, -2, -1},
		{5.25f, 1, 1, 0.25f, 0.25f, 4, 4, 0},
		{0, -4.25f, 4.25f, -2.5f, 2.5f, -2.5f, 2.5f, 5.25f},
		{-5.25f, -4.25f, -4.25f, -1.25f, -1.25f, -5, -5, 0},
		{0, 1, -1, 2, -2, 0.5f, -0.5f, -5.25f},
		{1, 1, 1, 1, 1, 1, 1, 0},
		{0, 0, 0, 0, 0, 0, 0, 1},
	};
	const ae_conv *j = &s->out.conv;
	const int64_t n = AE_SHALLOW_SIDE * s->tiles + AE_SHALLOW_POINTS - AE_SHALLOW_SIDE;
	if (h < 0 || h >= j->rows.in) {
		memset(to, 0, sizeof(float) * (size_t)s->line);
		return;
	}
	for (int64_t c = 0; c < j->channels; c++)
		for (int64_t phase = 0; phase < s->phases; phase++) {
			const float *from = x + (c * j->rows.in + h) * j->cols.in;
			if (s->phases == 1)
				AE(view_row)(row, from, n, j->cols.first, 1, j->cols.in);
			else
				AE(view_row)(row, from, n, j->cols.first + phase, 2, j->cols.in);
			for (int64_t t = 0; t < s->tiles; t++, to += AE_SHALLOW_POINTS) {
				ae_v8 v = {0};
				for (int i = 0; i < AE_SHALLOW_POINTS; i++)
					v += row[t * AE_SHALLOW_SIDE + i] * of[i];
				*(ae_v8u *)(void *)to = v;
			}
		}
}

// shallow_add adds what a row of the input gives to the sums of a group of tiles at the
// points [from, from+AE_SHALLOW_HALF), of which a phase may lack the last.
AE_INLINE void AE(shallow_add)(ae_v m[AE_SHALLOW_HALF][AE_SHALLOW_GROUP], const int from, const int points, const float *v, const float *u) {
#pragma GCC unroll 8
	for (int i = 0; i < AE_SHALLOW_HALF; i++)
		if (from + i < points) {
			const ae_v row = ae_hold(ae_load(u + (from + i) * AE_W));
#pragma GCC unroll 3
			for (int t = 0; t < AE_SHALLOW_GROUP; t++)
				m[i][t] += v[t * AE_SHALLOW_POINTS + from + i] * row;
		}
}

// shallow_sums makes the sums of a group at those points: v[t] is the input of tap t down.
AE_INLINE void AE(shallow_sums)(ae_v m[AE_SHALLOW_HALF][AE_SHALLOW_GROUP], const int from, const int even, const int odd, const ae_shallow *s, const float *const *v, int64_t at, const float *u) {
	const int64_t plane = s->tiles * AE_SHALLOW_POINTS, channels = s->out.conv.channels, taps = s->out.conv.rows.taps;
#pragma GCC unroll 8
	for (int i = 0; i < AE_SHALLOW_HALF; i++)
#pragma GCC unroll 3
		for (int t = 0; t < AE_SHALLOW_GROUP; t++)
			m[i][t] = (ae_v){0};
	for (int64_t r = 0; r < taps; r++) {
		const float *x = v[r] + at;
		for (int64_t c = 0; c < channels; c++) {
			AE(shallow_add)(m, from, even, x, u);
			x += plane, u += AE_SHALLOW_POINTS * AE_W;
			if (odd > 0) {
				AE(shallow_add)(m, from, odd, x, u);
				x += plane, u += AE_SHALLOW_POINTS * AE_W;
			}
		}
	}
}

// shallow_row makes a row of outputs, as vectors of channels. The instances are functions
// of their own, for the compiler's registers.
AE_INLINE void AE(shallow_row)(const int even, const int odd, const ae_shallow *s, const float *const *v, const float *u, float *to) {
	for (int64_t g = 0; g < s->tiles; g += AE_SHALLOW_GROUP) {
		ae_v m[AE_SHALLOW_POINTS][AE_SHALLOW_GROUP];
#pragma GCC unroll 2
		for (int from = 0; from < AE_SHALLOW_POINTS; from += AE_SHALLOW_HALF)
			AE(shallow_sums)(m + from, from, even, odd, s, v, g * AE_SHALLOW_POINTS, u);
#pragma GCC unroll 3
		for (int t = 0; t < AE_SHALLOW_GROUP; t++, to += AE_SHALLOW_SIDE * AE_W) {
			ae_v y[AE_SHALLOW_SIDE];
			AE(output_points)(AE_SHALLOW_POINTS, AE_SHALLOW_SIDE, &m[0][t], AE_SHALLOW_GROUP, y);
#pragma GCC unroll 5
			for (int i = 0; i < AE_SHALLOW_SIDE; i++)
				ae_store(to + i * AE_W, y[i]);
		}
	}
}
#define AE_SHALLOW_ROW(even, odd)                                                                                                              \
	static __attribute__((noinline)) void AE(shallow_row_##even##_##odd)(const ae_shallow *s, const float *const *v, const float *u, float *to) { \
		AE(shallow_row)(even, odd, s, v, u, to);                                                                                                \
	}
AE_SHALLOW_ROW(7, 0)
AE_SHALLOW_ROW(8, 0)
AE_SHALLOW_ROW(7, 7)
AE_SHALLOW_ROW(8, 7)
AE_SHALLOW_ROW(8, 8)
typedef void AE(shallow_kernel)(const ae_shallow *s, const float *const *v, const float *u, float *to);

static AE(shallow_kernel) *AE(shallow_kernel_of)(const ae_shallow *s) {
	const ae_conv *j = &s->out.conv;
	if (s->phases == 1)
		return AE(shallow_points)(j, 0) == 8 ? AE(shallow_row_8_0) : AE(shallow_row_7_0);
	if (AE(shallow_points)(j, 0) == 7)
		return AE(shallow_row_7_7);
	return AE(shallow_points)(j, 1) == 8 ? AE(shallow_row_8_8) : AE(shallow_row_8_7);
}

// A task is a band of output rows of an image.
static void AE(shallow_task)(void *ctx, int64_t task, float *scratch) {
	const ae_shallow *s = ctx;
	const ae_conv *j = &s->out.conv;
	const int64_t image = task / s->bands, first = task % s->bands * s->band, end = AE_MIN(first + s->band, j->rows.out);
	const float *x = j->x + image * j->channels * j->rows.in * j->cols.in, *v[AE_SHALLOW_TAPS];
	float *rows = scratch + s->ring * s->line, *spare = rows + s->high * s->out.pitch;
	AE(shallow_kernel) *const kernel = AE(shallow_kernel_of)(s);
	int64_t have = first * j->rows.stride; // rows of the input, counted from that of tap 0 of output row 0
	for (int64_t p = first; p < end; p += s->high) {
		for (have = AE_MAX(have, p * j->rows.stride); have < p * j->rows.stride + s->ring; have++)
			AE(shallow_line)(s, x, have + j->rows.first, scratch + have % s->ring * s->line, spare);
		for (int64_t k = 0; k < s->vectors; k++) {
			for (int64_t i = 0; i < s->high; i++) {
				for (int64_t t = 0; t < j->rows.taps; t++)
					v[t] = scratch + ((p + i) * j->rows.stride + t) % s->ring * s->line;
				kernel(s, v, j->prepared + k * s->floats, rows + i * s->out.pitch);
			}
			const ae_tiles g = {.row = p, .rows = s->high, .cols = j->cols.out};
			if (s->out.pool != NULL)
				AE(winograd_pool)(&s->out, g, image, k * AE_W, AE_W, rows);
			else
				AE(winograd_store)(&s->out, g, image, k * AE_W, AE_W, rows);
		}
	}
}

static void AE(shallow_run)(ae_shallow *s, ae_run *r) {
	const ae_conv *j = &s->out.conv;
	const int64_t tasks = AE(conv_tasks)(j, AE_CEIL(ae_enough(r, AE_CONV_EACH), j->images));
	s->band = AE_CEIL(AE(even)(j->rows.out, AE_CEIL(j->rows.out, tasks)), s->high) * s->high;
	s->bands = AE_CEIL(j->rows.out, s->band);
	ae_parallel(r, j->images * s->bands, AE(shallow_task), s);
}
