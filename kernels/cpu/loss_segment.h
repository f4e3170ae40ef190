// Losses of the segmentor, a vector of pixels at a time. Work is shared out by
// runs of pixels (softmax.h), except where a whole sample must be summed first.

// Keeps logarithms and quotients finite, as kernels/ops.go says.
#define AE_SMALL 1e-5

// labels_at loads labels, -1 in the lanes beyond.
AE_INLINE ae_v AE(labels_at)(const float *labels, int64_t lanes) {
	ae_v v = ae_load_part(labels, 0, lanes);
	for (int64_t l = lanes; l < AE_W; l++)
		v[l] = -1;
	return v;
}

// is_class tells the lanes whose label is class c, and is_any those with a class in [0, c).
AE_INLINE ae_vi AE(is_class)(ae_v label, int64_t c) { return (label >= (float)c) & (label < (float)(c + 1)); }
AE_INLINE ae_vi AE(is_any)(ae_v label, int64_t c) { return (label >= 0) & (label < (float)c); }
AE_INLINE ae_v AE(only)(ae_vi mask, ae_v v) { return (ae_v)(mask & (ae_vi)v); }

// pixel_mean_gain is dloss / max(1, number of labelled pixels).
static float AE(pixel_mean_gain)(float dloss, const float *labels, int64_t n, int64_t c) {
	int64_t count = 0;
	for (int64_t i = 0; i < n; i++)
		count += labels[i] >= 0 && labels[i] < (float)c;
	return (float)((double)dloss / (double)AE_MAX(count, 1));
}

// A loss that is a mean over labelled pixels, or its gradient: what both need to
// know of a vector of pixels.
typedef struct {
	int64_t at, lanes; // index in [N,C,HW] of its channel 0
	ae_v label;
	ae_vi labelled;
} AE(pixel_vector);

AE_INLINE AE(pixel_vector) AE(pixel_vector_at)(AE(pixels) run, int64_t i, const float *labels, int64_t c, int64_t hw) {
	AE(pixel_vector) v = {.at = run.first + i, .lanes = AE_MIN(AE_W, run.count - i)};
	v.label = AE(labels_at)(labels + run.n * hw + run.at + i, v.lanes);
	v.labelled = AE(is_any)(v.label, c);
	return v;
}

// cross_entropy is -log softmax(x)[label] of a vector of pixels.
AE_INLINE ae_v AE(cross_entropy)(const float *x, AE(pixel_vector) v, int64_t c, int64_t hw) {
	ae_v largest, sum = AE(softmax_of)(x + v.at, c, hw, v.lanes, &largest), chosen = {0};
	for (int64_t k = 0; k < c; k++)
		chosen += AE(only)(AE(is_class)(v.label, k), ae_load_part(x + v.at + k * hw, 0, v.lanes) - largest);
	return ae_log(sum) - chosen;
}

// The one-hot label clamped to [AE_SMALL/(c-1), 1-AE_SMALL].
#define AE_CLAMP_LOW(c) ((float)(AE_SMALL / (double)((c) - 1)))
#define AE_CLAMP_HIGH ((float)(1 - AE_SMALL))

// focal_truth is pt = AE_SMALL + sum_c Y*p, with the clamped label Y.
AE_INLINE ae_v AE(focal_truth)(const float *p, AE(pixel_vector) v, int64_t c, int64_t hw) {
	const ae_v low = ae_set(AE_CLAMP_LOW(c)), high = ae_set(AE_CLAMP_HIGH);
	ae_v pt = ae_set((float)AE_SMALL);
	for (int64_t k = 0; k < c; k++)
		pt += ae_choose(AE(is_class)(v.label, k), high, low) * ae_load_part(p + v.at + k * hw, 0, v.lanes);
	return pt;
}

AE_INLINE ae_v AE(focal)(const float *p, AE(pixel_vector) v, int64_t c, int64_t hw) {
	ae_v pt = AE(focal_truth)(p, v, c, hw);
	return -(1 - pt) * (1 - pt) * ae_log(pt);
}

