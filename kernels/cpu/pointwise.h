// Element by element, in chunks. The compiler turns these loops into vectors.

#define AE_SPAN(len) int64_t lo = task * AE_CHUNK, hi = AE_MIN(lo + AE_CHUNK, len)

static void AE(Relu_task)(const ae_Relu *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	float *restrict y = b[0];
	const float *restrict x = b[1];
	for (int64_t i = lo; i < hi; i++)
		y[i] = x[i] > 0 ? x[i] : 0;
}
AE_KERNEL(Relu, AE_CHUNKS(o->Len))

static void AE(ReluBackward_task)(const ae_ReluBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	float *restrict dx = b[0];
	const float *restrict dy = b[1], *restrict y = b[2];
	for (int64_t i = lo; i < hi; i++) {
		float d = dy[i];
		dx[i] = y[i] > 0 ? d : 0;
	}
}
AE_KERNEL(ReluBackward, AE_CHUNKS(o->Len))

static void AE(Add_task)(const ae_Add *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	float *restrict y = b[0];
	const float *restrict x1 = b[1], *restrict x2 = b[2];
	for (int64_t i = lo; i < hi; i++)
		y[i] = x1[i] + x2[i];
}
AE_KERNEL(Add, AE_CHUNKS(o->Len))

static void AE(Scale_task)(const ae_Scale *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	float *restrict y = b[0], factor = (float)o->Factor;
	const float *restrict x = b[1];
	for (int64_t i = lo; i < hi; i++)
		y[i] = factor * x[i];
}
AE_KERNEL(Scale, AE_CHUNKS(o->Len))

static void AE(Fill_task)(const ae_Fill *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	for (int64_t i = lo; i < hi; i++)
		b[0][i] = (float)o->Value;
}
AE_KERNEL(Fill, AE_CHUNKS(o->Len))

// normalize is y = (x - mean) * gain + shift on n elements.
static void AE(normalize)(float *restrict y, const float *restrict x, float mean, float gain, float shift, int64_t n) {
	for (int64_t i = 0; i < n; i++)
		y[i] = (x[i] - mean) * gain + shift;
}

// A task is one channel of one image.
static void AE(Standardize_task)(const ae_Standardize *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	int64_t c = task % o->C;
	AE(normalize)(b[0] + task * o->HW, b[1] + task * o->HW, b[2][c], (float)(1 / (double)b[3][c]), 0, o->HW);
}
AE_KERNEL(Standardize, o->N * o->C)

// Mix64 and Uniform of kernels/random.go.
AE_INLINE uint64_t AE(mix64)(uint64_t z) {
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

// drop is both directions of dropout.
static void AE(drop)(float *to, const float *from, uint32_t seed, uint32_t step, float p, int64_t lo, int64_t hi) {
	uint64_t key = AE(mix64)((uint64_t)seed << 32 | step);
	for (int64_t i = lo; i < hi; i++) {
		uint64_t z = AE(mix64)(key + ((uint64_t)i + 1) * 0x9e3779b97f4a7c15u);
		float u = (float)(int64_t)(z >> 40) * (1.f / (1 << 24));
		to[i] = u < p ? 0 : from[i] / (1 - p);
	}
}

static void AE(Dropout_task)(const ae_Dropout *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	AE(drop)(b[0], b[1], (uint32_t)o->Seed, (uint32_t)b[2][0], (float)o->P, lo, hi);
}
AE_KERNEL(Dropout, AE_CHUNKS(o->Len))

static void AE(DropoutBackward_task)(const ae_DropoutBackward *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	AE(drop)(b[0], b[1], (uint32_t)o->Seed, (uint32_t)b[2][0], (float)o->P, lo, hi);
}
AE_KERNEL(DropoutBackward, AE_CHUNKS(o->Len))
