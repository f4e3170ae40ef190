// The input of a convolution on its way into lines (conv_tiles.h).

// Which lanes of a vector of places meet the input, and where.
typedef struct {
	int64_t lo, hi, at;
} ae_lanes_met;

// lanes_of looks at `lanes` places of a row of the view from place i on: through
// column `first` of the input where place 0 is.
AE_INLINE ae_lanes_met AE(lanes_of)(const ae_axis *cols, int64_t i, int64_t lanes, int64_t first) {
	const int64_t at = i * cols->stride + first;
	const int64_t lo = at < 0 ? AE_CEIL(-at, cols->stride) : 0;
	const int64_t hi = at < cols->in ? AE_MIN(AE_CEIL(cols->in - at, cols->stride), lanes) : 0;
	return (ae_lanes_met){lo, AE_MAX(hi, lo), at};
}

// line_load loads what lanes meet of a row of the input, zero elsewhere.
AE_INLINE ae_v AE(line_load)(const float *row, const ae_lanes_met *m, const int64_t stride) {
	const float *x = row + m->at;
	if (stride == 1)
		return m->lo == 0 && m->hi == AE_W ? ae_load(x) : m->lo < m->hi ? ae_load_part(x, m->lo, m->hi) : (ae_v){0};
	ae_v v = {0};
	if (m->lo >= m->hi)
		return v;
	if (stride == 2)
		return ae_even(ae_load_part(x, AE_MIN(2 * m->lo, AE_W), AE_MIN(2 * m->hi - 1, AE_W)),
		               ae_load_part(x + AE_W, AE_MAX(2 * m->lo - AE_W, 0), AE_MAX(2 * m->hi - 1 - AE_W, 0)));
	for (int64_t l = m->lo; l < m->hi; l++)
		v[l] = x[l * stride];
	return v;
}

// lines_row makes the lines of a plane for a row of the view, of the input row whose
// first channel is x; x is NULL where the row is padding. The places begin at column
// `first`.
AE_INLINE void AE(lines_row)(const ae_tiled *t, char *to, const float *x, int64_t plane, int64_t first, const int bytes, const int64_t stride) {
	const ae_conv *j = &t->conv;
	const int64_t channels = AE_LINE / bytes, size = j->rows.in * j->cols.in, from = plane * channels;
	const int64_t end = AE_MIN(from + channels, j->channels * t->folded);
	const float step = bytes == 1 ? AE_INT8_MOST / *t->range : 0;
	if (x == NULL) {
		memset(to, 0, (size_t)(t->view.pitch * AE_LINE));
		return;
	}
	for (int64_t i = 0; i < t->view.pitch; i += AE_TILE) {
		const int64_t lanes = AE_MIN(AE_TILE, t->view.pitch - i);
		ae_lanes_met met[AE_LINE];
		for (int64_t s = 0; s < t->folded; s++)
			met[s] = AE(lanes_of)(&j->cols, i, lanes, first + s * j->cols.step);
		ae_vi words[AE_TILE];
		int64_t n = from, c = t->folded > 1 ? 0 : from, s = 0;
		for (int word = 0; word < AE_TILE; word++) {
			ae_v v[4] = {0};
#pragma GCC unroll 4
			for (int k = 0; k < 4 / bytes; k++, n++) {
				if (n >= end)
					continue;
				v[k] = AE(line_load)(x + c * size, &met[s], stride);
				if (++c == j->channels && t->folded > 1)
					c = 0, s++;
			}
			if (bytes == 2)
				words[word] = AE(bf16_pair)(v[0], v[1]);
			else
				words[word] = AE(int8_quantised)(v[0], step) | AE(int8_quantised)(v[1], step) << 8 |
				              AE(int8_quantised)(v[2], step) << 16 | AE(int8_quantised)(v[3], step) << 24;
		}
		AE(transpose16)(words);
		for (int64_t l = 0; l < lanes; l++, to += AE_LINE)
			*(ae_vi *)(void *)to = words[l];
	}
}

// tiled_input_rows makes the lines of a plane of an image.
AE_INLINE void AE(tiled_input_rows)(const ae_tiled *t, int64_t task, const int bytes, const int64_t stride) {
	const ae_axis *rows = &t->conv.rows, *cols = &t->view.cols;
	const int64_t image = task / t->planes, plane = task % t->planes;
	const float *x = t->conv.x + image * t->conv.channels * rows->in * cols->in;
	char *to = t->lines + task * t->plane * AE_LINE;
	for (int64_t a = 0; a < AE(phases)(*rows); a++)
		for (int64_t b = 0; b < AE(phases)(*cols); b++)
			for (int64_t i = 0; i < t->view.height; i++, to += t->view.pitch * AE_LINE) {
				const int64_t h = i * rows->stride + a + rows->first;
				AE(lines_row)(t, to, h >= 0 && h < rows->in ? x + h * cols->in : NULL, plane, b + cols->first, bytes, stride);
			}
	// What outputs between the rows meet; they are not stored.
	memset(to, 0, (size_t)(t->lines + (task + 1) * t->plane * AE_LINE - to));
}

static void AE(tiled_input_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const ae_tiled *t = ctx;
	const int64_t stride = t->conv.cols.stride;
	if (t->bytes == 2 && stride == 1)
		AE(tiled_input_rows)(t, task, 2, 1);
	else if (t->bytes == 2)
		AE(tiled_input_rows)(t, task, 2, stride);
	else if (stride == 1)
		AE(tiled_input_rows)(t, task, 1, 1);
	else
		AE(tiled_input_rows)(t, task, 1, stride);
}
