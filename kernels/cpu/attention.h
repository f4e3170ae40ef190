// Attention by matrix products. A task is a run of AE_TOKENS tokens of one image:
// rows of p where rows are normalised, columns in the second half of the
// gradient. Products go through AE(gemm), which uses most of the scratch; rows of a
// p that is not kept lie in the rest of it, so that they may be fewer.

#define AE_TOKENS ((int64_t)32)
#define AE_TOKENS_AT AE_GEMM_SCRATCH
_Static_assert(AE_SCRATCH - AE_TOKENS_AT >= 40 << 10, "a row of p fits beside the blocks (check.go)");

// attention_run is the tokens of a task of the forward pass.
AE_INLINE int64_t AE(attention_run)(const ae_Attention *o) {
	return o->Keep ? AE_TOKENS : AE_MIN(AE_TOKENS, (AE_SCRATCH - AE_TOKENS_AT) / o->T);
}

AE_INLINE int64_t AE(token_tasks)(int64_t n, int64_t t) { return n * AE_CEIL(t, AE_TOKENS); }

// softmax_row is p = softmax(scale * p) on t elements.
static void AE(softmax_row)(float *p, int64_t t, float scale) {
	ae_v tops = ae_set(p[0]);
	int64_t i = 0;
	for (; i + AE_W <= t; i += AE_W)
		tops = ae_max(tops, ae_load(p + i));
	float top = tops[0];
	for (int l = 1; l < AE_W; l++)
		top = AE_MAX(top, tops[l]);
	for (; i < t; i++)
		top = AE_MAX(top, p[i]);
	for (int64_t j = 0; j < t; j += AE_W) {
		int64_t lanes = AE_MIN(AE_W, t - j);
		ae_store_part(p + j, ae_exp((ae_load_part(p + j, 0, lanes) - top) * scale), 0, lanes);
	}
	float gain = (float)(1 / AE(sum)(p, t));
	for (int64_t j = 0; j < t; j++)
		p[j] *= gain;
}

static void AE(Attention_task)(const ae_Attention *o, float *const *b, int64_t task, float *scratch) {
	const int64_t c = o->C, t = o->T, run = AE(attention_run)(o), runs = AE_CEIL(t, run), n = task / runs, i = task % runs * run;
	const int64_t m = AE_MIN(run, t - i), at = n * c * t;
	float *y = b[0] + at, *p = o->Keep ? b[1] + (n * t + i) * t : scratch + AE_TOKENS_AT;
	float *const *x = b + (o->Keep ? 2 : 1);
	const float *q = x[0] + at, *k = x[1] + at, *v = x[2] + at;
	AE(gemm)(m, t, c, q + i, 1, t, k, t, 1, p, t, scratch);
	for (int64_t r = 0; r < m; r++)
		AE(softmax_row)(p + r * t, t, (float)(1 / sqrt((double)c)));
	AE(gemm)(c, m, t, v, t, 1, p, 1, t, y + i, t, scratch);
}
AE_KERNEL(Attention, o->N * AE_CEIL(o->T, AE(attention_run)(o)))

// Rows: dp = dy^T v, ds = p * (dp - sum_j dp*p) / sqrt(C), dq = k ds^T.
static void AE(attention_rows)(void *ctx, int64_t task, float *scratch) {
	const AE(job) *job = ctx;
	const ae_AttentionBackward *o = job->o;
	float *const *b = job->b;
	const int64_t c = o->C, t = o->T, runs = AE_CEIL(t, AE_TOKENS), n = task / runs, i = task % runs * AE_TOKENS;
	const int64_t m = AE_MIN(AE_TOKENS, t - i), at = n * c * t, row = (n * t + i) * t;
	float *dq = b[0] + at, *ds = b[3] + row;
	const float *dy = b[4] + at, *p = b[5] + row, *k = b[7] + at, *v = b[8] + at;
	AE(gemm)(m, t, c, dy + i, 1, t, v, t, 1, ds, t, scratch);
	const float scale = (float)(1 / sqrt((double)c));
	for (int64_t r = 0; r < m; r++) {
		float mean = (float)AE(sum_products)(ds + r * t, p + r * t, 0, t);
		for (int64_t j = r * t; j < (r + 1) * t; j++)
			ds[j] = p[j] * (ds[j] - mean) * scale;
	}
	AE(gemm)(c, m, t, k, t, 1, ds, 1, t, dq + i, t, scratch);
}

// Columns: dv = dy p, dk = q ds.
static void AE(attention_columns)(void *ctx, int64_t task, float *scratch) {
	const AE(job) *job = ctx;
	const ae_AttentionBackward *o = job->o;
	float *const *b = job->b;
	const int64_t c = o->C, t = o->T, runs = AE_CEIL(t, AE_TOKENS), n = task / runs, j = task % runs * AE_TOKENS;
	const int64_t m = AE_MIN(AE_TOKENS, t - j), at = n * c * t, matrix = n * t * t + j;
	AE(gemm)(c, m, t, b[4] + at, t, 1, b[5] + matrix, t, 1, b[2] + at + j, t, scratch);
	AE(gemm)(c, m, t, b[6] + at, t, 1, b[3] + matrix, t, 1, b[1] + at + j, t, scratch);
}

static void AE(AttentionBackward)(const ae_AttentionBackward *o, float *const *b, ae_run *r) {
	AE(job) job = {o, b};
	ae_parallel(r, AE(token_tasks)(o->N, o->T), AE(attention_rows), &job);
	ae_parallel(r, AE(token_tasks)(o->N, o->T), AE(attention_columns), &job);
}
