// The input of a group of tiles, taken to the points. Lanes of a vector are
// channels: an image row is transposed once, and everything after works on whole
// vectors of AE_W channels at one place.

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
// group, whose blocks begin at v; c is the first channel. The instances are functions of their own, for the compiler's registers.
AE_INLINE void AE(winograd_row)(const int points, const ae_winograd *w, ae_tiles g, const float *const *rows, int64_t t, int64_t c, float *v) {
	const ae_product_blocks blocks = AE(product_blocks)(g.rows * g.cols);
	int64_t b = t / blocks.most, first = 0, end = 0; // of the block
	for (int64_t q = 0; q < g.cols; q++, t++) {
		for (; t >= end; b++)
			first = AE(product_first)(&blocks, b), end = AE(product_first)(&blocks, b + 1);
		const float *row[AE_WINOGRAD_POINTS];
		for (int i = 0; i < points; i++)
			row[i] = rows[i] + q * w->step * AE_W;
		AE(winograd_input)(points, row, v + first * w->depth + c * (end - first) + (t - first) * AE_W, w->v_plane);
	}
}
#define AE_WINOGRAD_ROW(points)                                                                                      \
	static __attribute__((noinline)) void AE(winograd_row_##points)(const ae_winograd *w, ae_tiles g,                 \
	                                                                const float *const *rows, int64_t t, int64_t c, float *v) { \
		AE(winograd_row)(points, w, g, rows, t, c, v);                                                               \
	}
AE_WINOGRAD_ROW(4)
AE_WINOGRAD_ROW(6)
AE_WINOGRAD_ROW(8)
AE_WINOGRAD_ROW(9)
AE_WINOGRAD_ROW(10)

// winograd_plane is the floats of a channel of the image that is read.
AE_INLINE int64_t AE(winograd_plane)(const ae_conv *j) {
	return j->resize != NULL ? j->resize->H * j->resize->W : j->rows.in * j->cols.in;
}

// winograd_gather takes the input of a group of tiles to the points; x points to
// the image. Tiles overlap: their rows stand in a ring of as many as a tile has, and what
// resizing them takes behind it.
static void AE(winograd_gather)(const ae_winograd *w, ae_tiles g, const float *x, float *ring, float *v) {
	const ae_conv *j = &w->conv;
	const ae_axis *rows = &j->rows, *cols = &j->cols;
	const int64_t plane = AE(winograd_plane)(j), first = g.col * w->step + cols->first, n = g.cols * w->step + w->points - w->step;
	ae_resized resized = {0};
	if (j->resize != NULL)
		AE(resized_begin)(&resized, j->resize, first, n, w->pitch, ring + AE(winograd_rows)(w) * w->pitch);
	for (int64_t c = 0; c < j->channels; c += AE_W, x += AE_W * plane) {
		const float *row[AE_WINOGRAD_POINTS];
		AE(resized_channels)(&resized);
		for (int64_t i = 0, t = 0; t < g.rows; t++) {
			for (; i < t * w->step + w->points; i++) {
				const int64_t h = g.row * w->step + rows->first + i;
				float *to = ring + i % w->points * w->pitch;
				if (h < 0 || h >= rows->in)
					memset(to, 0, sizeof(float) * (size_t)(n * AE_W));
				else if (j->resize != NULL)
					AE(resized_row)(&resized, to, x, AE_MIN(AE_W, j->channels - c), h, n);
				else
					AE(winograd_columns)(to, x + h * cols->in, plane, AE_MIN(AE_W, j->channels - c), first, n, cols->in);
			}
			for (int k = 0; k < w->points; k++)
				row[k] = ring + (t * w->step + k) % w->points * w->pitch;
			switch (w->points) {
			case 4:
				AE(winograd_row_4)(w, g, row, t * g.cols, c, v);
				break;
			case 6:
				AE(winograd_row_6)(w, g, row, t * g.cols, c, v);
				break;
			case 8:
				AE(winograd_row_8)(w, g, row, t * g.cols, c, v);
				break;
			case 9:
				AE(winograd_row_9)(w, g, row, t * g.cols, c, v);
				break;
			default:
				AE(winograd_row_10)(w, g, row, t * g.cols, c, v);
			}
		}
	}
}
