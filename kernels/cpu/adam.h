// The optimiser, in chunks. Arithmetic is float32: the step is far smaller than
// the weight.

static void AE(Adam_task)(const ae_Adam *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE_SPAN(o->Len);
	const float *clock = b[4];
	const float beta1 = (float)o->Beta1, rest1 = (float)(1 - o->Beta1);
	const float beta2 = (float)o->Beta2, rest2 = (float)(1 - o->Beta2);
	const float eps = (float)o->Eps, decay = (float)o->Decay;
	const float rate = (float)((double)clock[0] / (double)clock[1]), scale = (float)(1 / (double)clock[2]);
	for (int64_t i = lo; i < hi; i += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, hi - i);
		ae_v w = ae_load_part(b[0] + i, 0, lanes), m = ae_load_part(b[1] + i, 0, lanes), v = ae_load_part(b[2] + i, 0, lanes);
		ae_v g = ae_load_part(b[3] + i, 0, lanes) + decay * w;
		m = beta1 * m + rest1 * g;
		v = beta2 * v + rest2 * g * g;
		w -= rate * m / (ae_sqrt(v * scale) + eps);
		ae_store_part(b[0] + i, w, 0, lanes);
		ae_store_part(b[1] + i, m, 0, lanes);
		ae_store_part(b[2] + i, v, 0, lanes);
	}
}
AE_KERNEL(Adam, AE_CHUNKS(o->Len))