// sum_pixels adds f over the labelled pixels of runs [lo, hi).
AE_INLINE double AE(sum_pixels)(ae_v (*f)(const float *, AE(pixel_vector), int64_t, int64_t), const float *x,
                                const float *labels, int64_t c, int64_t hw, int64_t lo, int64_t hi, double *count) {
	double sum = 0;
	for (int64_t task = lo; task < hi; task++) {
		AE(pixels) run = AE(pixels_of)(task, c, hw);
		ae_v part = {0}, labelled = {0};
		for (int64_t i = 0; i < run.count; i += AE_W) {
			AE(pixel_vector) v = AE(pixel_vector_at)(run, i, labels, c, hw);
			part += AE(only)(v.labelled, f(x, v, c, hw));
			labelled += AE(only)(v.labelled, ae_set(1));
		}
		sum += AE(lanes_sum)(part);
		*count += AE(lanes_sum)(labelled);
	}
	return sum;
}

static double AE(CrossEntropy_part)(const ae_CrossEntropy *o, float *const *b, int64_t lo, int64_t hi, double *count, float *scratch) {
	(void)scratch;
	return AE(sum_pixels)(AE(cross_entropy), b[1], b[2], o->C, o->HW, lo, hi, count);
}
static void AE(CrossEntropy_finish)(const ae_CrossEntropy *o, float *const *b, double sum, double count) {
	(void)o;
	b[0][0] = (float)(sum / AE_MAX(count, 1));
}
AE_SUM(CrossEntropy, AE(pixel_tasks)(o->N, o->HW), 8)

static double AE(Focal_part)(const ae_Focal *o, float *const *b, int64_t lo, int64_t hi, double *count, float *scratch) {
	(void)scratch;
	return AE(sum_pixels)(AE(focal), b[1], b[2], o->C, o->HW, lo, hi, count);
}
static void AE(Focal_finish)(const ae_Focal *o, float *const *b, double sum, double count) {
	(void)o;
	b[0][0] = (float)(sum / AE_MAX(count, 1));
}
AE_SUM(Focal, AE(pixel_tasks)(o->N, o->HW), 8)

typedef struct {
	const void *o;
	float *const *b;
	float gain;
} AE(pixel_job);

static void AE(cross_entropy_slopes)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const AE(pixel_job) *j = ctx;
	const ae_CrossEntropyBackward *o = j->o;
	const float *x = j->b[2];
	AE(pixels) run = AE(pixels_of)(task, o->C, o->HW);
	for (int64_t i = 0; i < run.count; i += AE_W) {
		AE(pixel_vector) v = AE(pixel_vector_at)(run, i, j->b[3], o->C, o->HW);
		ae_v largest, scale = 1 / AE(softmax_of)(x + v.at, o->C, o->HW, v.lanes, &largest);
		for (int64_t c = 0; c < o->C; c++) {
			int64_t k = v.at + c * o->HW;
			ae_v d = ae_exp(ae_load_part(x + k, 0, v.lanes) - largest) * scale - AE(only)(AE(is_class)(v.label, c), ae_set(1));
			ae_store_part(j->b[0] + k, AE(only)(v.labelled, d * j->gain), 0, v.lanes);
		}
	}
}

static void AE(CrossEntropyBackward)(const ae_CrossEntropyBackward *o, float *const *b, ae_run *r) {
	AE(pixel_job) j = {o, b, AE(pixel_mean_gain)(b[1][0], b[3], o->N * o->HW, o->C)};
	ae_parallel(r, AE(pixel_tasks)(o->N, o->HW), AE(cross_entropy_slopes), &j);
}

// d/dpt of -(1-pt)^2 ln pt is 2(1-pt) ln pt - (1-pt)^2/pt.
static void AE(focal_slopes)(void *ctx, int64_t task, float *scratch) {
	(void)scratch;
	const AE(pixel_job) *j = ctx;
	const ae_FocalBackward *o = j->o;
	const ae_v low = ae_set(AE_CLAMP_LOW(o->C)), high = ae_set(AE_CLAMP_HIGH);
	AE(pixels) run = AE(pixels_of)(task, o->C, o->HW);
	for (int64_t i = 0; i < run.count; i += AE_W) {
		AE(pixel_vector) v = AE(pixel_vector_at)(run, i, j->b[3], o->C, o->HW);
		ae_v pt = AE(focal_truth)(j->b[2], v, o->C, o->HW);
		ae_v slope = (2 * (1 - pt) * ae_log(pt) - (1 - pt) * (1 - pt) / pt) * j->gain;
		for (int64_t c = 0; c < o->C; c++) {
			ae_v d = slope * ae_choose(AE(is_class)(v.label, c), high, low);
			ae_store_part(j->b[0] + v.at + c * o->HW, AE(only)(v.labelled, d), 0, v.lanes);
		}
	}
}

