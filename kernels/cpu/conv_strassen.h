// 1x1 convolutions by one level of Strassen's method, "Gaussian elimination is not optimal"
// (1969), in the form of Winograd: weights A, columns B and outputs C are halved both ways,
// and seven products of quarters do what takes eight. After Huang, Smith, Henry and van de
// Geijn, "Strassen's algorithm reloaded" (2016), the sums of B are made on the way into
// panels, and those of C in the registers, of a tile of each quarter at a time. The sums of
// A are made beforehand.
//
//	S1 = A21 + A22    S2 = S1 - A11     S3 = A11 - A21    S4 = A12 - S2
//	T1 = B12 - B11    T2 = B22 - T1     T3 = B22 - B12    T4 = T2 - B21
//
//	P = A11 B11       C11 = P + A12 B21
//	Q = P + S2 T2     R = Q + S3 T3     C21 = R - A22 T4
//	M = S1 T1         C22 = R + M       C12 = Q + M + S4 B22
//
// In this order C11, R and C21 begin with what the product before leaves in the registers.
//
// Weights that begin with zeros have fewer products as they are: a head in triangular
// coordinates (core/coordinates) is left to conv_gemm.h.
//
// The error is some two or three times that of a plain sum, and relative to the largest of
// both columns that meet: which do depends on the shape of the image alone.

typedef struct {
	ae_conv conv;
	int64_t depth, outputs; // channels of a half
	int64_t half;           // vectors of columns of a half: vector v meets vector half+v
	int64_t strip;          // panels at a time
	int64_t runs, blocks;   // tasks of an image: runs of columns, and blocks of output channels
} ae_strassen;

// The columns of a task: vectors [first, first+vectors) of a half, in panels as even as
// possible. No sum depends on either.
typedef struct {
	int64_t first, vectors, panels;
} ae_strassen_run;

#define AE_STRASSEN_PRODUCTS 7
#define AE_STRASSEN_OPEN 3        // of them complete no output, and ask for what comes next
#define AE_STRASSEN_OUTPUTS 64    // of a half, at least: sums of fewer are not worth what they save
#if AE_W == 16
#define AE_STRASSEN_LEAST 64      // input channels of a half, at least
#define AE_STRASSEN_ALL 360000    // floats of an image that are one strip
#else
#define AE_STRASSEN_LEAST 128     // measured on AVX2, whose tiles are smaller,
#define AE_STRASSEN_ALL 90000     // as is the second-level cache
#endif
#define AE_STRASSEN_COLUMNS 192   // of an image, at least: halves of fewer are not whole vectors and panels
#define AE_STRASSEN_DEPTH 256     // channels of a half, of a strip of one panel: lines that are asked for during one are still there for the next
#define AE_STRASSEN_EACH 2        // tasks for each of several threads

_Static_assert(AE_STRASSEN_LEAST >= 2 * AE_MR * (AE_NR / 16 + 1), "a product lasts while it asks for the rows of a tile");

// strassen_vector is the first vector of panel i of a run.
AE_INLINE int64_t AE(strassen_vector)(const ae_strassen_run *c, int64_t i) { return c->first + i * c->vectors / c->panels; }

// strassen_weights is the floats of prepared weights: the sums of A, or panels
// (conv_panels.h), and behind them a line that tells which.
static int64_t AE(strassen_weights)(const ae_strassen *s) {
	const int64_t sums = AE_STRASSEN_PRODUCTS * s->outputs * s->depth;
	return AE_CEIL(AE_MAX(sums, AE(direct_weights)(&s->conv)), 16) * 16 + 16;
}
AE_INLINE float *AE(strassen_chosen)(const ae_strassen *s) { return s->conv.prepared + AE(strassen_weights)(s) - 16; }

// strassen_scratch is the floats of a task: two tiles of sums and a strip.
AE_INLINE int64_t AE(strassen_scratch)(const ae_strassen *s) {
	return 2 * AE_MR * AE_NR + s->strip * AE_STRASSEN_PRODUCTS * s->depth * AE_NR;
}

