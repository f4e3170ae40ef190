// Columns of the matrix that a convolution multiplies its weights with. Column i
// is what output i of an area meets; a row is one tap and input channel. They are
// packed as panels [row][vectors] for the micro-kernel, which unrolls the input
// (im2col) for a few panels at a time, in the caches.

// An area is a rectangle of outputs, from (p, q), that meet the taps [t, t_end) x
// [s, s_end); others lie in the padding for all of them.
typedef struct {
	int64_t p, q, height, width;
	int64_t t, t_end, s, s_end;
} ae_area;

#define AE_CONV_STRIP 4 // panels at a time, at most
#define AE_CONV_VECTORS (AE_CONV_STRIP * AE_NV)

// Lanes [lane, end) of a vector of outputs lie in one row. Lane 0 would meet input
// (h, w) through tap (0, 0).
typedef struct {
	int64_t lane, end, h, w;
} ae_piece;

// The columns that are packed together: vectors [vector, vector+vectors) of an area.
typedef struct {
	const ae_area *area;
	int64_t vector, vectors;
	int64_t panels, panel[AE_CONV_STRIP + 1]; // panel i is the vectors [panel[i], panel[i+1]) of these
	int64_t n, piece[AE_CONV_VECTORS + 1]; // vector v has the pieces [piece[v], piece[v+1])
	ae_piece pieces[AE_CONV_VECTORS * AE_W];
} ae_columns;

// columns_of finds the pieces of n vectors, from vector `first`, and divides the
// vectors into panels as evenly as possible.
static void AE(columns_of)(ae_columns *c, const ae_axis *rows, const ae_axis *cols, const ae_area *a, int64_t first, int64_t n) {
	c->area = a, c->vector = first, c->vectors = n, c->n = 0;
	c->panels = AE_CEIL(n, AE_NV);
	for (int64_t i = 0; i <= c->panels; i++)
		c->panel[i] = i * n / c->panels;
	const int64_t from = first * AE_W, end = AE_MIN(from + n * AE_W, a->height * a->width);
	int64_t p = from / a->width, q = from % a->width;
	for (int64_t i = from; i < end;) {
		const int64_t lane = i % AE_W, more = AE_MIN(AE_MIN(a->width - q, AE_W - lane), end - i);
		if (lane == 0)
			c->piece[i / AE_W - first] = c->n;
		c->pieces[c->n++] = (ae_piece){lane, lane + more, (a->p + p) * rows->stride + rows->first, (a->q + q - lane) * cols->stride + cols->first};
		i += more, q += more;
		if (q == a->width)
			p++, q = 0;
	}
	c->piece[n] = c->n;
}

// Lanes [lo, hi) of a vector of a row are x[at + lane*stride].
typedef struct {
	int64_t at, lo, hi;
} ae_part;

// column_part tells what a piece meets through tap (t, s): 0 for padding only.
AE_INLINE int AE(column_part)(const ae_axis *rows, const ae_axis *cols, const ae_piece *p, int64_t t, int64_t s, ae_part *part) {
	const int64_t h = p->h + t * rows->step, first = p->w + s * cols->step;
	*part = (ae_part){h * cols->in + first, p->lane, p->end};
	if (first + p->lane * cols->stride < 0)
		part->lo = AE_CEIL(-first, cols->stride);
	if (first + (p->end - 1) * cols->stride >= cols->in)
		part->hi = first < cols->in ? AE_CEIL(cols->in - first, cols->stride) : 0;
	return h >= 0 && h < rows->in && part->lo < part->hi;
}

// column_load loads a part of a vector, zero elsewhere.
AE_INLINE ae_v AE(column_load)(const float *x, ae_part p, const int64_t stride) {
	x += p.at;
	if (stride == 1)
		return ae_load_part(x, p.lo, p.hi);
	if (stride == 2)
		return ae_even(ae_load_part(x, AE_MIN(2 * p.lo, AE_W), AE_MIN(2 * p.hi - 1, AE_W)),
		               ae_load_part(x + AE_W, AE_MAX(2 * p.lo - AE_W, 0), AE_MAX(2 * p.hi - 1 - AE_W, 0)));
	ae_v v = {0};
	for (int64_t l = p.lo; l < p.hi; l++)
		v[l] = x[l * stride];
	return v;
}

