// A 1x1 convolution of a single place is a matrix times a vector, which takes as long as
// its weights come from memory. A vector of a panel of weights holds all rows of some
// input channels, so that no lane is idle. A task is a panel of one image.

#define AE_VECTOR_SUMS 4

AE_INLINE int AE(is_vector)(const ae_conv *j) {
	return j->rows.in * j->cols.in == 1 && j->rows.taps * j->cols.taps == 1 && j->rows.out * j->cols.out == 1 && j->reduced == AE_F32;
}

// vector_add adds the products of n input channels with the `h` rows of a panel, x
// being spread over the rows by `spread`.
AE_INLINE void AE(vector_add)(ae_v sum[AE_VECTOR_SUMS], const float *a, const float *x, int64_t n, int64_t h, ae_vi spread) {
	const int64_t each = AE_W / h;
	int64_t c = 0;
	for (; c + AE_VECTOR_SUMS * each <= n; c += AE_VECTOR_SUMS * each)
#pragma GCC unroll 4
		for (int i = 0; i < AE_VECTOR_SUMS; i++) {
			const ae_v v = ae_load(x + c + i * each);
			__builtin_prefetch(a + (c + i * each) * h + AE_AHEAD);
			sum[i] += ae_pick(v, v, spread) * ae_load(a + (c + i * each) * h);
		}
	for (; c < n; c += each) {
		const int64_t left = AE_MIN(each, n - c);
		const ae_v v = ae_load_part(x + c, 0, left);
		sum[0] += ae_pick(v, v, spread) * ae_load_part(a + c * h, 0, left * h);
	}
}

static void AE(vector_task)(void *ctx, int64_t task, float *scratch) {
	const ae_conv *j = ctx;
	const int64_t panels = AE_CEIL(j->outputs, AE_MR), image = task / panels, k = task % panels * AE_MR;
	const int64_t h = AE(panel_rows)(j->outputs - k), padded = AE(padded_rows)(j->outputs);
	const float *x = j->x + image * j->channels;
	ae_v sum[AE_VECTOR_SUMS] = {{0}};
	ae_vi spread;
	for (int l = 0; l < AE_W; l++)
		spread[l] = (int32_t)(l / h);
	for (int64_t c = 0; c < j->channels; c += j->depth) {
		const int64_t n = AE_MIN(j->depth, j->channels - c);
		AE(vector_add)(sum, j->prepared + padded * c + k * n, x + c, n, h, spread);
	}
	ae_store(scratch, (sum[0] + sum[1]) + (sum[2] + sum[3]));
	for (int64_t r = 0; r < AE_MIN(h, j->outputs - k); r++) {
		const int64_t at = image * j->y_image + (k + r) * j->y_channel;
		float v = j->bias != NULL ? j->bias[k + r] : 0;
		for (int64_t l = r; l < AE_W; l += h)
			v += scratch[l];
		if (j->residual != NULL)
			v += j->residual[at];
		j->y[at] = j->relu && !(v > 0) ? 0 : v;
	}
}

static void AE(vector_run)(ae_conv *j, ae_run *r) { ae_parallel(r, j->images * AE_CEIL(j->outputs, AE_MR), AE(vector_task), j); }
