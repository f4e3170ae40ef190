// Convolution as a matrix product: weights [K, C*R*S] times a view of the input,
// read in place by the micro-kernel (gemm.h). A task is a block of output
// channels of a band of output rows of one image; it takes the input channels a
// block at a time and adds up in the output.

typedef struct {
	ae_view view;
	int64_t images, channels, outputs; // N, input and output channels
	const float *x, *w;
	int64_t w_out, w_in, w_row; // strides of w; a column is 1
	float *y;
	int64_t y_image, y_channel, y_row, y_col; // strides of y
	const float *bias, *residual;             // NULL for none
	int relu;
	// The split.
	int64_t band, bands;    // output rows of a task
	int64_t block, blocks;  // output channels of a task
	int64_t depth;          // input channels at a time
	int64_t vectors_in_row; // 0: vectors run on across the ends of rows
} ae_conv;

#define AE_CONV_MACS ((int64_t)1 << 20) // of a task, at least
#define AE_CONV_TASKS 32                // where there is that much work
#define AE_CONV_DEPTH 400               // rows of the matrix at a time
#define AE_CONV_LINES 192               // C*R at a time, which a tile reads from the first-level cache
#define AE_CONV_VIEW 40000              // floats of a view, in the second-level cache
#define AE_CONV_OUTPUTS 128             // output channels of a task

// even divides n into equal parts of at most `most`.
AE_INLINE int64_t AE(even)(int64_t n, int64_t most) { return AE_CEIL(n, AE_CEIL(n, most)); }

// conv_split chooses the sizes of a task from the shapes.
static void AE(conv_split)(ae_conv *j, ae_axis rows, ae_axis cols) {
	const int64_t taps = AE_MAX(rows.taps * cols.taps, 1);
	j->depth = AE_MIN(AE_CONV_DEPTH / taps, AE_CONV_LINES / AE_MAX(rows.taps, 1));
	j->depth = AE(even)(j->channels, AE_MAX(j->depth, 1));
	j->block = AE_MIN(AE_CONV_OUTPUTS, AE_CONV_VIEW / (j->depth * taps));
	j->block = AE_CEIL(AE(even)(j->outputs, AE_MAX(j->block, AE_MR)), AE_MR) * AE_MR;
	j->blocks = AE_CEIL(j->outputs, j->block);
	int64_t row = AE(view_of)(rows, cols, 1).plane - AE(view_of)(rows, cols, 0).plane;
	j->band = AE_CONV_VIEW / j->depth / AE_MAX(row, 1) - AE(last_shift)(rows);
	int64_t macs = j->images * j->outputs * j->channels * taps * rows.out * cols.out;
	int64_t tasks = AE_MIN(AE_CONV_TASKS, macs / AE_CONV_MACS + 1);
	j->band = AE_MIN(j->band, rows.out * j->blocks * j->images / tasks);
	j->band = AE(even)(rows.out, AE_MIN(AE_MAX(j->band, 1), rows.out));
	j->bands = AE_CEIL(rows.out, j->band);
	j->view = AE(view_of)(rows, cols, j->band);
	int64_t in_row = AE_CEIL(cols.out, AE_W), across = AE_CEIL((j->band - 1) * j->view.pitch + cols.out, AE_W);
	j->vectors_in_row = j->band * in_row <= across ? in_row : 0;
}