// strassen_plan tells whether a convolution is worth it, and sets s if so. Columns are
// read straight, or every other one where vectors do not cross the ends of rows.
static int AE(strassen_plan)(ae_strassen *s, const ae_conv *j) {
	const ae_axis *rows = &j->rows, *cols = &j->cols;
	const int64_t columns = rows->out * cols->out, stride = cols->stride;
	if (j->reduced != AE_F32 || j->compared != NULL || rows->taps != 1 || cols->taps != 1 || rows->first != 0 || cols->first != 0)
		return 0;
	if (stride == 1 ? rows->in != rows->out || cols->in != cols->out : stride != 2 || cols->out % AE_W != 0)
		return 0;
	if (rows->stride != stride || j->y_col != 1 || j->y_row != cols->out || columns < AE_STRASSEN_COLUMNS)
		return 0;
	if (j->channels % 2 != 0 || j->outputs % (2 * AE_MR) != 0 || j->channels > 2 * AE_CONV_ROWS)
		return 0;
	if (j->channels < 2 * AE_STRASSEN_LEAST || j->outputs < 2 * AE_STRASSEN_OUTPUTS)
		return 0;
	*s = (ae_strassen){.conv = *j, .depth = j->channels / 2, .outputs = j->outputs / 2, .half = AE_CEIL(AE_CEIL(columns, AE_W), 2)};
	const int64_t panel = AE_STRASSEN_PRODUCTS * s->depth * AE_NR, panels = AE_CEIL(s->half, AE_NV);
	s->strip = panels * panel <= AE_STRASSEN_ALL ? panels : AE_MAX(AE_STRASSEN_DEPTH / s->depth, 1);
	return 1;
}

// strassen_weights_task makes the sums of A for a panel of output channels:
// [product][channel][AE_MR].
static void AE(strassen_weights_task)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const ae_strassen *s = ctx;
	const ae_conv *j = &s->conv;
	const int64_t k = task * AE_MR, plane = s->depth * AE_MR;
	const float *const w = j->w + j->rows.weight * j->w_row + j->cols.weight;
	float *to = j->prepared + task * AE_STRASSEN_PRODUCTS * plane;
	for (int64_t c = 0; c < s->depth; c++)
		for (int64_t i = k; i < k + AE_MR; i++, to++) {
			const float *upper = w + i * j->w_out + c * j->w_in, *lower = upper + s->outputs * j->w_out;
			const float a11 = *upper, a12 = upper[s->depth * j->w_in], a21 = *lower, a22 = lower[s->depth * j->w_in];
			const float s1 = a21 + a22, s2 = s1 - a11;
			to[0] = a11;
			to[plane] = a12;
			to[2 * plane] = s2;
			to[3 * plane] = a11 - a21;
			to[4 * plane] = -a22;
			to[5 * plane] = s1;
			to[6 * plane] = a12 - s2;
		}
}

// strassen_pays tells whether sums of the weights pay, which is unless an eighth of them
// or more are zeros that the rows begin with.
static int AE(strassen_pays)(const ae_conv *j) {
	const float *const w = j->w + j->rows.weight * j->w_row + j->cols.weight;
	int64_t zeros = 0;
	for (int64_t k = 0; k < j->outputs; k++)
		for (int64_t c = 0; c < j->channels && w[k * j->w_out + c * j->w_in] == 0; c++)
			zeros++;
	return 8 * zeros < j->outputs * j->channels;
}

// strassen_prepare prepares the weights if sums of them pay, and tells whether.
static int AE(strassen_prepare)(ae_strassen *s, ae_run *r) {
	const int pays = AE(strassen_pays)(&s->conv);
	*AE(strassen_chosen)(s) = (float)pays;
	if (pays)
		ae_parallel(r, s->outputs / AE_MR, AE(strassen_weights_task), s);
	return pays;
}

// strassen_at is where vector v of the columns of a channel begins.
AE_INLINE int64_t AE(strassen_at)(const ae_conv *j, int64_t v) {
	const int64_t column = v * AE_W, width = j->cols.out;
	return j->cols.stride == 1 ? column : column / width * 2 * j->cols.in + column % width * 2;
}

AE_INLINE ae_v AE(strassen_load)(const float *x, int64_t lanes, const int64_t stride) {
	if (stride == 2)
		return lanes > 0 ? ae_even(ae_load(x), ae_load(x + AE_W)) : (ae_v){0};
	return lanes == AE_W ? ae_load(x) : ae_load_part(x, 0, lanes);
}

// Vectors of columns of both halves that meet: where they begin in channel 0, and lanes of
// those of the right half, which may be beyond the last column.
typedef struct {
	const float *left[AE_NV], *right[AE_NV];
	int64_t lanes[AE_NV];
} ae_strassen_columns;

