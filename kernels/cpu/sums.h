// Sums of many terms: float32 vectors over short runs, added up in double.

// Vectors added in float32 before they go to double.
#define AE_RUN 32

AE_INLINE double AE(lanes_sum)(ae_v v) {
	double s = 0;
	for (int i = 0; i < AE_W; i++)
		s += (double)v[i];
	return s;
}

// A term of a sum, from one vector of each of two arrays and a constant.
typedef ae_v AE(term)(ae_v a, ae_v b, ae_v s);

// sum_terms is sum_i f(a[i], b[i], s).
AE_INLINE double AE(sum_terms)(AE(term) f, const float *a, const float *b, float s, int64_t n) {
	double sum = 0;
	ae_v vs = ae_set(s);
	int64_t i = 0;
	while (i + AE_W <= n) {
		ae_v part = {0};
		int64_t end = AE_MIN(i + AE_RUN * AE_W, n / AE_W * AE_W);
		for (; i < end; i += AE_W)
			part += f(ae_load(a + i), ae_load(b + i), vs);
		sum += AE(lanes_sum)(part);
	}
	if (i < n) {
		float rest[AE_W] = {0};
		ae_store_part(rest, f(ae_load_part(a + i, 0, n - i), ae_load_part(b + i, 0, n - i), vs), 0, n - i);
		sum += AE(lanes_sum)(ae_load(rest));
	}
	return sum;
}

AE_INLINE ae_v AE(term_value)(ae_v a, ae_v b, ae_v s) {
	(void)b, (void)s;
	return a;
}
AE_INLINE ae_v AE(term_square)(ae_v a, ae_v b, ae_v s) {
	(void)b;
	return (a - s) * (a - s);
}
AE_INLINE ae_v AE(term_difference)(ae_v a, ae_v b, ae_v s) {
	(void)s;
	return (a - b) * (a - b);
}
AE_INLINE ae_v AE(term_product)(ae_v a, ae_v b, ae_v s) { return a * (b - s); }

// sum_n a[i], sum_n (a[i]-s)^2, sum_n (a[i]-b[i])^2, sum_n a[i]*(b[i]-s).
static double AE(sum)(const float *a, int64_t n) { return AE(sum_terms)(AE(term_value), a, a, 0, n); }
static double AE(sum_squares)(const float *a, float s, int64_t n) { return AE(sum_terms)(AE(term_square), a, a, s, n); }
static double AE(sum_differences)(const float *a, const float *b, int64_t n) { return AE(sum_terms)(AE(term_difference), a, b, 0, n); }
static double AE(sum_products)(const float *a, const float *b, float s, int64_t n) { return AE(sum_terms)(AE(term_product), a, b, s, n); }
