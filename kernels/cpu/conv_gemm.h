// Convolution as a matrix product: weights [K, C*R*S] times a view of the input,
// read in place by the micro-kernel (gemm.h). A task is a block of output
// channels of a band of output rows of one image; it takes the input channels a
// block at a time and adds up in the output.

typedef struct {
	ae_axis rows, cols;
	int64_t images, channels, outputs; // N, input and output channels
	const float *x, *w;
	int64_t w_out, w_in, w_row; // strides of w; a column is 1
	float *y;
	int64_t y_image, y_channel, y_row, y_col; // strides of y
	const float *bias, *residual;             // NULL for none
	int relu;
	float *prepared; // the weights as conv2d.h prepares them, NULL for none
	// The split.
	ae_view view;
	int64_t group;          // images of a task, 1 if there are several bands
	int64_t band, bands;    // output rows of a task
	int64_t block, blocks;  // output channels of a task
	int64_t depth;          // input channels at a time
	int64_t vectors_in_row; // 0: vectors run on across the ends of rows
	int packed;             // tiles read packed panels [channel][AE_NR] instead of a view
} ae_conv;

#define AE_CONV_DEPTH 400    // rows of the matrix at a time
#define AE_CONV_LINES 192    // C*R at a time, which a tile reads from the first-level cache
#define AE_CONV_VIEW 40000   // floats of a view, in the second-level cache
#define AE_CONV_TILES 4      // packed at a time: whole cache lines of the input
#define AE_CONV_PANELS 48000 // floats of packed weights, there too

// is_plain tells an axis along which output i is made of input i alone. If both
// are, an image is a matrix [C, H*W] as it stands.
AE_INLINE int AE(is_plain)(ae_axis a) { return a.taps == 1 && a.stride == 1 && a.first == 0 && a.in == a.out; }

// even divides n into equal parts of at most `most`.
AE_INLINE int64_t AE(even)(int64_t n, int64_t most) { return AE_CEIL(n, AE_CEIL(n, most)); }

// conv_tasks is how many tasks a convolution should have: 8 where they are not
// tiny, up to 32 where they are large.
AE_INLINE int64_t AE(conv_tasks)(const ae_conv *j) {
	const ae_axis rows = j->rows, cols = j->cols;
	int64_t million = j->images * j->outputs * j->channels * rows.taps * cols.taps * rows.out * cols.out >> 20;
	return AE_MAX(AE_MIN(million, 8), AE_MIN(million / 4, 32)) + 1;
}

// conv_bands sets the bands that go with the block of j, and returns the cost of
// packing: floats of weights, which are transposed, count four times unless they
// were prepared.
static int64_t AE(conv_bands)(ae_conv *j, int64_t tasks, int64_t row) {
	const ae_axis rows = j->rows, cols = j->cols;
	j->blocks = AE_CEIL(j->outputs, j->block);
	int64_t most = j->packed ? rows.out : AE_CONV_VIEW / (j->depth * row) - AE(last_shift)(rows);
	j->band = AE_MIN(most, rows.out * j->blocks * j->images / tasks);
	j->band = AE(even)(rows.out, AE_MIN(AE_MAX(j->band, 1), rows.out));
	j->bands = AE_CEIL(rows.out, j->band);
	j->group = j->bands > 1 ? 1 : AE(even)(j->images, AE_MAX(j->images * j->blocks / tasks, 1));
	int64_t weights = j->outputs * j->channels * rows.taps * cols.taps * j->bands * AE_CEIL(j->images, j->group);
	return (j->prepared != NULL ? 1 : 4) * weights + j->channels * (j->band + AE(last_shift)(rows)) * row * j->bands * j->images * j->blocks;
}

