// Losses of the students.

static double AE(MeanSquare_part)(const ae_MeanSquare *o, float *const *b, int64_t lo, int64_t hi, double *count, float *scratch) {
	(void)o, (void)count, (void)scratch;
	return AE(sum_squares)(b[1] + lo, 0, hi - lo);
}
static void AE(MeanSquare_finish)(const ae_MeanSquare *o, float *const *b, double sum, double count) {
	(void)count;
	b[0][0] = (float)(sum / (double)o->Len);
}
AE_SUM(MeanSquare, o->Len, AE_CHUNK)

static void AE(MeanSquareBackward_task)(const ae_MeanSquareBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	float *restrict da = b[0], gain = (float)((double)b[1][0] * 2 / (double)o->Len);
	const float *restrict a = b[2];
	for (int64_t i = lo; i < hi; i++)
		da[i] = gain * a[i];
}
AE_KERNEL(MeanSquareBackward, AE_CHUNKS(o->Len))

static double AE(MSE_part)(const ae_MSE *o, float *const *b, int64_t lo, int64_t hi, double *count, float *scratch) {
	(void)o, (void)count, (void)scratch;
	return AE(sum_differences)(b[1] + lo, b[2] + lo, hi - lo);
}
static void AE(MSE_finish)(const ae_MSE *o, float *const *b, double sum, double count) {
	(void)count;
	b[0][0] = (float)(sum / (double)o->Len);
}
AE_SUM(MSE, o->Len, AE_CHUNK)

static void AE(MSEBackward_task)(const ae_MSEBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	float *restrict da = b[0], gain = (float)((double)b[1][0] * 2 / (double)o->Len);
	const float *restrict x1 = b[2], *restrict x2 = b[3];
	for (int64_t i = lo; i < hi; i++)
		da[i] = gain * (x1[i] - x2[i]);
}
AE_KERNEL(MSEBackward, AE_CHUNKS(o->Len))

static void AE(HardFeatureBackward_task)(const ae_HardFeatureBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	const float threshold = b[2][0], gain = (float)((double)b[1][0] * 2 / (double)b[2][1]);
	float *restrict db = b[0];
	const float *restrict d = b[3], *restrict x1 = b[4], *restrict x2 = b[5];
	for (int64_t i = lo; i < hi; i++) {
		float v = gain * (x2[i] - x1[i]);
		db[i] = d[i] >= threshold ? v : 0;
	}
}
AE_KERNEL(HardFeatureBackward, AE_CHUNKS(o->Len))

// HardFeature's quantile is found by selection. The squares are not negative, so
// their bits order them: three passes fix the bits of the wanted rank from the
// top, each by a histogram of the next bits of the values that agree so far.
#define AE_BINS 2048 // of 11 bits; the first pass takes bits 20 to 30
#define AE_SPLIT 16  // histograms counted at the same time, on the stack

typedef struct {
	const ae_HardFeature *o;
	float *const *b;
	int64_t each;           // elements of a task
	uint32_t prefix, mask;  // the bits that are fixed: bits & mask == prefix
	int shift, bins;        // of the next ones
	uint32_t counts[AE_SPLIT][AE_BINS];
	float next[AE_SPLIT];   // the smallest value above the one selected
	double sum[AE_SPLIT], above[AE_SPLIT];
} AE(selection);

AE_INLINE uint32_t AE(bits)(float v) {
	uint32_t u;
	memcpy(&u, &v, sizeof u);
	return u & 0x7fffffff;
}

static void AE(selection_squares)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	AE(selection) *s = ctx;
	float *restrict d = s->b[2];
	const float *restrict x1 = s->b[3], *restrict x2 = s->b[4];
	for (int64_t i = task * s->each; i < AE_MIN((task + 1) * s->each, s->o->Len); i++)
		d[i] = (x1[i] - x2[i]) * (x1[i] - x2[i]);
}

static void AE(selection_count)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	AE(selection) *s = ctx;
	uint32_t *counts = s->counts[task];
	memset(counts, 0, sizeof s->counts[task]);
	for (int64_t i = task * s->each; i < AE_MIN((task + 1) * s->each, s->o->Len); i++) {
		uint32_t u = AE(bits)(s->b[2][i]);
		if ((u & s->mask) == s->prefix)
			counts[u >> s->shift & (uint32_t)(s->bins - 1)]++;
	}
}

static void AE(selection_next)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	AE(selection) *s = ctx;
	float next = INFINITY;
	for (int64_t i = task * s->each; i < AE_MIN((task + 1) * s->each, s->o->Len); i++) {
		float v = s->b[2][i];
		if (AE(bits)(v) > s->prefix && v < next)
			next = v;
	}
	s->next[task] = next;
}

// selection_mean sums the values from the threshold on.
static void AE(selection_mean)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	AE(selection) *s = ctx;
	const float threshold = s->b[1][0];
	double sum = 0, above = 0;
	for (int64_t i = task * s->each; i < AE_MIN((task + 1) * s->each, s->o->Len); i++) {
		float v = s->b[2][i];
		if (v >= threshold) {
			sum += (double)v;
			above++;
		}
	}
	s->sum[task] = sum;
	s->above[task] = above;
}

// select_rank fixes prefix to the bits of the value at a rank and returns how
// many equal values follow that rank.
static int64_t AE(select_rank)(AE(selection) *s, int64_t rank, int64_t tasks, ae_run *r) {
	static const int shifts[] = {20, 10, 0}, bins[] = {2048, 1024, 1024};
	uint32_t equal = 0;
	s->prefix = s->mask = 0;
	for (int pass = 0; pass < 3; pass++) {
		s->shift = shifts[pass];
		s->bins = bins[pass];
		ae_parallel(r, tasks, AE(selection_count), s);
		for (int bin = 0; bin < s->bins; bin++, rank -= equal) {
			equal = 0;
			for (int64_t t = 0; t < tasks; t++)
				equal += s->counts[t][bin];
			if (rank < equal) {
				s->prefix |= (uint32_t)bin << s->shift;
				break;
			}
		}
		s->mask |= (uint32_t)(s->bins - 1) << s->shift;
	}
	return equal - 1 - rank;
}

static void AE(HardFeature)(const ae_HardFeature *o, float *const *b, ae_run *r) {
	AE(selection) s = {.o = o, .b = b, .each = AE_MAX(AE_CHUNK, AE_CEIL(o->Len, AE_SPLIT))};
	int64_t tasks = AE_CEIL(o->Len, s.each);
	ae_parallel(r, tasks, AE(selection_squares), &s);
	double rank = o->Quantile * (double)(o->Len - 1);
	int64_t follow = AE(select_rank)(&s, (int64_t)rank, tasks, r);
	float low, high;
	memcpy(&low, &s.prefix, sizeof low);
	high = low;
	if (follow == 0 && (int64_t)rank + 1 < o->Len) {
		ae_parallel(r, tasks, AE(selection_next), &s);
		high = INFINITY;
		for (int64_t t = 0; t < tasks; t++)
			high = AE_MIN(high, s.next[t]);
	}
	b[1][0] = (float)((double)low + (rank - floor(rank)) * ((double)high - (double)low));
	ae_parallel(r, tasks, AE(selection_mean), &s);
	double sum = 0, above = 0;
	for (int64_t t = 0; t < tasks; t++) {
		sum += s.sum[t];
		above += s.above[t];
	}
	b[0][0] = (float)(sum / above);
	b[1][1] = (float)above;
}
