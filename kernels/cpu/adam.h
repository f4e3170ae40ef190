// The optimiser, in chunks. Arithmetic is float32: the step is far smaller than
// the weight.

static void AE(Adam_task)(const ae_Adam *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	float *restrict w = b[0], *restrict m = b[1], *restrict v = b[2];
	const float *restrict g = b[3], *clock = b[4];
	const float beta1 = (float)o->Beta1, rest1 = (float)(1 - o->Beta1);
	const float beta2 = (float)o->Beta2, rest2 = (float)(1 - o->Beta2);
	const float eps = (float)o->Eps, decay = (float)o->Decay;
	const float rate = (float)((double)clock[0] / (double)clock[1]), scale = (float)(1 / (double)clock[2]);
	for (int64_t i = lo; i < hi; i++) {
		float d = g[i] + decay * w[i];
		float first = beta1 * m[i] + rest1 * d, second = beta2 * v[i] + rest2 * d * d;
		m[i] = first;
		v[i] = second;
		w[i] -= rate * first / (sqrtf(second * scale) + eps);
	}
}
AE_KERNEL(Adam, AE_CHUNKS(o->Len))
