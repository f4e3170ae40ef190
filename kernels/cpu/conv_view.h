// How a convolution reads its input. Rows and columns are alike: an axis tells
// which input positions an output position meets. A view, which the gradient of
// the weights uses, is a copy of part of the input, padded and split into phases,
// in which every tap is a shift: output (p, q) meets tap (t, s) at one offset from
// the place p*pitch + q. So whole vectors of outputs read whole vectors.

// Output i meets inputs i*stride + first + t*step for t < taps, step > 0; tap t
// is weight weight + t*turn.
typedef struct {
	int64_t in, out, stride, taps, first, step, weight, turn;
} ae_axis;

// trim drops the taps that meet padding only, whatever the output.
static ae_axis AE(axis_trim)(ae_axis a) {
	while (a.taps > 0 && (a.out - 1) * a.stride + a.first < 0) {
		a.first += a.step;
		a.weight += a.turn;
		a.taps--;
	}
	while (a.taps > 0 && a.first + (a.taps - 1) * a.step >= a.in)
		a.taps--;
	return a;
}

AE_INLINE int64_t AE(conv_out)(int64_t in, int64_t taps, int64_t stride, int64_t pad, int64_t dilation) {
	return (in + 2 * pad - dilation * (taps - 1) - 1) / stride + 1;
}

static ae_axis AE(axis_forward)(int64_t in, int64_t taps, int64_t stride, int64_t pad, int64_t dilation) {
	int64_t out = AE(conv_out)(in, taps, stride, pad, dilation);
	return AE(axis_trim)((ae_axis){in, out, stride, taps, -pad, dilation, 0, 1});
}

// axis_backward is the gradient's axis for the inputs phase, phase+stride, ...:
// of `in` input positions, i is fed by tap t of output (i + pad - t*dilation) /
// stride where that divides. Such taps are period apart; later taps meet earlier
// outputs, so they are taken from the last one down.
static ae_axis AE(axis_backward)(int64_t phase, int64_t in, int64_t taps, int64_t stride, int64_t pad, int64_t dilation) {
	int64_t period = 1, last = taps - 1;
	while (period * dilation % stride != 0)
		period++;
	while (last >= 0 && (phase + pad - last * dilation) % stride != 0)
		last--;
	int64_t out = AE(conv_out)(in, taps, stride, pad, dilation), places = AE_CEIL(in - phase, stride);
	if (last < 0)
		return (ae_axis){out, places, 1, 0, 0, 1, 0, 1};
	return AE(axis_trim)((ae_axis){out, places, 1, last / period + 1, (phase + pad - last * dilation) / stride,
	                               period * dilation / stride, last, -period});
}

// last_shift is the largest shift of a tap, in places of a phase.
AE_INLINE int64_t AE(last_shift)(ae_axis a) { return a.taps > 0 ? (a.taps - 1) * a.step / a.stride : 0; }

// phases is how many phases the taps need: all if there are several taps.
AE_INLINE int64_t AE(phases)(ae_axis a) { return a.taps > 1 ? a.stride : 1; }

typedef struct {
	ae_axis rows, cols;
	int64_t height, pitch; // of a phase
	int64_t plane;         // floats of a channel
} ae_view;

// odd_lines rounds up to an odd number of cache lines, so that planes of that
// many floats spread over the sets of the caches.
AE_INLINE int64_t AE(odd_lines)(int64_t n) { return (AE_CEIL(n, 16) | 1) * 16; }

// view_of shapes a view for bands of `band` output rows. With stride 1 the
// padding at the end of a row is also the padding at the start of the next.
static ae_view AE(view_of)(ae_axis rows, ae_axis cols, int64_t band) {
	ae_view v = {.rows = rows, .cols = cols, .height = band + AE(last_shift)(rows)};
	int64_t width = cols.out + AE(last_shift)(cols), shared = 0;
	if (cols.stride == 1)
		shared = AE_MAX(0, AE_MIN(-cols.first, width - (cols.in - cols.first)));
	v.pitch = AE_MAX(width - shared, cols.out);
	int64_t used = AE(phases)(rows) * AE(phases)(cols) * v.height * v.pitch + (width - v.pitch) + AE_W;
	v.plane = AE(odd_lines)(used);
	return v;
}

// view_offset is where tap (t, s) of place 0 of a channel is.
AE_INLINE int64_t AE(view_offset)(const ae_view *v, int64_t t, int64_t s) {
	int64_t r = t * v->rows.step, c = s * v->cols.step;
	int64_t phase = r % v->rows.stride * AE(phases)(v->cols) + c % v->cols.stride;
	return (phase * v->height + r / v->rows.stride) * v->pitch + c / v->cols.stride;
}

// view_row copies x[first + i*stride] for i < n, zero where outside [0, in).
AE_INLINE void AE(view_row)(float *restrict to, const float *restrict x, int64_t n, int64_t first, const int64_t stride, int64_t in) {
	int64_t lo = first < 0 ? AE_MIN(AE_CEIL(-first, stride), n) : 0;
	int64_t hi = in > first ? AE_MIN(AE_CEIL(in - first, stride), n) : lo;
	int64_t i = 0;
	for (; i < lo; i++)
		to[i] = 0;
	x += first;
	for (; i < hi; i++)
		to[i] = x[i * stride];
	for (; i < n; i++)
		to[i] = 0;
}

// view_fill copies what the output rows [p, p+band) need of n channels.
static void AE(view_fill)(const ae_view *v, float *to, const float *x, int64_t n, int64_t p) {
	const ae_axis *rows = &v->rows, *cols = &v->cols;
	const int64_t size = v->height * v->pitch;
	for (int64_t c = 0; c < n; c++, x += rows->in * cols->in, to += v->plane) {
		float *row = to;
		for (int64_t a = 0; a < AE(phases)(*rows); a++)
			for (int64_t b = 0; b < AE(phases)(*cols); b++)
				for (int64_t j = 0; j < v->height; j++, row += v->pitch) {
					int64_t h = (p + j) * rows->stride + a + rows->first, first = b + cols->first;
					int64_t in = h >= 0 && h < rows->in ? cols->in : 0;
					const float *from = x + h * cols->in;
					if (cols->stride == 1)
						AE(view_row)(row, from, v->pitch, first, 1, in);
					else if (cols->stride == 2)
						AE(view_row)(row, from, v->pitch, first, 2, in);
					else
						AE(view_row)(row, from, v->pitch, first, cols->stride, in);
				}
		int64_t used = AE(phases)(*rows) * AE(phases)(*cols) * size;
		memset(to + used, 0, sizeof(float) * (size_t)(v->plane - used));
	}
}
