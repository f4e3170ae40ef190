// Concat and Slice copy runs of channels.

// A task copies one input of one image.
static void AE(Concat_task)(const ae_Concat *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	int64_t inputs = 0, total = 0, before = 0;
	for (; inputs < 8 && o->C[inputs] > 0; inputs++)
		total += o->C[inputs];
	int64_t n = task / inputs, i = task % inputs;
	for (int64_t j = 0; j < i; j++)
		before += o->C[j];
	int64_t len = o->C[i] * o->HW;
	memcpy(b[0] + (n * total + before) * o->HW, b[1 + i] + n * len, sizeof(float) * (size_t)len);
}

AE_INLINE int64_t AE(concat_inputs)(const ae_Concat *o) {
	int64_t n = 0;
	while (n < 8 && o->C[n] > 0)
		n++;
	return n;
}
AE_KERNEL(Concat, o->N * AE(concat_inputs)(o))

// A task copies the channels of one image.
static void AE(Slice_task)(const ae_Slice *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	int64_t len = o->K * o->HW;
	memcpy(b[0] + task * len, b[1] + (task * o->C + o->First) * o->HW, sizeof(float) * (size_t)len);
}
AE_KERNEL(Slice, o->N)
