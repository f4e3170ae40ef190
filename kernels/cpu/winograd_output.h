// The products of a group of tiles, taken to the output: vectors of AE_W output
// channels at one place, transposed into image rows at the end.

// winograd_output takes the products of a tile, point i at m[i*plane], to side x
// side outputs, row i of them at to + i*pitch. Each point is a stream of its own: the
// processor foresees none of so many, and lines of the tile after next are asked for.
AE_INLINE void AE(winograd_output)(const int points, const int side, const float *m, int64_t plane, float *to, int64_t pitch) {
	ae_v u[AE_WINOGRAD_POINTS], y[8], at[8 * AE_WINOGRAD_POINTS];
#pragma GCC unroll 10
	for (int j = 0; j < points; j++) {
#pragma GCC unroll 10
		for (int i = 0; i < points; i++) {
			u[i] = ae_load(m + (i * points + j) * plane);
			__builtin_prefetch(m + (i * points + j) * plane + 2 * AE_PRODUCT_COLS);
		}
		AE(output_points)(points, side, u, 1, y);
#pragma GCC unroll 8
		for (int i = 0; i < side; i++)
			at[i * points + j] = y[i];
	}
	for (int i = 0; i < side; i++, to += pitch) {
		AE(output_points)(points, side, at + i * points, 1, y);
#pragma GCC unroll 8
		for (int j = 0; j < side; j++)
			ae_store(to + j * AE_W, y[j]);
	}
}

// winograd_tiles does that for n tiles of a row. The instances are functions of
// their own, for the compiler's registers.
#define AE_WINOGRAD_TAKE(points, side)                                                                                    \
	static __attribute__((noinline)) void AE(winograd_tiles_##points##_##side)(const ae_winograd *w, const float *m,       \
	                                                                           int64_t n, float *to) {                     \
		for (int64_t q = 0; q < n; q++)                                                                                    \
			AE(winograd_output)(points, side, m + q * AE_PRODUCT_COLS, w->m_plane, to + q * side * AE_W, w->pitch);        \
	}
AE_WINOGRAD_TAKE(4, 2)
AE_WINOGRAD_TAKE(6, 3)
AE_WINOGRAD_TAKE(6, 4)
AE_WINOGRAD_TAKE(8, 5)
AE_WINOGRAD_TAKE(9, 4)
AE_WINOGRAD_TAKE(10, 4)

// winograd_finish stores a square of sums, v[c] being `lanes` columns of channel c,
// with the residual and relu; at is the place of the first in y and the residual.
AE_INLINE void AE(winograd_finish)(const ae_conv *j, const ae_v *v, int64_t channels, int64_t at, int64_t lanes) {
	if (channels == AE_W && lanes == AE_W && j->residual == NULL) {
#pragma GCC unroll 16
		for (int c = 0; c < AE_W; c++, at += j->y_channel) {
			ae_store(j->y + at, j->relu ? ae_relu(v[c]) : v[c]);
			__builtin_prefetch(j->y + at + AE_W * j->y_channel, 1, 2); // of the next channels
		}
		return;
	}
	for (int64_t c = 0; c < channels; c++, at += j->y_channel) {
		ae_v x = v[c];
		if (j->residual != NULL)
			x += ae_load_part(j->residual + at, 0, lanes);
		ae_store_part(j->y + at, j->relu ? ae_relu(x) : x, 0, lanes);
	}
}

// winograd_store stores the output rows of a row of tiles, for `channels` output
// channels from k on; image counts images.
static void AE(winograd_store)(const ae_winograd *w, ae_tiles g, int64_t image, int64_t k, int64_t channels, const float *rows) {
	const ae_conv *j = &w->conv;
	const int64_t p = g.row * w->side, high = AE_MIN(w->side, j->rows.out - p);
	const int64_t q = g.col * w->side, n = AE_MIN(g.cols * w->side, j->cols.out - q);
	const int64_t origin = image * j->y_image + k * j->y_channel + p * j->y_row + q;
	const ae_v bias = j->bias != NULL ? ae_load_part(j->bias + k, 0, channels) : (ae_v){0};
	for (int64_t i = 0; i < high; i++)
		for (int64_t c = 0; c < n; c += AE_W) {
			const float *from = rows + i * w->pitch + c * AE_W;
			ae_v v[AE_W];
#pragma GCC unroll 16
			for (int l = 0; l < AE_W; l++)
				v[l] = ae_load(from + l * AE_W) + bias;
			AE(transpose)(v);
			AE(winograd_finish)(j, v, channels, origin + i * j->y_row + c, AE_MIN(AE_W, n - c));
		}
}