// strassen_sums makes the sums of B for vectors [first, end) of a panel of n,
// [product][channel][vectors], a channel at a time: with planes of 4096 places a line of it
// would not be there for the next vector.
AE_INLINE void AE(strassen_sums)(float *panel, int64_t first, int64_t end, int64_t n, const ae_strassen *s, const ae_strassen_columns *x, const int whole, const int64_t stride) {
	const int64_t channel = s->conv.rows.in * s->conv.cols.in, lower = s->depth * channel, plane = s->depth * n * AE_W;
	for (int64_t c = 0; c < s->depth; c++, panel += n * AE_W)
		for (int64_t v = first; v < end; v++) {
			float *to = panel + v * AE_W;
			const int64_t lanes = whole ? AE_W : x->lanes[v];
			const float *left = x->left[v] + c * channel, *right = x->right[v] + c * channel;
			const ae_v b11 = AE(strassen_load)(left, AE_W, stride), b21 = AE(strassen_load)(left + lower, AE_W, stride);
			const ae_v b12 = AE(strassen_load)(right, lanes, stride), b22 = AE(strassen_load)(right + lower, lanes, stride);
			const ae_v t1 = b12 - b11, t2 = b22 - t1;
			ae_store(to, b11);
			ae_store(to + plane, b21);
			ae_store(to + 2 * plane, t2);
			ae_store(to + 3 * plane, b22 - b12);
			ae_store(to + 4 * plane, t2 - b21);
			ae_store(to + 5 * plane, t1);
			ae_store(to + 6 * plane, b22);
		}
}

// strassen_pack makes panel i of an image x.
static void AE(strassen_pack)(const ae_strassen *s, const ae_strassen_run *run, int64_t i, const float *x, float *to) {
	const ae_conv *j = &s->conv;
	const int64_t first = AE(strassen_vector)(run, i), n = AE(strassen_vector)(run, i + 1) - first;
	ae_strassen_columns columns;
	for (int64_t v = 0; v < n; v++) {
		columns.left[v] = x + AE(strassen_at)(j, first + v);
		columns.lanes[v] = AE_MIN(AE_MAX(j->y_channel - (s->half + first + v) * AE_W, 0), AE_W);
		columns.right[v] = columns.lanes[v] > 0 ? x + AE(strassen_at)(j, s->half + first + v) : columns.left[v];
	}
	if (j->cols.stride == 2)
		for (int64_t v = 0; v < n; v++) // each has lines of its own
			AE(strassen_sums)(to, v, v + 1, n, s, &columns, 0, 2);
	else if (columns.lanes[n - 1] == AE_W)
		AE(strassen_sums)(to, 0, n, n, s, &columns, 1, 1);
	else
		AE(strassen_sums)(to, 0, n, n, s, &columns, 0, 1);
}

// The tiles that are made together, one of each quarter: panels a and b of all products,
// one after the other, room for two tiles of sums, rows AE_NR floats apart, and what the
// open products ask for.
typedef struct {
	int64_t depth;
	const float *a, *b;
	float *sums;
	ae_tile c11, c12, c21, c22;
	ae_ahead next[AE_STRASSEN_OPEN];
} ae_strassen_tiles;

// strassen_product adds the next product to the sums s.
AE_INLINE void AE(strassen_product)(const int nv, ae_v s[AE_MR][AE_NV], int64_t k, const float **a, const float **b, ae_ahead ahead) {
	AE(micro_asking)(AE_MR, nv, s, &k, a, b, nv * AE_W, ahead);
	for (; k > 0; k--, *a += AE_MR, *b += nv * AE_W)
		AE(micro_step)(AE_MR, nv, s, *a, *b);
}

// strassen_last adds the last product of a tile, and asks for the tile and its residual.
AE_INLINE void AE(strassen_last)(const int nv, ae_v s[AE_MR][AE_NV], int64_t k, const float **a, const float **b, const ae_tile *t) {
	AE(micro_asking)(AE_MR, nv, s, &k, a, b, nv * AE_W, AE(tile_rows)(AE_MR, t, t->c));
	AE(strassen_product)(nv, s, k, a, b, AE(tile_rows)(AE_MR, t, t->residual));
}

