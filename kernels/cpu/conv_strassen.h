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
//	Q = P + S2 T2     R = Q + S3 T3
//	M = S1 T1         C22 = R + M       C12 = Q + M + S4 B22
//	                                    C21 = R - A22 T4
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
#define AE_STRASSEN_OPEN 3        // of them complete nothing, and ask for what comes next
#if AE_W == 16
#define AE_STRASSEN_LEAST 64      // channels of a half: sums of fewer are not worth what they save
#else
#define AE_STRASSEN_LEAST 128     // measured on AVX2, whose tiles are smaller
#endif
#define AE_STRASSEN_COLUMNS 192   // of an image, at least: halves of fewer are not whole vectors and panels
#define AE_STRASSEN_ALL 360000    // floats of an image that are one strip, about the second-level cache
#define AE_STRASSEN_PANELS 90000  // floats of a strip of others: lines that are asked for during one are still there for the next
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
	if (j->channels < 2 * AE_STRASSEN_LEAST || j->outputs < 2 * AE_STRASSEN_LEAST)
		return 0;
	*s = (ae_strassen){.conv = *j, .depth = j->channels / 2, .outputs = j->outputs / 2, .half = AE_CEIL(AE_CEIL(columns, AE_W), 2)};
	const int64_t panel = AE_STRASSEN_PRODUCTS * s->depth * AE_NR, panels = AE_CEIL(s->half, AE_NV);
	s->strip = panels * panel <= AE_STRASSEN_ALL ? panels : AE_MAX(AE_STRASSEN_PANELS / panel, 1);
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
			to[4 * plane] = s1;
			to[5 * plane] = a12 - s2;
			to[6 * plane] = -a22;
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

// strassen_sums makes the sums of B for one vector of a panel: rows `pitch` floats apart,
// products `plane`. Vectors of the right half have so many lanes, the others are zero.
AE_INLINE void AE(strassen_sums)(float *to, int64_t pitch, int64_t plane, const ae_strassen *s, const float *left, const float *right, int64_t lanes, const int64_t stride) {
	const int64_t channel = s->conv.rows.in * s->conv.cols.in, lower = s->depth * channel;
	for (int64_t c = 0; c < s->depth; c++, to += pitch, left += channel, right += channel) {
		const ae_v b11 = AE(strassen_load)(left, AE_W, stride), b21 = AE(strassen_load)(left + lower, AE_W, stride);
		const ae_v b12 = AE(strassen_load)(right, lanes, stride), b22 = AE(strassen_load)(right + lower, lanes, stride);
		const ae_v t1 = b12 - b11, t2 = b22 - t1;
		ae_store(to, b11);
		ae_store(to + plane, b21);
		ae_store(to + 2 * plane, t2);
		ae_store(to + 3 * plane, b22 - b12);
		ae_store(to + 4 * plane, t1);
		ae_store(to + 5 * plane, b22);
		ae_store(to + 6 * plane, t2 - b21);
	}
}

// strassen_pack makes panel i, [product][channel][vectors], of an image x.
static void AE(strassen_pack)(const ae_strassen *s, const ae_strassen_run *run, int64_t i, const float *x, float *to) {
	const ae_conv *j = &s->conv;
	const int64_t first = AE(strassen_vector)(run, i), n = AE(strassen_vector)(run, i + 1) - first, plane = s->depth * n * AE_W;
	for (int64_t v = first; v < first + n; v++, to += AE_W) {
		const int64_t lanes = AE_MIN(AE_MAX(j->y_channel - (s->half + v) * AE_W, 0), AE_W);
		const float *left = x + AE(strassen_at)(j, v), *right = lanes > 0 ? x + AE(strassen_at)(j, s->half + v) : left;
		if (j->cols.stride == 2)
			AE(strassen_sums)(to, n * AE_W, plane, s, left, right, lanes, 2);
		else if (lanes == AE_W)
			AE(strassen_sums)(to, n * AE_W, plane, s, left, right, AE_W, 1);
		else
			AE(strassen_sums)(to, n * AE_W, plane, s, left, right, lanes, 1);
	}
}