// column_whole loads a vector that lies in one row.
AE_INLINE ae_v AE(column_whole)(const float *x, const int64_t stride) {
	return stride == 1 ? ae_load(x) : ae_even(ae_load(x), ae_load(x + AE_W));
}

// column_gather loads a vector of `count` parts, of floats or of cells (conv_int8.h).
AE_INLINE ae_v AE(column_gather)(const float *x, const ae_part *part, int64_t count, const int64_t stride) {
	ae_vi all = {0}; // of bits
	for (int64_t i = 0; i < count; i++)
		all |= (ae_vi)AE(column_load)(x, part[i], stride);
	return (ae_v)all;
}

// column_vector writes a vector of n rows, `pitch` floats apart: channels of one
// tap, of which it has `count` parts.
AE_INLINE void AE(column_vector)(float *to, int64_t pitch, const ae_part *part, int64_t count, const float *x, int64_t plane, int64_t n, const int64_t stride) {
	if (count == 1 && part->lo == 0 && part->hi == AE_W && stride <= 2) {
		x += part->at;
		for (; n > 0; n--, to += pitch, x += plane)
			ae_store(to, AE(column_whole)(x, stride));
		return;
	}
	if (count == 2 && stride == 2 && part[0].hi <= AE_W / 2 && part[1].lo >= AE_W / 2) { // a row for each half
		const float *low = x + part[0].at, *high = x + part[1].at + AE_W;
		const int64_t lo[] = {2 * part[0].lo, 2 * part[1].lo - AE_W}, hi[] = {2 * part[0].hi - 1, 2 * part[1].hi - 1 - AE_W};
		for (; n > 0; n--, to += pitch, low += plane, high += plane)
			ae_store(to, ae_even(ae_load_part(low, lo[0], hi[0]), ae_load_part(high, lo[1], hi[1])));
		return;
	}
	for (; n > 0; n--, to += pitch, x += plane)
		ae_store(to, AE(column_gather)(x, part, count, stride));
}

// What the vectors of a strip meet through a tap: vector v has the parts
// [first[v], first[v+1]).
typedef struct {
	int64_t first[AE_CONV_VECTORS + 1];
	ae_part parts[AE_CONV_VECTORS * AE_W];
} ae_tap;

// column_tap finds the parts of tap (t, s).
static void AE(column_tap)(ae_tap *tap, const ae_columns *c, const ae_axis *rows, const ae_axis *cols, int64_t t, int64_t s) {
	int64_t n = 0;
	for (int64_t v = 0; v < c->vectors; v++) {
		tap->first[v] = n;
		for (int64_t i = c->piece[v]; i < c->piece[v + 1]; i++)
			n += AE(column_part)(rows, cols, &c->pieces[i], t, s, &tap->parts[n]);
	}
	tap->first[c->vectors] = n;
}

// column_rows writes n channels of a tap, from row `row` of panels of `height` rows:
// panels begin at to + v*AE_W*height, v being their first vector.
AE_INLINE void AE(column_rows)(float *to, int64_t height, int64_t row, const ae_columns *c, const ae_tap *tap, const float *x, int64_t plane, int64_t n, const int64_t stride) {
	for (int64_t i = 0; i < c->panels; i++) {
		const int64_t begin = c->panel[i], pitch = (c->panel[i + 1] - begin) * AE_W;
		float *panel = to + begin * AE_W * height + row * pitch;
		for (int64_t v = begin; v < c->panel[i + 1]; v++, panel += AE_W)
			AE(column_vector)(panel, pitch, tap->parts + tap->first[v], tap->first[v + 1] - tap->first[v], x, plane, n, stride);
	}
}

// column_ahead is what column_rows will read of n channels, where that is one run
// of floats for each or nearly so.
AE_INLINE ae_ahead AE(column_ahead)(const ae_columns *c, const ae_tap *tap, const float *x, int64_t plane, int64_t n, const int64_t stride) {
	const int64_t parts = tap->first[c->vectors];
	if (parts == 0 || stride > 1)
		return (ae_ahead){0};
	const ae_part *from = &tap->parts[0], *to = &tap->parts[parts - 1];
	return (ae_ahead){x + from->at + from->lo, (to->at + to->hi - from->at - from->lo) / 16 + 1, plane, n};
}
