// Batch normalisation. The statistics of a channel are the work of one block.

#include "common.h"

KERNEL(batchnorm, const ae_BatchNorm *o, float *y, const float *x, const float *gamma, const float *beta, const float *mean,
       const float *var) {
	uint C = (uint)o->C, HW = (uint)o->HW;
	float eps = (float)o->Eps;
	EACH(i, o->N * C * HW) {
		uint c = i / HW % C;
		y[i] = (x[i] - mean[c]) / sqrt_of(var[c] + eps) * gamma[c] + beta[c];
	}
}

// channel is where element i of N*HW of channel c lies in an [N,C,HW] buffer.
DEVICE uint channel(uint i, uint c, uint C, uint HW) { return (i / HW * C + c) * HW + i % HW; }

// The variance is taken around the mean in a second pass: the difference of two
// large sums would lose it.
KERNEL(batchnorm_train, const ae_BatchNormTrain *o, float *y, float *mean, float *rstd, float *running_mean, float *running_var,
       const float *x, const float *gamma, const float *beta) {
	__shared__ float sums[AE_WARPS];
	uint C = (uint)o->C, HW = (uint)o->HW, count = (uint)o->N * HW, c = blockIdx.x;
	float sum = 0, squares = 0;
	SHARE(i, count)
		sum += x[channel(i, c, C, HW)];
	float m = block_sum(sum, sums) / (float)count;
	SHARE(i, count)
		squares += square(x[channel(i, c, C, HW)] - m);
	squares = block_sum(squares, sums);
	float r = 1 / sqrt_of(squares / (float)count + (float)o->Eps);
	SHARE(i, count) {
		uint at = channel(i, c, C, HW);
		y[at] = (x[at] - m) * (r * gamma[c]) + beta[c];
	}
	if (threadIdx.x == 0) {
		float momentum = (float)o->Momentum;
		mean[c] = m;
		rstd[c] = r;
		running_mean[c] = (1 - momentum) * running_mean[c] + momentum * m;
		running_var[c] = (1 - momentum) * running_var[c] + momentum * (squares / (float)max((int)count - 1, 1));
	}
}

// With xhat = (x-mean)*rstd: dbeta = sum dy, dgamma = sum dy*xhat,
// dx = gamma*rstd * (dy - dbeta/count - xhat*dgamma/count).
KERNEL(batchnorm_backward, const ae_BatchNormBackward *o, float *dx, float *dgamma, float *dbeta, const float *dy, const float *x,
       const float *mean, const float *rstd, const float *gamma) {
	__shared__ float sums[AE_WARPS];
	uint C = (uint)o->C, HW = (uint)o->HW, count = (uint)o->N * HW, c = blockIdx.x;
	float m = mean[c], r = rstd[c], sum = 0, product = 0;
	SHARE(i, count) {
		uint at = channel(i, c, C, HW);
		sum += dy[at];
		product += dy[at] * ((x[at] - m) * r);
	}
	sum = block_sum(sum, sums);
	product = block_sum(product, sums);
	SHARE(i, count) {
		uint at = channel(i, c, C, HW);
		float xhat = (x[at] - m) * r;
		dx[at] = gamma[c] * r * (dy[at] - sum / (float)count - xhat * (product / (float)count));
	}
	if (threadIdx.x == 0) {
		dgamma[c] = product;
		dbeta[c] = sum;
	}
}

KERNEL(batchnorm_fold, const ae_BatchNormFold *o, float *y, float *b, const float *w, const float *gamma, const float *beta,
       const float *mean, const float *var) {
	uint len = (uint)o->Len;
	float eps = (float)o->Eps;
	EACH(i, o->K * len) {
		uint k = i / len;
		float s = gamma[k] / sqrt_of(var[k] + eps);
		y[i] = w[i] * s;
		if (i % len == 0)
			b[k] = beta[k] - mean[k] * s;
	}
}