// Where a product begins and what becomes of it. Tiles of sums that are held back have rows
// AE_NR floats apart.
typedef struct {
	const float *start;      // it is added to these sums, NULL for none
	float *held;             // it is put here, NULL for nowhere; or added, if `add` is set
	int add;
	const ae_tile *complete; // it goes here, NULL for nowhere, with the sums `rest` if that is not NULL
	const float *rest;
	ae_ahead ahead[2];       // one after the other
} ae_strassen_product;

// strassen_micro is micro of gemm.h with that around it. The instances are functions of
// their own, for the compiler's registers.
AE_INLINE void AE(strassen_micro)(const int nv, int64_t k, const float *a, const float *b, const ae_strassen_product *p) {
	ae_v s[AE_MR][AE_NV];
	if (p->start != NULL)
		AE_EACH(AE_MR, nv, s[i][v] = ae_load(p->start + i * AE_NR + v * AE_W))
	else
		AE_EACH(AE_MR, nv, s[i][v] = (ae_v){0})
	for (int i = 0; i < 2; i++) {
		const int64_t steps = AE(micro_asking)(AE_MR, nv, s, k, a, b, nv * AE_W, p->ahead[i]);
		k -= steps, a += steps * AE_MR, b += steps * nv * AE_W;
	}
	for (; k > 0; k--, a += AE_MR, b += nv * AE_W)
		AE(micro_step)(AE_MR, nv, s, a, b);
	if (p->held != NULL && p->add)
		AE_EACH(AE_MR, nv, ae_store(p->held + i * AE_NR + v * AE_W, ae_load(p->held + i * AE_NR + v * AE_W) + s[i][v]))
	else if (p->held != NULL)
		AE_EACH(AE_MR, nv, ae_store(p->held + i * AE_NR + v * AE_W, s[i][v]))
	if (p->complete == NULL)
		return;
	if (p->rest != NULL)
		AE_EACH(AE_MR, nv, s[i][v] += ae_load(p->rest + i * AE_NR + v * AE_W))
	AE(tile_store)(AE_MR, nv, p->complete, s, p->complete->cols == nv * AE_W);
}
#define AE_STRASSEN_MICRO(nv)                                                                                                              \
	static __attribute__((noinline)) void AE(strassen_micro_##nv)(int64_t k, const float *a, const float *b, const ae_strassen_product *p) { \
		AE(strassen_micro)(nv, k, a, b, p);                                                                                                  \
	}
AE_STRASSEN_MICRO(1)
AE_STRASSEN_MICRO(2)
#if AE_NV == 3
AE_STRASSEN_MICRO(3)
#endif
typedef void AE(strassen_kernel)(int64_t k, const float *a, const float *b, const ae_strassen_product *p);

// The input of the strip after this one: 2*channels rows, of each half, which tiles ask for.
typedef struct {
	const float *half[2]; // of channel 0
	int64_t lines;        // of a row, 0 for no such strip
	int64_t row, each;    // the next row, and how many a product asks for
} AE(strassen_next);

static AE(strassen_next) AE(strassen_next_of)(const ae_strassen *s, const ae_strassen_run *run, const float *x, int64_t panel, int64_t products) {
	const ae_conv *j = &s->conv;
	if (panel >= run->panels || j->cols.stride != 1)
		return (AE(strassen_next)){.lines = 0};
	const int64_t first = AE(strassen_vector)(run, panel), vectors = AE(strassen_vector)(run, AE_MIN(panel + s->strip, run->panels)) - first;
	const int64_t lines = AE_CEIL(vectors * AE_W, 16) + 1;
	const int64_t each = AE_MIN(AE_CEIL(2 * j->channels, products), s->depth / lines);
	return (AE(strassen_next)){{x + first * AE_W, x + (s->half + first) * AE_W}, lines, 0, each};
}

AE_INLINE ae_ahead AE(strassen_ahead)(const ae_strassen *s, AE(strassen_next) *n) {
	const int64_t channels = s->conv.channels, plane = s->conv.rows.in * s->conv.cols.in, c = n->row % channels;
	if (n->lines == 0 || n->row >= 2 * channels)
		return (ae_ahead){0};
	const ae_ahead a = {n->half[n->row / channels] + c * plane, n->lines, plane, AE_MIN(n->each, channels - c)};
	n->row += a.count;
	return a;
}

