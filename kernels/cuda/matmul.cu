// Matrix products, one per blockIdx.z.

#include "gemm.h"

KERNEL(matmul, const ae_MatMul *o, float *y, const float *a, const float *b) {
	__shared__ simt::tile<64> t;
	int M = (int)o->M, N = (int)o->N, K = (int)o->K;
	int64_t batch = blockIdx.z;
	matrix left = {a + batch * M * K, M, K, o->TransA ? 1 : K, o->TransA ? M : 1};
	matrix right = {b + batch * K * N, N, K, o->TransB ? K : 1, o->TransB ? 1 : N};
	multiply(t, y + batch * M * N, left, right, 1);
}