// conv_pack writes the weights of output channels [k, k+n) and input channels
// [c, c+depth) as panels; the matrix's rows run over (t, c, s).
static void AE(conv_pack)(const ae_conv *j, float *to, int64_t k, int64_t n, int64_t c, int64_t depth) {
	const ae_axis *rows = &j->view.rows, *cols = &j->view.cols;
	const int64_t len = rows->taps * depth * cols->taps;
	for (int64_t i = 0; i < n; i += AE_MR) {
		const int64_t h = AE(panel_rows)(n - i), exist = AE_MIN(h, n - i);
		if (exist < h)
			memset(to + i * len, 0, sizeof(float) * (size_t)(h * len));
		for (int64_t r = 0; r < exist; r++) {
			float *dst = to + i * len + r;
			for (int64_t t = 0; t < rows->taps; t++)
				for (int64_t d = 0; d < depth; d++) {
					const float *w = j->w + (k + i + r) * j->w_out + (c + d) * j->w_in + (rows->weight + t * rows->turn) * j->w_row + cols->weight;
					for (int64_t s = 0; s < cols->taps; s++, dst += h)
						*dst = w[s * cols->turn];
				}
		}
	}
}

static void AE(conv_offsets)(const ae_view *v, int32_t *off, int64_t depth) {
	for (int64_t t = 0; t < v->rows.taps; t++)
		for (int64_t c = 0; c < depth; c++)
			for (int64_t s = 0; s < v->cols.taps; s++)
				*off++ = (int32_t)(c * v->plane + AE(view_offset)(v, t, s));
}

// A segment is a run of lanes of a tile's vector that lies in one output row:
// lane l belongs at y[at + l*y_col].
typedef struct {
	int64_t vector, lo, hi, at;
} ae_segment;
#define AE_SEGMENTS (AE_NV * (AE_W + 1))

// segments_of splits a vector at place `from`, of a band of `rows` output rows.
static int AE(segments_of)(const ae_conv *j, int64_t vector, int64_t from, int64_t rows, ae_segment *s) {
	const int64_t pitch = j->view.pitch, width = j->view.cols.out;
	int64_t p = from / pitch, q = from % pitch, n = 0;
	for (int64_t l = 0; l < AE_W && p < rows; p++, l += pitch - q, q = 0) {
		int64_t hi = AE_MIN(AE_W, l + width - q);
		if (hi > l)
			s[n++] = (ae_segment){vector, l, hi, p * j->y_row + (q - l) * j->y_col};
		if (j->vectors_in_row > 0)
			break;
	}
	return (int)n;
}

// conv_store finishes a row of a tile: adds what is there unless first, and the
// followers if last.
AE_INLINE void AE(conv_store)(const ae_conv *j, const float *t, const ae_segment *s, int n, int64_t row, float bias, int first, int last) {
	for (; n > 0; n--, s++) {
		float *y = j->y + row + s->at;
		ae_v v = ae_load(t + s->vector * AE_W);
		if (j->y_col > 1) {
			for (int64_t l = s->lo; l < s->hi; l++)
				y[l * j->y_col] = first ? v[l] : y[l * j->y_col] + v[l];
			continue;
		}
		int whole = s->lo == 0 && s->hi == AE_W;
		if (!first)
			v += whole ? ae_load(y) : ae_load_part(y, s->lo, s->hi);
		if (last) {
			v += bias;
			if (j->residual != NULL) {
				const float *residual = j->residual + row + s->at;
				v += whole ? ae_load(residual) : ae_load_part(residual, s->lo, s->hi);
			}
			if (j->relu)
				v = ae_relu(v);
		}
		if (whole)
			ae_store(y, v);
		else
			ae_store_part(y, v, s->lo, s->hi);
	}
}

// A task in progress.
typedef struct {
	const ae_conv *j;
	int64_t p, rows;  // its band
	int64_t k, n;     // its output channels
	int64_t row;      // index in y of its image, first channel and row
	int64_t depth;    // input channels of this pass
	int first, last;  // pass
	const float *panels, *view;
	const int32_t *off;
} ae_conv_pass;

