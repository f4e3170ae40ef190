// Attention by matrix products, which go through AE(gemm) and use most of the scratch. A
// task is a run of tokens of one image. Where p is not kept, its transpose lies in the rest
// of the scratch, a column for each token of the run: then no lane waits for another. Where
// it is, and in the gradient, a task has rows of p, or columns in the second half.

#define AE_TOKENS ((int64_t)32)
#define AE_TOKENS_AT AE_GEMM_SCRATCH
#define AE_TOKENS_EACH 2 // tasks for each of several threads, which all pack k and v
_Static_assert(AE_SCRATCH - AE_TOKENS_AT >= 40 << 10, "p of a token fits beside the blocks (check.go)");

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

// attention_kept has p in rows, which are kept.
static void AE(attention_kept)(void *ctx, int64_t task, float *scratch) {
	const AE(job) *job = ctx;
	const ae_Attention *o = job->o;
	float *const *b = job->b;
	const int64_t c = o->C, t = o->T, runs = AE_CEIL(t, AE_TOKENS), n = task / runs, i = task % runs * AE_TOKENS;
	const int64_t m = AE_MIN(AE_TOKENS, t - i), at = n * c * t;
	float *p = b[1] + (n * t + i) * t;
	AE(gemm)(m, t, c, b[2] + at + i, 1, t, b[3] + at, t, 1, p, t, scratch);
	for (int64_t r = 0; r < m; r++)
		AE(softmax_row)(p + r * t, t, (float)(1 / sqrt((double)c)));
	AE(gemm)(c, m, t, b[4] + at, t, 1, p, 1, t, b[0] + at + i, t, scratch);
}

// exp_columns takes t rows of n columns to exp(scale * (p - largest)), and gives what
// their sums have to be multiplied with to be 1.
static void AE(exp_columns)(float *p, int64_t t, int64_t n, float scale, float *gain) {
	for (int64_t q = 0; q < n; q += AE_W) {
		const int64_t lanes = AE_MIN(AE_W, n - q);
		ae_v top = ae_load_part(p + q, 0, lanes), sum = {0};
		for (int64_t j = 1; j < t; j++)
			top = ae_max(top, ae_load_part(p + j * n + q, 0, lanes));
		for (int64_t j = 0; j < t; j += AE_RUN) { // short sums are accurate
			ae_v part = {0};
			for (int64_t i = j; i < AE_MIN(j + AE_RUN, t); i++) {
				const ae_v v = ae_exp((ae_load_part(p + i * n + q, 0, lanes) - top) * scale);
				ae_store_part(p + i * n + q, v, 0, lanes);
				part += v;
			}
			sum += part;
		}
		ae_store_part(gain + q, 1 / sum, 0, lanes);
	}
}

typedef struct {
	const ae_Attention *o;
	float *const *b;
	int64_t run, runs; // tokens of a task
} AE(attention_job);

static void AE(attention_across)(void *ctx, int64_t task, float *scratch) {
	const AE(attention_job) *job = ctx;
	const ae_Attention *o = job->o;
	const int64_t c = o->C, t = o->T, n = task / job->runs, i = task % job->runs * job->run;
	const int64_t m = AE_MIN(job->run, t - i), at = n * c * t;
	float *y = job->b[0] + at + i, *p = scratch + AE_TOKENS_AT, *gain = p + t * m;
	const float *q = job->b[1] + at + i, *k = job->b[2] + at, *v = job->b[3] + at;
	AE(gemm)(t, m, c, k, 1, t, q, t, 1, p, m, scratch);
	AE(exp_columns)(p, t, m, (float)(1 / sqrt((double)c)), gain);
	AE(gemm)(c, m, t, v, t, 1, p, m, 1, y, t, scratch);
	for (int64_t r = 0; r < c; r++, y += t)
		for (int64_t l = 0; l < m; l++)
			y[l] *= gain[l];
}

static void AE(Attention)(const ae_Attention *o, float *const *b, ae_run *r) {
	AE(job) kept = {o, b};
	AE(attention_job) job = {.o = o, .b = b};
	if (o->Keep) {
		ae_parallel(r, AE(token_tasks)(o->N, o->T), AE(attention_kept), &kept);
		return;
	}
	job.run = AE(even)(o->T, AE_MAX((AE_SCRATCH - AE_TOKENS_AT) / (o->T + 1), 1)); // their gains lie behind p
	job.run = AE_MIN(job.run, AE_CEIL(o->T, AE_CEIL(ae_enough(r, AE_TOKENS_EACH), o->N)));
	job.runs = AE_CEIL(o->T, job.run);
	ae_parallel(r, o->N * job.runs, AE(attention_across), &job);
}

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