static void AE(FocalBackward)(const ae_FocalBackward *o, float *const *b, ae_run *r) {
	AE(pixel_job) j = {o, b, AE(pixel_mean_gain)(b[1][0], b[3], o->N * o->HW, o->C)};
	ae_parallel(r, AE(pixel_tasks)(o->N, o->HW), AE(focal_slopes), &j);
}

// What dice is made of, for one class of a sample; only labelled pixels count.
typedef struct {
	double both, size, weight; // sum Y*p; sum p + sum Y + 2*AE_SMALL; w_c
} AE(overlap);

AE_INLINE double AE(dice)(AE(overlap) s) { return (2 * s.both + AE_SMALL) / s.size; }

static AE(overlap) AE(dice_overlap)(const float *p, const float *labels, int64_t c, int64_t classes, int64_t hw, int absent) {
	double both = 0, sum = 0, area = 0;
	for (int64_t at = 0; at < hw; at += AE_PIXELS) {
		ae_v vb = {0}, vs = {0}, va = {0};
		for (int64_t i = at; i < AE_MIN(at + AE_PIXELS, hw); i += AE_W) {
			int64_t lanes = AE_MIN(AE_W, hw - i);
			ae_v label = AE(labels_at)(labels + i, lanes), v = ae_load_part(p + i, 0, lanes);
			ae_vi hit = AE(is_class)(label, c);
			vb += AE(only)(hit, v);
			va += AE(only)(hit, ae_set(1));
			vs += AE(only)(AE(is_any)(label, classes), v);
		}
		both += AE(lanes_sum)(vb);
		sum += AE(lanes_sum)(vs);
		area += AE(lanes_sum)(va);
	}
	double weight = area > 0 || absent ? 1 / (area + AE_SMALL) : 0;
	return (AE(overlap)){both, sum + area + 2 * AE_SMALL, weight};
}

// dice_overlaps measures all classes of a sample, into scratch. Classes are at
// most AE_CLASSES, so that they fit.
static AE(overlap) *AE(dice_overlaps)(const float *p, const float *labels, int64_t c, int64_t hw, int absent, float *scratch) {
	AE(overlap) *s = (AE(overlap) *)scratch;
	double total = 0;
	for (int64_t k = 0; k < c; k++) {
		s[k] = AE(dice_overlap)(p + k * hw, labels, k, c, hw, absent);
		total += s[k].weight;
	}
	for (int64_t k = 0; k < c && total > 0; k++)
		s[k].weight /= total;
	return s;
}

// An item is a sample.
static double AE(Dice_part)(const ae_Dice *o, float *const *b, int64_t lo, int64_t hi, double *count, float *scratch) {
	(void)count;
	double sum = 0;
	for (int64_t n = lo; n < hi; n++) {
		const AE(overlap) *s = AE(dice_overlaps)(b[1] + n * o->C * o->HW, b[2] + n * o->HW, o->C, o->HW, o->Absent != 0, scratch);
		for (int64_t c = 0; c < o->C; c++)
			sum += s[c].weight * (1 - AE(dice)(s[c]));
	}
	return sum;
}
static void AE(Dice_finish)(const ae_Dice *o, float *const *b, double sum, double count) {
	(void)count;
	b[0][0] = (float)(sum / (double)(o->N * o->C));
}
AE_SUM(Dice, o->N, 1)