// conv_tile computes the vectors [i, i+nv) of the band for all its channels. Taps
// whose rows lie in the padding for all of them are skipped.
static void AE(conv_tile)(const ae_conv_pass *a, int64_t i, int64_t nv) {
	const ae_conv *j = a->j;
	const ae_axis *rows = &j->view.rows;
	const int64_t pitch = j->view.pitch, in_row = j->vectors_in_row;
	float t[AE_MR * AE_NR] __attribute__((aligned(64)));
	const float *b[3] = {0};
	ae_segment segments[AE_SEGMENTS];
	int n = 0;
	int64_t place = 0, begin = 0;
	for (int64_t v = 0; v < nv; v++) {
		place = in_row > 0 ? (i + v) / in_row * pitch + (i + v) % in_row * AE_W : (i + v) * AE_W;
		begin = v == 0 ? place : begin;
		b[v] = a->view + place;
		n += AE(segments_of)(j, v, place, a->rows, segments + n);
	}
	int64_t top = a->p + begin / pitch, bottom = a->p + AE_MIN((place + (in_row > 0 ? 0 : AE_W - 1)) / pitch, a->rows - 1);
	int64_t lo = 0, hi = rows->taps;
	while (lo < hi && bottom * rows->stride + rows->first + lo * rows->step < 0)
		lo++;
	while (lo < hi && top * rows->stride + rows->first + (hi - 1) * rows->step >= rows->in)
		hi--;
	const int64_t per_tap = a->depth * j->view.cols.taps, len = rows->taps * per_tap;
	for (int64_t k = 0; k < a->n; k += AE_MR) {
		const int64_t h = AE(panel_rows)(a->n - k);
		AE(micro_tile)(h, nv, (hi - lo) * per_tap, a->panels + k * len + lo * per_tap * h, b, a->off + lo * per_tap, t);
		for (int64_t r = 0; r < AE_MIN(h, a->n - k); r++) {
			float bias = j->bias != NULL ? j->bias[a->k + k + r] : 0;
			AE(conv_store)(j, t + r * AE_NR, segments, n, a->row + (k + r) * j->y_channel, bias, a->first, a->last);
		}
	}
}

static void AE(conv_task)(void *ctx, int64_t task, float *scratch) {
	const ae_conv *j = ctx;
	const ae_view *v = &j->view;
	const int64_t image = task / j->blocks / j->bands;
	ae_conv_pass a = {.j = j, .p = task / j->blocks % j->bands * j->band, .k = task % j->blocks * j->block};
	a.rows = AE_MIN(j->band, v->rows.out - a.p);
	a.n = AE_MIN(j->block, j->outputs - a.k);
	a.row = image * j->y_image + a.k * j->y_channel + a.p * j->y_row;
	const int64_t len = j->depth * v->rows.taps * v->cols.taps;
	float *panels = scratch, *view = panels + AE_CEIL(j->block * len, 16) * 16;
	int32_t *off = (int32_t *)(view + j->depth * v->plane);
	a.panels = panels, a.view = view, a.off = off;
	const int64_t in_row = j->vectors_in_row;
	const int64_t vectors = in_row > 0 ? a.rows * in_row : AE_CEIL((a.rows - 1) * v->pitch + v->cols.out, AE_W);
	for (int64_t c = 0; c < j->channels; c += j->depth) {
		a.depth = AE_MIN(j->depth, j->channels - c);
		a.first = c == 0;
		a.last = c + j->depth >= j->channels;
		AE(view_fill)(v, view, j->x + (image * j->channels + c) * v->rows.in * v->cols.in, a.depth, a.p);
		AE(conv_offsets)(v, off, a.depth);
		AE(conv_pack)(j, panels, a.k, a.n, c, a.depth);
		for (int64_t i = 0; i < vectors; i += AE_NV)
			AE(conv_tile)(&a, i, AE_MIN(AE_NV, vectors - i));
	}
}

static void AE(conv_run)(ae_conv *j, ae_axis rows, ae_axis cols, ae_run *r) {
	if (rows.out <= 0 || cols.out <= 0)
		return; // a phase beyond a small image
	AE(conv_split)(j, rows, cols);
	ae_parallel(r, j->images * j->bands * j->blocks, AE(conv_task), j);
}