// strassen_micro makes the tiles. The instances are functions of their own, for the
// compiler's registers.
AE_INLINE void AE(strassen_micro)(const int nv, const ae_strassen_tiles *t) {
	float *const q = t->sums, *const r = q + AE_MR * AE_NR;
	const float *a = t->a, *b = t->b;
	const int64_t k = t->depth;
	ae_v s[AE_MR][AE_NV];
	AE_EACH(AE_MR, nv, s[i][v] = (ae_v){0})
	AE(strassen_product)(nv, s, k, &a, &b, t->next[0]);
	AE_EACH(AE_MR, nv, ae_store(q + i * AE_NR + v * AE_W, s[i][v])) // P
	AE(strassen_last)(nv, s, k, &a, &b, &t->c11);
	AE(tile_store)(AE_MR, nv, &t->c11, s, t->c11.cols == nv * AE_W);
	AE_EACH(AE_MR, nv, s[i][v] = ae_load(q + i * AE_NR + v * AE_W))
	AE(strassen_product)(nv, s, k, &a, &b, t->next[1]);
	AE_EACH(AE_MR, nv, ae_store(q + i * AE_NR + v * AE_W, s[i][v])) // Q
	AE(strassen_product)(nv, s, k, &a, &b, t->next[2]);
	AE_EACH(AE_MR, nv, ae_store(r + i * AE_NR + v * AE_W, s[i][v])) // R
	AE(strassen_last)(nv, s, k, &a, &b, &t->c21);
	AE(tile_store)(AE_MR, nv, &t->c21, s, t->c21.cols == nv * AE_W);
	AE_EACH(AE_MR, nv, s[i][v] = (ae_v){0})
	AE(strassen_last)(nv, s, k, &a, &b, &t->c22);
	AE_EACH(AE_MR, nv, ae_store(q + i * AE_NR + v * AE_W, ae_load(q + i * AE_NR + v * AE_W) + s[i][v])) // Q + M
	AE_EACH(AE_MR, nv, s[i][v] += ae_load(r + i * AE_NR + v * AE_W))
	AE(tile_store)(AE_MR, nv, &t->c22, s, t->c22.cols == nv * AE_W);
	AE_EACH(AE_MR, nv, s[i][v] = ae_load(q + i * AE_NR + v * AE_W))
	AE(strassen_last)(nv, s, k, &a, &b, &t->c12);
	AE(tile_store)(AE_MR, nv, &t->c12, s, t->c12.cols == nv * AE_W);
}
#define AE_STRASSEN_MICRO(nv) \
	static __attribute__((noinline)) void AE(strassen_micro_##nv)(const ae_strassen_tiles *t) { AE(strassen_micro)(nv, t); }
AE_STRASSEN_MICRO(1)
AE_STRASSEN_MICRO(2)
#if AE_NV == 3
AE_STRASSEN_MICRO(3)
#endif

// strassen_place puts a tile of `cols` columns at its place in the output, that of output
// channel k.
AE_INLINE void AE(strassen_place)(ae_tile *t, const ae_conv *j, int64_t k, int64_t at, int64_t cols) {
	t->c = j->y + at;
	t->cols = cols;
	t->bias = j->bias != NULL ? j->bias + k : NULL;
	t->residual = j->residual != NULL ? j->residual + at : NULL;
}

// strassen_tiles makes the outputs of a tile of each quarter, n vectors from the given one
// and output channel k on. What tiles of a task have in common is in t.
static void AE(strassen_tiles)(const ae_strassen *s, ae_strassen_tiles *t, int64_t image, int64_t k, int64_t vector, int64_t n) {
	const ae_conv *j = &s->conv;
	const int64_t upper = image * j->y_image + k * j->y_channel, lower = upper + s->outputs * j->y_channel;
	const int64_t left = vector * AE_W, right = left + s->half * AE_W, cols = AE_MIN(AE_MAX(j->y_channel - right, 0), n * AE_W);
	AE(strassen_place)(&t->c11, j, k, upper + left, n * AE_W);
	AE(strassen_place)(&t->c12, j, k, upper + right, cols);
	AE(strassen_place)(&t->c21, j, k + s->outputs, lower + left, n * AE_W);
	AE(strassen_place)(&t->c22, j, k + s->outputs, lower + right, cols);
#if AE_NV == 3
	if (n == 3) {
		AE(strassen_micro_3)(t);
		return;
	}
#endif
	if (n == 2)
		AE(strassen_micro_2)(t);
	else
		AE(strassen_micro_1)(t);
}

// The input of the strip after this one, which tiles ask for: rows of the left half from
// `from` on, then those of the right.
typedef struct {
	const float *from, *right; // right is NULL when it has begun
	int64_t rows, channels;    // that are left of a half, and all of it
	int64_t lines, step;       // of a row, and floats from one to the next
	int64_t each;              // rows that a product asks for
} ae_strassen_next;

static ae_strassen_next AE(strassen_next)(const ae_strassen *s, const ae_strassen_run *run, const float *x, int64_t panel, int64_t products) {
	const ae_conv *j = &s->conv;
	if (panel >= run->panels || j->cols.stride != 1)
		return (ae_strassen_next){0};
	const int64_t first = AE(strassen_vector)(run, panel), vectors = AE(strassen_vector)(run, AE_MIN(panel + s->strip, run->panels)) - first;
	const int64_t lines = AE_CEIL(vectors * AE_W, 16) + 1;
	return (ae_strassen_next){
		.from = x + first * AE_W, .right = x + (s->half + first) * AE_W, .rows = j->channels, .channels = j->channels,
		.lines = lines, .step = j->rows.in * j->cols.in, .each = AE_MIN(AE_CEIL(2 * j->channels, products), s->depth / lines),
	};
}

AE_INLINE ae_ahead AE(strassen_ahead)(ae_strassen_next *n) {
	const ae_ahead a = {n->from, n->lines, n->step, AE_MIN(n->each, n->rows)};
	n->from += a.count * n->step;
	n->rows -= a.count;
	if (n->rows == 0 && n->right != NULL)
		n->from = n->right, n->right = NULL, n->rows = n->channels;
	return a;
}

// A task is a run of columns for a block of output channels.
static void AE(strassen_task)(void *ctx, int64_t task, float *scratch) {
	const ae_strassen *s = ctx;
	const ae_conv *j = &s->conv;
	const int64_t block = task % s->blocks, at = task / s->blocks % s->runs, image = task / s->blocks / s->runs;
	const int64_t panels = s->outputs / AE_MR, first = block * panels / s->blocks, last = (block + 1) * panels / s->blocks;
	ae_strassen_run run = {.first = at * s->half / s->runs, .vectors = (at + 1) * s->half / s->runs - at * s->half / s->runs};
	run.panels = AE_CEIL(run.vectors, AE_NV);
	const float *x = j->x + image * j->channels * j->rows.in * j->cols.in;
	const int64_t vector = AE_STRASSEN_PRODUCTS * s->depth * AE_W; // floats of one in all products
	float *sums = scratch, *b = sums + 2 * AE_MR * AE_NR;
	const ae_tile quarter = {.ld = j->y_channel, .rows = AE_MR, .relu = j->relu};
	ae_strassen_tiles t = {.depth = s->depth, .sums = sums, .c11 = quarter, .c12 = quarter, .c21 = quarter, .c22 = quarter};
	for (int64_t i = 0; i < run.panels; i += s->strip) {
		const int64_t end = AE_MIN(i + s->strip, run.panels), origin = AE(strassen_vector)(&run, i);
		for (int64_t q = i; q < end; q++)
			AE(strassen_pack)(s, &run, q, x, b + (AE(strassen_vector)(&run, q) - origin) * vector);
		ae_strassen_next next = AE(strassen_next)(s, &run, x, end, (last - first) * (end - i) * AE_STRASSEN_OPEN);
		for (int64_t k = first; k < last; k++)
			for (int64_t q = i; q < end; q++) {
				const int64_t v = AE(strassen_vector)(&run, q);
				t.a = j->prepared + k * AE_STRASSEN_PRODUCTS * s->depth * AE_MR;
				t.b = b + (v - origin) * vector;
				for (int p = 0; p < AE_STRASSEN_OPEN; p++)
					t.next[p] = AE(strassen_ahead)(&next);
				AE(strassen_tiles)(s, &t, image, k * AE_MR, v, AE(strassen_vector)(&run, q + 1) - v);
			}
	}
}

static void AE(strassen_run)(ae_strassen *s, ae_run *r) {
	const ae_conv *j = &s->conv;
	const int64_t tasks = AE(conv_tasks)(j, AE_CEIL(ae_enough(r, AE_STRASSEN_EACH), j->images));
	s->runs = AE_MIN(tasks, AE_CEIL(s->half, AE_NV));
	s->blocks = AE_MIN(AE_CEIL(tasks, s->runs), s->outputs / AE_MR);
	ae_parallel(r, j->images * s->runs * s->blocks, AE(strassen_task), s);
}
