// Tiles of an image for winograd.h: from the input to the points, and from the
// products to the output. Lanes of a vector are neighbouring tiles of a row.

// The tiles that a task works on: rows x cols of them, from tile (row, col).
typedef struct {
	int64_t row, col, rows, cols;
} ae_tiles;

// winograd_split splits n tiles of a row by the places of the columns: column
// q*side + s goes to[s*pitch + q]. It works on four tiles at a time.
AE_INLINE void AE(winograd_split)(float *to, const int side, int64_t pitch, const float *row, int64_t n) {
	for (int64_t q = 0; q < n; q += 4, row += 4 * side) {
		ae_v4 m[4] = {ae_load4(row), ae_load4(row + side), ae_load4(row + 2 * side), ae_load4(row + 3 * side)};
		ae_transpose4(m);
		for (int s = 0; s < 4; s++)
			ae_store4(to + s * pitch + q, m[s]);
		for (int s = 4; s < side; s++)
			for (int i = 0; i < 4; i++)
				to[s * pitch + q + i] = row[i * side + s];
	}
}

// winograd_patch copies one channel of what the tiles see, zero where the image
// is padded, with split rows: lanes of tiles read neighbours.
static void AE(winograd_patch)(const ae_winograd *w, ae_tiles g, float *row, float *to, const float *x) {
	const ae_axis *rows = &w->conv.rows, *cols = &w->conv.cols;
	const int64_t n = g.cols + 1;
	for (int64_t i = 0; i < (g.rows - 1) * w->side + w->points; i++, to += w->side * w->pitch) {
		const int64_t h = g.row * w->side + rows->first + i, in = h >= 0 && h < rows->in ? cols->in : 0;
		AE(view_row)(row, x + h * cols->in, n * w->side, g.col * w->side + cols->first, 1, in);
		if (w->side == 4)
			AE(winograd_split)(to, 4, w->pitch, row, n);
		else
			AE(winograd_split)(to, 5, w->pitch, row, n);
	}
}

// winograd_join is the opposite: column q of place s, at lanes[s*AE_W + q], goes
// to[q*side + s].
AE_INLINE void AE(winograd_join)(float *to, const int side, const float *lanes) {
	for (int q = 0; q < AE_W; q += 4, lanes += 4, to += 4 * side) {
		ae_v4 m[4] = {ae_load4(lanes), ae_load4(lanes + AE_W), ae_load4(lanes + 2 * AE_W), ae_load4(lanes + 3 * AE_W)};
		ae_transpose4(m);
		for (int i = 0; i < 4; i++) {
			ae_store4(to + i * side, m[i]);
			for (int s = 4; s < side; s++)
				to[i * side + s] = lanes[s * AE_W + i];
		}
	}
}

// winograd_input takes one channel of a patch to the points: point i of tile t
// goes to v[i*plane + t]. Lanes beyond a row of tiles belong to the next row,
// which overwrites them.
AE_INLINE void AE(winograd_input)(const int points, const int side, const ae_winograd *w, ae_tiles g, const float *patch, float *v) {
	ae_v d[8], column[8], at[8 * 8];
	const int64_t row = side * w->pitch;
	for (int64_t t = 0; t < g.rows; t++, patch += side * row, v += g.cols)
		for (int64_t q = 0; q < g.cols; q += AE_W) {
#pragma GCC unroll 8
			for (int j = 0; j < points; j++) {
#pragma GCC unroll 8
				for (int i = 0; i < points; i++)
					d[i] = ae_load(patch + i * row + j % side * w->pitch + j / side + q);
				AE(input_points)(points, d, column);
#pragma GCC unroll 8
				for (int i = 0; i < points; i++)
					at[i * points + j] = column[i];
			}
			for (int i = 0; i < points; i++) {
				AE(input_points)(points, at + i * points, d);
#pragma GCC unroll 8
				for (int j = 0; j < points; j++)
					ae_store(v + (i * points + j) * w->v_plane + q, d[j]);
			}
		}
}

// winograd_output takes the products of one output channel and one row of tiles,
// point i of tile t at p[i*plane + t], to `side` output rows of side*cols floats.
AE_INLINE void AE(winograd_output)(const int points, const int side, const ae_winograd *w, ae_tiles g, const float *p, float *to) {
	ae_v u[8], y[8], at[8 * 8];
	float lanes[8 * AE_W] __attribute__((aligned(64)));
	for (int64_t q = 0; q < g.cols; q += AE_W) {
#pragma GCC unroll 8
		for (int j = 0; j < points; j++) {
#pragma GCC unroll 8
			for (int i = 0; i < points; i++)
				u[i] = ae_load(p + (i * points + j) * w->m_plane + q);
			AE(output_points)(points, side, u, 1, y);
#pragma GCC unroll 8
			for (int i = 0; i < side; i++)
				at[i * points + j] = y[i];
		}
		for (int i = 0; i < side; i++) {
			AE(output_points)(points, side, at + i * points, 1, y);
#pragma GCC unroll 8
			for (int j = 0; j < side; j++)
				ae_store(lanes + j * AE_W, y[j]);
			AE(winograd_join)(to + i * w->width + q * side, side, lanes);
		}
	}
}

// Instances as functions of their own.
#define AE_WINOGRAD(points, side)                                                                                    \
	static __attribute__((noinline)) void AE(winograd_input_##points##_##side)(const ae_winograd *w, ae_tiles g,      \
	                                                                           const float *patch, float *v) {       \
		AE(winograd_input)(points, side, w, g, patch, v);                                                            \
	}                                                                                                                \
	static __attribute__((noinline)) void AE(winograd_output_##points##_##side)(const ae_winograd *w, ae_tiles g,     \
	                                                                            const float *p, float *to) {         \
		AE(winograd_output)(points, side, w, g, p, to);                                                              \
	}
AE_WINOGRAD(6, 4)
AE_WINOGRAD(8, 5)

// What follows a sum: residual points to the row of y, NULL for none.
typedef struct {
	const float *residual;
	float bias;
	int relu;
} ae_followers;

// follow stores lanes [0, lanes) of a vector of sums with what follows.
AE_INLINE void AE(follow)(ae_followers f, ae_v v, float *y, int64_t at, int64_t lanes) {
	v += f.bias;
	if (f.residual != NULL)
		v += lanes == AE_W ? ae_load(f.residual + at) : ae_load_part(f.residual + at, 0, lanes);
	if (f.relu)
		v = ae_relu(v);
	if (lanes == AE_W)
		ae_store(y + at, v);
	else
		ae_store_part(y + at, v, 0, lanes);
}

// winograd_rows finishes output rows and stores them: bias, residual, relu. y
// and residual point to the image and channel.
static void AE(winograd_rows)(const ae_winograd *w, ae_tiles g, const float *from, float *y, ae_followers f) {
	const ae_conv *j = &w->conv;
	const int64_t q = g.col * w->side, n = AE_MIN(g.cols * w->side, j->cols.out - q);
	const int64_t p = g.row * w->side, rows = AE_MIN(w->side, j->rows.out - p);
	for (int64_t i = 0; i < rows; i++, from += w->width) {
		const int64_t at = (p + i) * j->y_row + q;
		for (int64_t c = 0; c < n; c += AE_W)
			AE(follow)(f, ae_load(from + c), y, at + c, AE_MIN(AE_W, n - c));
	}
}
