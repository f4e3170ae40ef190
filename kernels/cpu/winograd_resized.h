// The input of a group of tiles where a Resize enlarged it just before: rows of the small
// image are transposed, and blended in both directions as vectors of channels, in the order
// of resize.h. The large image, of which no one else needs anything, is never in memory.

typedef struct {
	const ae_Resize *op;
	int64_t lo, hi;      // the columns of the group that the image has
	int64_t first, n;    // of the small columns that they come from
	AE(source) *columns; // where they do, counted from the first of these
	float *small;        // a small row
	float *blended[2];   // the last even and odd row, as wide as the group
	int64_t have[2];     // which they are
} ae_resized;

// resized_room is the floats of that, at most: an image that grows has no more small columns.
AE_INLINE int64_t AE(resized_room)(int64_t pitch) { return 4 * pitch + AE_W * AE_W; }

// resized_begin prepares for columns [first, first + n) of the large image.
static void AE(resized_begin)(ae_resized *s, const ae_Resize *o, int64_t first, int64_t n, int64_t pitch, float *room) {
	*s = (ae_resized){.op = o, .lo = AE_MAX(-first, 0), .hi = AE_MIN(o->Q - first, n)};
	s->first = AE(resize_source)(first + s->lo, o->W, o->Q).lo;
	s->n = AE(resize_source)(first + s->hi - 1, o->W, o->Q).hi + 1 - s->first;
	for (int i = 0; i < 2; i++, room += pitch)
		s->blended[i] = memset(room, 0, sizeof(float) * (size_t)(n * AE_W)); // the padding
	s->small = room;
	s->columns = (AE(source) *)(room + pitch + AE_W * AE_W);
	for (int64_t q = s->lo; q < s->hi; q++) {
		AE(source) c = AE(resize_source)(first + q, o->W, o->Q);
		c.lo -= (int32_t)s->first, c.hi -= (int32_t)s->first;
		s->columns[q] = c;
	}
}

// resized_channels begins with other channels.
AE_INLINE void AE(resized_channels)(ae_resized *s) { s->have[0] = s->have[1] = -1; }

// resized_blend makes row h of the small image, x of AE_W channels, as wide as the group.
static void AE(resized_blend)(const ae_resized *s, float *to, const float *x, int64_t channels, int64_t h) {
	const ae_Resize *o = s->op;
	AE(winograd_columns)(s->small, x + h * o->W, o->H * o->W, channels, s->first, s->n, o->W);
	for (int64_t q = s->lo; q < s->hi; q++) {
		const AE(source) c = s->columns[q];
		const ae_v lo = ae_load(s->small + c.lo * AE_W), hi = ae_load(s->small + c.hi * AE_W);
		ae_store(to + q * AE_W, lo + c.weight * (hi - lo));
	}
}

// resized_row makes row h of the large image, n columns of the group.
static void AE(resized_row)(ae_resized *s, float *to, const float *x, int64_t channels, int64_t h, int64_t n) {
	const AE(source) r = AE(resize_source)(h, s->op->H, s->op->P);
	for (int64_t i = r.lo; i <= r.hi; i++)
		if (s->have[i % 2] != i) {
			AE(resized_blend)(s, s->blended[i % 2], x, channels, i);
			s->have[i % 2] = i;
		}
	const float *a = s->blended[r.lo % 2], *b = s->blended[r.hi % 2];
	for (int64_t q = 0; q < n * AE_W; q += AE_W) {
		const ae_v lo = ae_load(a + q);
		ae_store(to + q, lo + r.weight * (ae_load(b + q) - lo));
	}
}