// d dice_c / dp[c,i] = (2*Y[c,i] - dice_c) / size_c. A task is a sample.
static void AE(DiceBackward_task)(const ae_DiceBackward *o, float *const *b, int64_t n, float *scratch) {
	const float *labels = b[3] + n * o->HW;
	const AE(overlap) *s = AE(dice_overlaps)(b[2] + n * o->C * o->HW, labels, o->C, o->HW, o->Absent != 0, scratch);
	for (int64_t c = 0; c < o->C; c++) {
		float *dp = b[0] + (n * o->C + c) * o->HW;
		double gain = -(double)b[1][0] / (double)(o->N * o->C) * s[c].weight / s[c].size;
		const ae_v hit = ae_set((float)(gain * (2 - AE(dice)(s[c])))), miss = ae_set((float)(gain * -AE(dice)(s[c])));
		for (int64_t i = 0; i < o->HW; i += AE_W) {
			int64_t lanes = AE_MIN(AE_W, o->HW - i);
			ae_v label = AE(labels_at)(labels + i, lanes);
			ae_store_part(dp + i, AE(only)(AE(is_any)(label, o->C), ae_choose(AE(is_class)(label, c), hit, miss)), 0, lanes);
		}
	}
}
AE_KERNEL(DiceBackward, o->N)

// excess is target - mean p of one class of one sample.
AE_INLINE double AE(excess)(const float *p, const float *target, int64_t at, int64_t hw) {
	return (double)target[at] - AE(sum)(p + at * hw, hw) / (double)hw;
}

// An item is a class of a sample.
static double AE(HistogramLoss_part)(const ae_HistogramLoss *o, float *const *b, int64_t lo, int64_t hi, double *count, float *scratch) {
	(void)count, (void)scratch;
	double sum = 0;
	for (int64_t i = lo; i < hi; i++)
		if (i % o->C > 0)
			sum += fabs(AE(excess)(b[1], b[2], i, o->HW));
	return sum;
}
static void AE(HistogramLoss_finish)(const ae_HistogramLoss *o, float *const *b, double sum, double count) {
	(void)count;
	b[0][0] = (float)(sum / (double)o->N);
}
AE_SUM(HistogramLoss, o->N * o->C, 1)

static void AE(HistogramLossBackward_task)(const ae_HistogramLossBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	double d = task % o->C > 0 ? AE(excess)(b[2], b[3], task, o->HW) : 0;
	float step = (float)((double)b[1][0] / (double)(o->N * o->HW)), slope = d > 0 ? -step : d < 0 ? step : 0;
	for (int64_t i = 0; i < o->HW; i++)
		b[0][task * o->HW + i] = slope;
}
AE_KERNEL(HistogramLossBackward, o->N * o->C)

AE_INLINE ae_v AE(term_entropy)(ae_v p, ae_v unused, ae_v s) {
	(void)unused;
	return -p * ae_log(p + s);
}

static double AE(Entropy_part)(const ae_Entropy *o, float *const *b, int64_t lo, int64_t hi, double *count, float *scratch) {
	(void)o, (void)count, (void)scratch;
	return AE(sum_terms)(AE(term_entropy), b[1] + lo, b[1] + lo, (float)AE_SMALL, hi - lo);
}
static void AE(Entropy_finish)(const ae_Entropy *o, float *const *b, double sum, double count) {
	(void)count;
	b[0][0] = (float)(sum / (double)o->Len);
}
AE_SUM(Entropy, o->Len, AE_CHUNK)

static void AE(EntropyBackward_task)(const ae_EntropyBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	const float gain = (float)(-(double)b[1][0] / (double)o->Len);
	for (int64_t i = lo; i < hi; i += AE_W) {
		int64_t lanes = AE_MIN(AE_W, hi - i);
		ae_v p = ae_load_part(b[2] + i, 0, lanes), q = p + (float)AE_SMALL;
		ae_store_part(b[0] + i, (ae_log(q) + p / q) * gain, 0, lanes);
	}
}
AE_KERNEL(EntropyBackward, AE_CHUNKS(o->Len))

static void AE(WeightedSum)(const ae_WeightedSum *o, float *const *b, ae_run *r) {
	(void)r;
	double sum = 0;
	for (int64_t i = 0; i < o->Count; i++)
		sum += o->Weights[i] * (double)b[1 + i][0];
	b[0][0] = (float)sum;
}