// conv_split chooses the sizes of a task from the shapes: the input channels that
// the caches hold, then the block of output channels that costs least.
static void AE(conv_split)(ae_conv *j) {
	const ae_axis rows = j->rows, cols = j->cols;
	const int64_t taps = AE_MAX(rows.taps * cols.taps, 1), tasks = AE(conv_tasks)(j);
	const int64_t row = AE(phases)(rows) * AE(phases)(cols) * AE(view_of)(rows, cols, 1).pitch;
	j->packed = AE(is_plain)(rows) && AE(is_plain)(cols);
	j->depth = AE_MIN(AE_CONV_DEPTH / taps, AE_CONV_LINES / AE_MAX(rows.taps, 1));
	if (j->packed)
		j->depth = AE_GEMM_K;
	j->depth = AE(even)(j->channels, AE_MAX(j->depth, 1));
	int64_t best = -1, block = AE_MR;
	for (int64_t parts = 1; parts <= AE_CEIL(j->outputs, AE_MR); parts += AE_CEIL(parts, 4)) {
		j->block = AE_CEIL(AE_CEIL(j->outputs, parts), AE_MR) * AE_MR;
		if (j->block > AE_MR && j->block * j->depth * taps > AE_CONV_PANELS)
			continue;
		int64_t cost = AE(conv_bands)(j, tasks, row);
		if (best < 0 || cost < best) {
			best = cost;
			block = j->block;
		}
	}
	j->block = block;
	AE(conv_bands)(j, tasks, row);
	j->view = AE(view_of)(rows, cols, j->band);
	if (j->packed) {
		j->view.plane = AE_CONV_TILES * AE_NR;
		j->vectors_in_row = 0;
		return;
	}
	int64_t in_row = AE_CEIL(cols.out, AE_W), across = AE_CEIL((j->band - 1) * j->view.pitch + cols.out, AE_W);
	j->vectors_in_row = j->band * in_row <= across ? in_row : 0;
}

// interleave writes to[j*h + i] = from[i][j*turn] for 4 rows i and j < n, turn
// being 1 or -1. It works in columns of four: it may read up to 3 elements too
// many, and write up to 3 columns behind the last.
AE_INLINE void AE(interleave)(float *to, int64_t h, const float *const *from, int64_t n, const int64_t turn) {
	for (int64_t j = 0; j < n; j += 4, to += 4 * h) {
		const int64_t at = turn > 0 ? j : -j - 3;
		ae_v4 m[4] = {ae_load4(from[0] + at), ae_load4(from[1] + at), ae_load4(from[2] + at), ae_load4(from[3] + at)};
		ae_transpose4(m);
		for (int i = 0; i < 4; i++)
			ae_store4(to + (turn > 0 ? i : 3 - i) * h, m[i]);
	}
}

// conv_pack4 packs 4 rows of a panel of height h.
static void AE(conv_pack4)(const ae_conv *j, float *to, int64_t h, const float *const *from, int64_t depth) {
	const ae_axis *rows = &j->rows, *cols = &j->cols;
	const int single = rows->taps == 1 && cols->taps == 1;
	if (single && j->w_in == 1) {
		AE(interleave)(to, h, from, depth, 1);
		return;
	}
	if (single && from[3] == from[0] + 3) { // the gradient's weights are transposed
		for (int64_t d = 0; d < depth; d++, to += h)
			ae_store4(to, ae_load4(from[0] + d * j->w_in));
		return;
	}
	for (int64_t t = 0; t < rows->taps; t++)
		for (int64_t d = 0; d < depth; d++, to += cols->taps * h) {
			const int64_t at = d * j->w_in + (rows->weight + t * rows->turn) * j->w_row + cols->weight;
			const float *run[4] = {from[0] + at, from[1] + at, from[2] + at, from[3] + at};
			if (cols->taps > 1 && cols->turn == 1)
				AE(interleave)(to, h, run, cols->taps, 1);
			else if (cols->taps > 1 && cols->turn == -1)
				AE(interleave)(to, h, run, cols->taps, -1);
			else
				for (int64_t s = 0; s < cols->taps; s++)
					for (int i = 0; i < 4; i++)
						to[s * h + i] = run[i][s * cols->turn];
		}
}

