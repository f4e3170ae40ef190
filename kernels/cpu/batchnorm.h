// Batch normalisation and channel sums. A task is one channel; statistics are
// sums in double, of squared differences from the mean (two passes), because
// E[x^2] - E[x]^2 loses everything where the mean is large.

AE_INLINE double AE(rstd)(double variance, double eps) { return 1 / sqrt(variance + eps); }

static void AE(ChannelSum_task)(const ae_ChannelSum *o, float *const *b, int64_t c, float *scratch) {
	(void)scratch;
	double sum = 0;
	for (int64_t n = 0; n < o->N; n++)
		sum += AE(sum)(b[1] + (n * o->C + c) * o->HW, o->HW);
	b[0][c] = (float)sum;
}
AE_KERNEL(ChannelSum, o->C)

// A task is one channel of one image.
static void AE(BatchNorm_task)(const ae_BatchNorm *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	int64_t c = task % o->C;
	float gain = (float)((double)b[2][c] * AE(rstd)((double)b[5][c], o->Eps));
	AE(normalize)(b[0] + task * o->HW, b[1] + task * o->HW, b[4][c], gain, b[3][c], o->HW);
}
AE_KERNEL(BatchNorm, o->N * o->C)

static void AE(BatchNormTrain_task)(const ae_BatchNormTrain *o, float *const *b, int64_t c, float *scratch) {
	(void)scratch;
	const double count = (double)(o->N * o->HW);
	const float *x = b[5];
	double mean = 0, squares = 0;
	for (int64_t n = 0; n < o->N; n++)
		mean += AE(sum)(x + (n * o->C + c) * o->HW, o->HW);
	mean /= count;
	for (int64_t n = 0; n < o->N; n++)
		squares += AE(sum_squares)(x + (n * o->C + c) * o->HW, (float)mean, o->HW);
	double shift = mean - (double)(float)mean; // the rounding of the centre above
	squares = AE_MAX(squares - count * shift * shift, 0);
	double rstd = AE(rstd)(squares / count, o->Eps), gain = rstd * (double)b[6][c];
	for (int64_t n = 0; n < o->N; n++) {
		int64_t i = (n * o->C + c) * o->HW;
		AE(normalize)(b[0] + i, x + i, (float)mean, (float)gain, (float)((double)b[7][c] - shift * gain), o->HW);
	}
	b[1][c] = (float)mean;
	b[2][c] = (float)rstd;
	double variance = squares / AE_MAX(count - 1, 1);
	b[3][c] = (float)((1 - o->Momentum) * (double)b[3][c] + o->Momentum * mean);
	b[4][c] = (float)((1 - o->Momentum) * (double)b[4][c] + o->Momentum * variance);
}
AE_KERNEL(BatchNormTrain, o->C)

// With z = (x-mean)*rstd over M = N*HW values: dbeta = sum dy, dgamma = sum dy*z,
// dx = gamma*rstd * (dy - dbeta/M - z*dgamma/M).
static void AE(BatchNormBackward_task)(const ae_BatchNormBackward *o, float *const *b, int64_t c, float *scratch) {
	(void)scratch;
	const double count = (double)(o->N * o->HW);
	const float mean = b[5][c], rstd = b[6][c];
	double dgamma = 0, dbeta = 0;
	for (int64_t n = 0; n < o->N; n++) {
		int64_t i = (n * o->C + c) * o->HW;
		dbeta += AE(sum)(b[3] + i, o->HW);
		dgamma += AE(sum_products)(b[3] + i, b[4] + i, mean, o->HW);
	}
	dgamma *= (double)rstd;
	b[1][c] = (float)dgamma;
	b[2][c] = (float)dbeta;
	const float gain = b[7][c] * rstd, offset = (float)(dbeta / count), slope = (float)(dgamma / count * (double)rstd);
	for (int64_t n = 0; n < o->N; n++) {
		int64_t at = (n * o->C + c) * o->HW;
		float *restrict dx = b[0] + at;
		const float *restrict dy = b[3] + at, *restrict x = b[4] + at;
		for (int64_t i = 0; i < o->HW; i++)
			dx[i] = gain * (dy[i] - offset - (x[i] - mean) * slope);
	}
}
AE_KERNEL(BatchNormBackward, o->C)

// A task is one output channel.
static void AE(BatchNormFold_task)(const ae_BatchNormFold *o, float *const *b, int64_t k, float *scratch) {
	(void)scratch;
	double s = (double)b[3][k] * AE(rstd)((double)b[6][k], o->Eps);
	AE(normalize)(b[0] + k * o->Len, b[2] + k * o->Len, 0, (float)s, 0, o->Len);
	b[1][k] = (float)((double)b[4][k] - (double)b[5][k] * s);
}
AE_KERNEL(BatchNormFold, o->K)
