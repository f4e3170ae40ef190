// Pooling. Gradients gather from the windows that cover an input.

#include "common.h"

// outputs of a pooling along one axis.
DEVICE int pooled(int in, int R, int stride, int pad) { return (in + 2 * pad - R) / stride + 1; }

// windows is the range of windows along one axis that cover input i.
DEVICE void windows(int i, int out, int R, int stride, int pad, int *first, int *last) {
	int reach = i + pad - R + 1; // the first window must start at or after it
	*first = reach <= 0 ? 0 : (reach + stride - 1) / stride;
	*last = min(out - 1, (i + pad) / stride);
}

KERNEL(avg_pool, const ae_AvgPool *o, float *y, const float *x) {
	int H = (int)o->H, W = (int)o->W, R = (int)o->R, stride = (int)o->Stride, pad = (int)o->Pad;
	int P = pooled(H, R, stride, pad), Q = pooled(W, R, stride, pad);
	EACH(i, o->N * o->C * P * Q) {
		int h0 = (int)(i / Q % P) * stride - pad, w0 = (int)(i % Q) * stride - pad;
		const float *plane = x + i / (P * Q) * (H * W);
		float sum = 0;
		for (int h = max(0, h0); h < min(H, h0 + R); h++)
			for (int w = max(0, w0); w < min(W, w0 + R); w++)
				sum += plane[h * W + w];
		y[i] = sum / (float)(R * R);
	}
}

KERNEL(avg_pool_backward, const ae_AvgPoolBackward *o, float *dx, const float *dy) {
	int H = (int)o->H, W = (int)o->W, R = (int)o->R, stride = (int)o->Stride, pad = (int)o->Pad;
	int P = pooled(H, R, stride, pad), Q = pooled(W, R, stride, pad);
	EACH(i, o->N * o->C * H * W) {
		int p0, p1, q0, q1;
		windows((int)(i / W % H), P, R, stride, pad, &p0, &p1);
		windows((int)(i % W), Q, R, stride, pad, &q0, &q1);
		const float *plane = dy + i / (H * W) * (P * Q);
		float sum = 0;
		for (int p = p0; p <= p1; p++)
			for (int q = q0; q <= q1; q++)
				sum += plane[p * Q + q];
		dx[i] = sum / (float)(R * R);
	}
}

// largest is the index in a plane of the first maximum of the window at h0, w0,
// or -1 if the window lies outside.
DEVICE int largest(const float *plane, int H, int W, int R, int h0, int w0) {
	int best = -1;
	float most = 0;
	for (int i = 0; i < R * R; i++) {
		int h = h0 + i / R, w = w0 + i % R;
		if (h < 0 || h >= H || w < 0 || w >= W)
			continue;
		float v = plane[h * W + w];
		if (best < 0 || v > most) {
			best = h * W + w;
			most = v;
		}
	}
	return best;
}

KERNEL(max_pool, const ae_MaxPool *o, float *y, const float *x) {
	int H = (int)o->H, W = (int)o->W, R = (int)o->R, stride = (int)o->Stride, pad = (int)o->Pad;
	int P = pooled(H, R, stride, pad), Q = pooled(W, R, stride, pad);
	EACH(i, o->N * o->C * P * Q) {
		const float *plane = x + i / (P * Q) * (H * W);
		int at = largest(plane, H, W, R, (int)(i / Q % P) * stride - pad, (int)(i % Q) * stride - pad);
		y[i] = at < 0 ? bits_to_float(0xff800000) : plane[at]; // the maximum of nothing: -infinity
	}
}

KERNEL(max_pool_backward, const ae_MaxPoolBackward *o, float *dx, const float *dy, const float *x) {
	int H = (int)o->H, W = (int)o->W, R = (int)o->R, stride = (int)o->Stride, pad = (int)o->Pad;
	int P = pooled(H, R, stride, pad), Q = pooled(W, R, stride, pad);
	EACH(i, o->N * o->C * H * W) {
		int p0, p1, q0, q1;
		windows((int)(i / W % H), P, R, stride, pad, &p0, &p1);
		windows((int)(i % W), Q, R, stride, pad, &q0, &q1);
		const float *plane = x + i / (H * W) * (H * W), *d = dy + i / (H * W) * (P * Q);
		int wide = q1 - q0 + 1, count = (p1 - p0 + 1) * wide;
		float sum = 0;
		for (int j = 0; j < count; j++) {
			int p = p0 + j / wide, q = q0 + j % wide;
			if (largest(plane, H, W, R, p * stride - pad, q * stride - pad) == (int)(i % (H * W)))
				sum += d[p * Q + q];
		}
		dx[i] = sum;
	}
}

// One block per channel of an image.
KERNEL(global_avg_pool, const ae_GlobalAvgPool *o, float *y, const float *x) {
	__shared__ float sums[AE_WARPS];
	uint HW = (uint)o->HW;
	float sum = 0;
	SHARE(i, HW)
		sum += x[blockIdx.x * HW + i];
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		y[blockIdx.x] = sum / (float)HW;
}

KERNEL(global_avg_pool_backward, const ae_GlobalAvgPoolBackward *o, float *dx, const float *dy) {
	uint HW = (uint)o->HW;
	EACH(i, o->N * o->C * HW)
		dx[i] = dy[i / HW] / (float)HW;
}