// strassen_tiles makes the outputs of a tile of each quarter, from output channel k and
// panel i on, out of panels a and b of all products.
static void AE(strassen_tiles)(const ae_strassen *s, const ae_strassen_run *run, int64_t image, int64_t k, int64_t i, const float *a, const float *b, float *sums, AE(strassen_next) *next) {
	const ae_conv *j = &s->conv;
	const int64_t left = AE(strassen_vector)(run, i), n = AE(strassen_vector)(run, i + 1) - left;
	ae_tile c[2][2];
	for (int h = 0; h < 2; h++)
		for (int w = 0; w < 2; w++) {
			const int64_t channel = k + h * s->outputs, column = (left + w * s->half) * AE_W;
			const int64_t at = image * j->y_image + channel * j->y_channel + column;
			c[h][w] = (ae_tile){
				.c = j->y + at, .ld = j->y_channel, .rows = AE_MR, .cols = AE_MIN(AE_MAX(j->y_channel - column, 0), n * AE_W),
				.bias = j->bias != NULL ? j->bias + channel : NULL, .residual = j->residual != NULL ? j->residual + at : NULL, .relu = j->relu,
			};
		}
	float *const q = sums, *const r = sums + AE_MR * AE_NR; // q is P at first
	ae_strassen_product p[AE_STRASSEN_PRODUCTS] = {
		{.held = q},
		{.start = q, .complete = &c[0][0]},
		{.start = q, .held = q},
		{.start = q, .held = r},
		{.held = q, .add = 1, .complete = &c[1][1], .rest = r},
		{.start = q, .complete = &c[0][1]},
		{.start = r, .complete = &c[1][0]},
	};
#if AE_NV == 3
	AE(strassen_kernel) *const kernel = n == 3 ? AE(strassen_micro_3) : n == 2 ? AE(strassen_micro_2) : AE(strassen_micro_1);
#else
	AE(strassen_kernel) *const kernel = n == 2 ? AE(strassen_micro_2) : AE(strassen_micro_1);
#endif
	for (int m = 0; m < AE_STRASSEN_PRODUCTS; m++, a += s->depth * AE_MR, b += s->depth * n * AE_W) {
		const ae_tile *t = p[m].complete;
		if (t == NULL) {
			p[m].ahead[0] = AE(strassen_ahead)(s, next);
		} else {
			p[m].ahead[0] = AE(tile_rows)(AE_MR, t, t->c);
			p[m].ahead[1] = AE(tile_rows)(AE_MR, t, t->residual);
		}
		kernel(s->depth, a, b, &p[m]);
	}
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
	for (int64_t i = 0; i < run.panels; i += s->strip) {
		const int64_t end = AE_MIN(i + s->strip, run.panels), origin = AE(strassen_vector)(&run, i);
		for (int64_t q = i; q < end; q++)
			AE(strassen_pack)(s, &run, q, x, b + (AE(strassen_vector)(&run, q) - origin) * vector);
		AE(strassen_next) next = AE(strassen_next_of)(s, &run, x, end, (last - first) * (end - i) * AE_STRASSEN_OPEN);
		for (int64_t k = first; k < last; k++)
			for (int64_t q = i; q < end; q++)
				AE(strassen_tiles)(s, &run, image, k * AE_MR, q, j->prepared + k * AE_STRASSEN_PRODUCTS * s->depth * AE_MR,
				                   b + (AE(strassen_vector)(&run, q) - origin) * vector, sums, &next);
	}
}

static void AE(strassen_run)(ae_strassen *s, ae_run *r) {
	const ae_conv *j = &s->conv;
	const int64_t tasks = AE(conv_tasks)(j, AE_CEIL(ae_enough(r, AE_STRASSEN_EACH), j->images));
	s->runs = AE_MIN(tasks, AE_CEIL(s->half, AE_NV));
	s->blocks = AE_MIN(AE_CEIL(tasks, s->runs), s->outputs / AE_MR);
	ae_parallel(r, j->images * s->runs * s->blocks, AE(strassen_task), s);
}