// winograd_down adds two rows of outputs, from column c on, NULL for one of padding.
AE_INLINE ae_v AE(winograd_down)(const float *const row[2], int64_t c, ae_v bias, int relu) {
	ae_v sum = {0};
	for (int i = 0; i < 2; i++)
		if (row[i] != NULL) {
			const ae_v v = ae_load(row[i] + c * AE_W) + bias;
			sum += relu ? ae_relu(v) : v;
		}
	return sum;
}

// winograd_pool stores the means of 2x2 outputs of a group, in the order of AvgPool, for
// `channels` output channels from k on. Row 0 of a group is the first of a window.
static void AE(winograd_pool)(const ae_winograd *w, ae_tiles g, int64_t image, int64_t k, int64_t channels, const float *rows) {
	const ae_conv *j = &w->conv;
	const ae_AvgPool *o = w->pool;
	const int64_t high = (o->H + 2 * o->Pad) / 2, wide = (o->W + 2 * o->Pad) / 2, top = g.row * w->side;
	const ae_v bias = j->bias != NULL ? ae_load_part(j->bias + k, 0, channels) : (ae_v){0};
	for (int64_t p = top / 2; p < AE_MIN((top + g.rows * w->side) / 2, high); p++) {
		const float *row[2];
		for (int i = 0; i < 2; i++) {
			const int64_t r = 2 * p - o->Pad + i;
			row[i] = r >= 0 && r < o->H ? rows + (2 * p + i - top) * w->pitch : NULL;
		}
		for (int64_t q = 0; q < wide; q += AE_W) {
			float *y = j->y + ((image * j->outputs + k) * high + p) * wide + q;
			const int64_t lanes = AE_MIN(AE_W, wide - q);
			ae_v v[AE_W];
			for (int64_t l = 0; l < AE_W; l++) {
				const int64_t c = 2 * (q + l) - o->Pad;
				v[l] = (ae_v){0};
				if (c >= 0 && c < o->W)
					v[l] = AE(winograd_down)(row, c, bias, j->relu);
				if (c + 1 < o->W)
					v[l] += AE(winograd_down)(row, c + 1, bias, j->relu);
				v[l] *= 0.25f;
			}
			AE(transpose)(v);
			for (int64_t c = 0; c < channels; c++, y += high * wide) {
				ae_store_part(y, v[c], 0, lanes);
				__builtin_prefetch(y + AE_W * high * wide, 1, 2); // of the next channels
			}
		}
	}
}

// winograd_take takes the products of a row of tiles to output rows, as vectors of
// channels.
static void AE(winograd_take)(const ae_winograd *w, const float *m, int64_t n, float *rows) {
	switch (w->points) {
	case 4:
		AE(winograd_tiles_4_2)(w, m, n, rows);
		break;
	case 6:
		if (w->side == 3)
			AE(winograd_tiles_6_3)(w, m, n, rows);
		else
			AE(winograd_tiles_6_4)(w, m, n, rows);
		break;
	case 8:
		AE(winograd_tiles_8_5)(w, m, n, rows);
		break;
	case 9:
		AE(winograd_tiles_9_4)(w, m, n, rows);
		break;
	default:
		AE(winograd_tiles_10_4)(w, m, n, rows);
	}
}

// winograd_scatter takes the products of output channels [k, k+n) to the output.
static void AE(winograd_scatter)(const ae_winograd *w, ae_tiles g, int64_t image, int64_t k, int64_t n, const float *m, float *rows) {
	for (int64_t i = 0; i < n; i += AE_W) {
		const float *from = m + i / AE_PRODUCT_COLS * AE_PRODUCT_COLS * w->tiles + i % AE_PRODUCT_COLS;
		const int64_t channels = AE_MIN(AE_W, n - i);
		for (int64_t t = 0; t < g.rows; t++, from += g.cols * AE_PRODUCT_COLS) {
			AE(winograd_take)(w, from, g.cols, rows + (w->pool != NULL ? t * w->side * w->pitch : 0));
			if (w->pool == NULL)
				AE(winograd_store)(w, (ae_tiles){.row = g.row + t, .col = g.col, .cols = g.cols}, image, k + i, channels, rows);
		}
		if (w->pool != NULL)
			AE(winograd_pool)(w, g, image, k + i, channels, rows);
	}
}