// conv_pack writes the weights of output channels [k, k+n) and input channels
// [c, c+depth) as panels; the matrix's rows run over (t, c, s). Rows that a panel
// lacks repeat its last one: their products are not stored.
static void AE(conv_pack)(const ae_conv *j, float *to, int64_t k, int64_t n, int64_t c, int64_t depth) {
	const int64_t len = j->rows.taps * depth * j->cols.taps;
	for (int64_t i = 0; i < n; i += AE_MR) {
		const int64_t h = AE(panel_rows)(n - i);
		for (int64_t part = 0; part < h; part += 4) {
			const float *from[4];
			for (int64_t r = 0; r < 4; r++)
				from[r] = j->w + (k + AE_MIN(i + part + r, n - 1)) * j->w_out + c * j->w_in;
			AE(conv_pack4)(j, to + i * len + part, h, from, depth);
		}
	}
}

// conv_offsets tells the micro-kernel where the matrix's rows are in the view.
static void AE(conv_offsets)(const ae_conv *j, int32_t *off, int64_t depth) {
	const ae_view *v = &j->view;
	const int64_t taps = v->cols.taps, plane = j->packed ? AE_NR : v->plane;
	for (int64_t t = 0; t < v->rows.taps; t++, off += depth * taps)
		for (int64_t s = 0; s < taps; s++) {
			const int64_t at = AE(view_offset)(v, t, s);
			for (int64_t c = 0; c < depth; c++)
				off[c * taps + s] = (int32_t)(at + c * plane);
		}
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

// What follows a sum when it is complete, and whether it continues one.
typedef struct {
	const float *residual; // at the row of y, NULL for none
	float bias;
	int relu, first, last;
} ae_followers;

// follow finishes a vector of a sum: adds what is there unless first, and the
// followers if last. Lanes [lo, hi) count.
AE_INLINE ae_v AE(follow)(ae_followers f, ae_v v, const float *y, int64_t at, int64_t lo, int64_t hi, const int whole) {
	if (!f.first)
		v += whole ? ae_load(y + at) : ae_load_part(y + at, lo, hi);
	if (!f.last)
		return v;
	v += f.bias;
	if (f.residual != NULL)
		v += whole ? ae_load(f.residual + at) : ae_load_part(f.residual + at, lo, hi);
	return f.relu ? ae_relu(v) : v;
}

// conv_store stores a row t of a tile, in n segments, to y.
AE_INLINE void AE(conv_store)(ae_followers f, const float *t, const ae_segment *s, int n, float *y, const int64_t step) {
	for (; n > 0; n--, s++) {
		const ae_v v = ae_load(t + s->vector * AE_W);
		if (step > 1) {
			for (int64_t l = s->lo; l < s->hi; l++)
				y[s->at + l * step] = f.first ? v[l] : y[s->at + l * step] + v[l];
		} else if (s->lo == 0 && s->hi == AE_W) {
			ae_store(y + s->at, AE(follow)(f, v, y, s->at, 0, AE_W, 1));
		} else {
			ae_store_part(y + s->at, AE(follow)(f, v, y, s->at, s->lo, s->hi, 0), s->lo, s->hi);
		}
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
		b[v] = a->view + (j->packed ? i % (AE_CONV_TILES * AE_NV) * AE_W * a->depth + v * AE_W : place);
		n += AE(segments_of)(j, v, place, a->rows, segments + n);
	}
	int64_t top = a->p + begin / pitch, bottom = a->p + AE_MIN((place + (in_row > 0 ? 0 : AE_W - 1)) / pitch, a->rows - 1);
	int64_t lo = 0, hi = rows->taps;
	while (lo < hi && bottom * rows->stride + rows->first + lo * rows->step < 0)
		lo++;
	while (lo < hi && top * rows->stride + rows->first + (hi - 1) * rows->step >= rows->in)
		hi--;
	const int64_t per_tap = a->depth * j->view.cols.taps, len = rows->taps * per_tap;
	ae_followers f = {.relu = j->relu, .first = a->first, .last = a->last};
	for (int64_t k = 0; k < a->n; k += AE_MR) {
		const int64_t h = AE(panel_rows)(a->n - k);
		AE(micro_tile)(h, nv, (hi - lo) * per_tap, a->panels + k * len + lo * per_tap * h, b, a->off + lo * per_tap, t, AE_NR, 0);
		for (int64_t r = 0; r < AE_MIN(h, a->n - k); r++) {
			const int64_t row = a->row + (k + r) * j->y_channel;
			f.bias = j->bias != NULL ? j->bias[a->k + k + r] : 0;
			f.residual = j->residual != NULL ? j->residual + row : NULL;
			AE(conv_store)(f, t + r * AE_NR, segments, n, j->y + row, j->y_col);
		}
	}
}

// conv_columns packs the next tiles of an image that is a matrix.
static void AE(conv_columns)(const ae_conv *j, float *to, const float *x, int64_t depth, int64_t columns) {
	AE(pack_b)(to, x, depth, AE_MIN(AE_CONV_TILES * AE_NR, columns), j->view.rows.in * j->view.cols.in, 1);
}

// direct_pass is the floats of prepared weights of a pass; packing writes up to
// three columns behind them.
AE_INLINE int64_t AE(direct_pass)(const ae_conv *j) {
	return AE(odd_lines)(AE(padded_rows)(j->outputs) * j->depth * j->rows.taps * j->cols.taps + 3 * AE_MR);
}

static void AE(conv_task)(void *ctx, int64_t task, float *scratch) {
	const ae_conv *j = ctx;
	const ae_view *v = &j->view;
	const int64_t image = task / j->blocks / j->bands * j->group, end = AE_MIN(image + j->group, j->images);
	ae_conv_pass a = {.j = j, .p = task / j->blocks % j->bands * j->band, .k = task % j->blocks * j->block};
	a.rows = AE_MIN(j->band, v->rows.out - a.p);
	a.n = AE_MIN(j->block, j->outputs - a.k);
	float *panels = scratch, *view = panels + AE_CEIL(j->block * j->depth * v->rows.taps * v->cols.taps + 3 * AE_MR, 16) * 16;
	int32_t *off = (int32_t *)(view + j->depth * v->plane);
	a.panels = panels, a.view = view, a.off = off;
	const int64_t in_row = j->vectors_in_row;
	const int64_t vectors = in_row > 0 ? a.rows * in_row : AE_CEIL((a.rows - 1) * v->pitch + v->cols.out, AE_W);
	for (int64_t c = 0; c < j->channels; c += j->depth) {
		a.depth = AE_MIN(j->depth, j->channels - c);
		a.first = c == 0;
		a.last = c + j->depth >= j->channels;
		AE(conv_offsets)(j, off, a.depth);
		if (j->prepared != NULL)
			a.panels = j->prepared + c / j->depth * AE(direct_pass)(j) + a.k * a.depth * v->rows.taps * v->cols.taps;
		else
			AE(conv_pack)(j, panels, a.k, a.n, c, a.depth);
		for (int64_t n = image; n < end; n++) {
			const float *x = j->x + (n * j->channels + c) * v->rows.in * v->cols.in;
			a.row = n * j->y_image + a.k * j->y_channel + a.p * j->y_row;
			if (!j->packed)
				AE(view_fill)(v, view, x, a.depth, a.p);
			for (int64_t i = 0; i < vectors; i += AE_NV) {
				if (j->packed && i % (AE_CONV_TILES * AE_NV) == 0)
					AE(conv_columns)(j, view, x + a.p * v->cols.in + i * AE_W, a.depth, a.rows * v->cols.in - i * AE_W);
				AE(conv_tile)(&a, i, AE_MIN(AE_NV, vectors - i));
			}
		}
	}
}

// direct_weights is the floats of prepared weights.
static int64_t AE(direct_weights)(ae_conv *j) {
	AE(conv_split)(j);
	return AE_CEIL(j->channels, j->depth) * AE(direct_pass)(j);
}

static void AE(direct_prepare_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const ae_conv *j = ctx;
	const int64_t c = task * j->depth;
	AE(conv_pack)(j, j->prepared + task * AE(direct_pass)(j), 0, j->outputs, c, AE_MIN(j->depth, j->channels - c));
}

static void AE(direct_prepare)(ae_conv *j, ae_run *r) {
	AE(conv_split)(j);
	ae_parallel(r, AE_CEIL(j->channels, j->depth), AE(direct_prepare_task), j);
}

static void AE(direct_run)(ae_conv *j, ae_run *r) {
	AE(conv_split)(j);
	ae_parallel(r, AE_CEIL(j->images, j->group) * j->bands * j->blocks, AE(conv_task), j);
}
