// The input of a group of tiles, taken to the points. Lanes of a vector are
// channels: an image row is transposed once, and everything after works on whole
// vectors of AE_W channels at one place.

#define AE_WINOGRAD_ROWS_AHEAD 2

// winograd_columns copies n columns of a row of AE_W channels, from column `first`
// on, as vectors of channels; what is outside [0, in) is zero, as are the channels
// from `channels` on.
static void AE(winograd_columns)(float *to, const float *x, int64_t plane, int64_t channels, int64_t first, int64_t n, int64_t in) {
	for (int64_t q = 0; q < n; q += AE_W, to += AE_W * AE_W) {
		const float *from = x + first + q;
		const int64_t lo = AE_MIN(AE_MAX(-first - q, 0), AE_W), hi = AE_MAX(AE_MIN(in - first - q, AE_W), lo);
		ae_v m[AE_W];
		if (channels < AE_W) {
			for (int c = 0; c < AE_W; c++)
				m[c] = c < channels ? ae_load_part(from + c * plane, lo, hi) : (ae_v){0};
		} else if (hi - lo == AE_W) {
#pragma GCC unroll 16
			for (int c = 0; c < AE_W; c++, from += plane) {
				m[c] = ae_load(from);
				__builtin_prefetch(from + AE_WINOGRAD_ROWS_AHEAD * in);
			}
		} else {
#pragma GCC unroll 16
			for (int c = 0; c < AE_W; c++, from += plane)
				m[c] = ae_load_part(from, lo, hi);
		}
		AE(transpose)(m);
#pragma GCC unroll 16
		for (int i = 0; i < AE_W; i++)
			ae_store(to + i * AE_W, m[i]);
	}
}

// winograd_input takes a tile to the points: row i of it begins at row[i], point i
// goes to v[i*plane], and the line of the tile after next is asked for.
AE_INLINE void AE(winograd_input)(const int points, const float *const *row, float *v, int64_t plane) {
	ae_v d[AE_WINOGRAD_POINTS], column[AE_WINOGRAD_POINTS], at[AE_WINOGRAD_POINTS * AE_WINOGRAD_POINTS];
#pragma GCC unroll 10
	for (int j = 0; j < points; j++) {
#pragma GCC unroll 10
		for (int i = 0; i < points; i++)
			d[i] = ae_load(row[i] + j * AE_W);
		AE(input_points)(points, d, column);
#pragma GCC unroll 10
		for (int i = 0; i < points; i++)
			at[i * points + j] = column[i];
	}
	for (int i = 0; i < points; i++, v += points * plane) {
		AE(input_points)(points, at + i * points, d);
#pragma GCC unroll 10
		for (int j = 0; j < points; j++) {
			ae_store(v + j * plane, d[j]);
			__builtin_prefetch(v + j * plane + 2 * AE_W, 1);
		}
	}
}

// winograd_row takes a row of tiles to the points, the first being tile t of the
// group. The instances are functions of their own, for the compiler's registers.
AE_INLINE void AE(winograd_row)(const int points, const ae_winograd *w, ae_tiles g, const float *const *rows, int64_t t, float *v) {
	for (int64_t q = 0; q < g.cols; q++, t++) {
		const float *row[AE_WINOGRAD_POINTS];
		for (int i = 0; i < points; i++)
			row[i] = rows[i] + q * w->step * AE_W;
		AE(winograd_input)(points, row, v + t / g.height * g.height * w->depth + t % g.height * AE_W, w->v_plane);
	}
}
#define AE_WINOGRAD_ROW(points)                                                                                      \
	static __attribute__((noinline)) void AE(winograd_row_##points)(const ae_winograd *w, ae_tiles g,                 \
	                                                                const float *const *rows, int64_t t, float *v) {  \
		AE(winograd_row)(points, w, g, rows, t, v);                                                                  \
	}
AE_WINOGRAD_ROW(4)
AE_WINOGRAD_ROW(6)
AE_WINOGRAD_ROW(8)
AE_WINOGRAD_ROW(9)
AE_WINOGRAD_ROW(10)

// winograd_gather takes the input of a group of tiles to the points; x points to
// the image. Tiles overlap: their rows stand in a ring of as many as a tile has.
static void AE(winograd_gather)(const ae_winograd *w, ae_tiles g, const float *x, float *ring, float *v) {
	const ae_conv *j = &w->conv;
	const ae_axis *rows = &j->rows, *cols = &j->cols;
	const int64_t plane = rows->in * cols->in, n = g.cols * w->step + w->points - w->step;
	for (int64_t c = 0; c < j->channels; c += AE_W, x += AE_W * plane, v += g.height * AE_W) {
		const float *row[AE_WINOGRAD_POINTS];
		for (int64_t i = 0, t = 0; t < g.rows; t++) {
			for (; i < t * w->step + w->points; i++) {
				const int64_t h = g.row * w->step + rows->first + i;
				float *to = ring + i % w->points * w->pitch;
				if (h >= 0 && h < rows->in)
					AE(winograd_columns)(to, x + h * cols->in, plane, AE_MIN(AE_W, j->channels - c),
					                     g.col * w->step + cols->first, n, cols->in);
				else
					memset(to, 0, sizeof(float) * (size_t)(n * AE_W));
			}
			for (int k = 0; k < w->points; k++)
				row[k] = ring + (t * w->step + k) % w->points * w->pitch;
			switch (w->points) {
			case 4:
				AE(winograd_row_4)(w, g, row, t * g.cols, v);
				break;
			case 6:
				AE(winograd_row_6)(w, g, row, t * g.cols, v);
				break;
			case 8:
				AE(winograd_row_8)(w, g, row, t * g.cols, v);
				break;
			case 9:
				AE(winograd_row_9)(w, g, row, t * g.cols, v);
				break;
			default:
				AE(winograd_row_10)(w, g, row, t * g.cols, v);
			}
		}
	}
}
