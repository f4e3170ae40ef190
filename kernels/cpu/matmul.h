// MatMul: one task multiplies a block of rows by a block of columns.

typedef struct {
	const ae_MatMul *o;
	float *y;
	const float *a, *b;
	int64_t rows, cols; // of a task's block of y
} AE(matmul_job);

static void AE(matmul_task)(void *ctx, int64_t task, float *scratch) {
	const AE(matmul_job) *job = ctx;
	const ae_MatMul *o = job->o;
	int64_t across = AE_CEIL(o->N, job->cols), down = AE_CEIL(o->M, job->rows);
	int64_t j = task % across * job->cols, i = task / across % down * job->rows, n = task / across / down;
	int64_t rsa = o->TransA ? 1 : o->K, csa = o->TransA ? o->M : 1;
	int64_t rsb = o->TransB ? 1 : o->N, csb = o->TransB ? o->K : 1;
	AE(gemm)(AE_MIN(job->rows, o->M - i), AE_MIN(job->cols, o->N - j), o->K,
	         job->a + n * o->M * o->K + i * rsa, rsa, csa,
	         job->b + n * o->K * o->N + j * csb, rsb, csb,
	         job->y + (n * o->M + i) * o->N + j, o->N, scratch);
}

static void AE(MatMul)(const ae_MatMul *o, float *const *b, ae_run *r) {
	AE(matmul_job) job = {o, b[0], b[1], b[2], AE_GEMM_M, AE_GEMM_N};
	// Smaller blocks where there would be too few tasks to share out.
	while (o->Batch * AE_CEIL(o->M, job.rows) * AE_CEIL(o->N, job.cols) < 8 && (job.rows > 48 || job.cols > 120)) {
		if (job.cols > 2 * job.rows)
			job.cols /= 2;
		else
			job.rows /= 2;
	}
	ae_parallel(r, o->Batch * AE_CEIL(o->M, job.rows) * AE_CEIL(o->N, job.cols), AE(matmul_task), &job);
}
