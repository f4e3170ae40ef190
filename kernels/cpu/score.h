// What the scores are made of.

static void AE(Argmax_task)(const ae_Argmax *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE(pixels) run = AE(pixels_of)(task, o->C, o->HW);
	for (int64_t i = 0; i < run.count; i += AE_W) {
		int64_t lanes = AE_MIN(AE_W, run.count - i);
		const float *x = b[1] + run.first + i;
		ae_v largest = ae_load_part(x, 0, lanes), class = {0};
		for (int64_t c = 1; c < o->C; c++) {
			ae_v v = ae_load_part(x + c * o->HW, 0, lanes);
			class = ae_choose(v > largest, ae_set((float)c), class);
			largest = ae_max(v, largest);
		}
		ae_store_part(b[0] + run.n * o->HW + run.at + i, class, 0, lanes);
	}
}
AE_KERNEL(Argmax, AE(pixel_tasks)(o->N, o->HW))

// A task is one patch of one image.
static void AE(Histogram_task)(const ae_Histogram *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	int64_t patches = o->Grid * o->Grid, n = task / patches, px = task % patches / o->Grid, py = task % o->Grid;
	int64_t h = o->H / o->Grid, w = o->W / o->Grid;
	float *y = b[0] + task * o->C;
	const float *x = b[1] + (n * o->H + py * h) * o->W + px * w;
	memset(y, 0, sizeof(float) * (size_t)o->C);
	for (int64_t i = 0; i < h; i++)
		for (int64_t j = 0; j < w; j++) {
			float label = x[i * o->W + j];
			if (label >= 1 && label < (float)o->C)
				y[(int64_t)label]++; // exact up to 2^24 pixels
		}
	for (int64_t c = 0; c < o->C; c++)
		y[c] = (float)((double)y[c] / (double)(h * w));
}
AE_KERNEL(Histogram, o->N * o->Grid * o->Grid)

static void AE(SquaredDifference_task)(const ae_SquaredDifference *o, float *const *b, int64_t task, float *scratch) {
	(void)scratch;
	AE(pixels) run = AE(pixels_of)(task, o->C, o->HW);
	float *restrict y = b[0] + run.n * o->HW + run.at;
	memset(y, 0, sizeof(float) * (size_t)run.count);
	for (int64_t c = 0; c < o->C; c++) {
		const float *restrict x1 = b[1] + run.first + c * o->HW, *restrict x2 = b[2] + run.first + c * o->HW;
		for (int64_t i = 0; i < run.count; i++)
			y[i] += (x1[i] - x2[i]) * (x1[i] - x2[i]);
	}
	const float scale = (float)(1 / (double)o->C);
	for (int64_t i = 0; i < run.count; i++)
		y[i] *= scale;
}
AE_KERNEL(SquaredDifference, AE(pixel_tasks)(o->N, o->HW))
