// Losses of the segmentation. Pixels whose label is no class add nothing and
// have no gradient.

#include "common.h"

#define AE_SMALL 1e-5f // keeps logarithms and quotients finite

DEVICE int class_of(float label, uint C) { return label >= 0 && label < (float)C ? (int)label : -1; }

// put_partials leaves a block's sum and count of pixels.
DEVICE void put_partials(float *partials, float sum, float count, float *shared) {
	sum = block_sum(sum, shared);
	count = block_sum(count, shared);
	if (threadIdx.x == 0) {
		partials[blockIdx.x] = sum;
		partials[AE_PARTIALS + blockIdx.x] = count;
	}
}

// label_mean divides the sum of the blocks by their count of labelled pixels; a
// mean over no pixels is 0.
KERNEL(label_mean, float *loss, const float *partials, int64_t blocks) {
	__shared__ float sums[AE_WARPS];
	float sum = total(partials, (uint)blocks, sums), count = total(partials + AE_PARTIALS, (uint)blocks, sums);
	if (threadIdx.x == 0)
		loss[0] = sum / (count > 1 ? count : 1);
}

// label_count leaves each block's count of labelled pixels, for the gradients.
KERNEL(label_count, float *partials, const float *labels, int64_t len, int64_t C) {
	__shared__ float sums[AE_WARPS];
	float count = 0;
	EACH(i, len)
		count += class_of(labels[i], (uint)C) >= 0;
	count = block_sum(count, sums);
	if (threadIdx.x == 0)
		partials[blockIdx.x] = count;
}

// gain is dloss per labelled pixel.
DEVICE float gain_of(const float *dloss, const float *partials, int64_t blocks, float *shared) {
	float count = total(partials, (uint)blocks, shared);
	return dloss[0] / (count > 1 ? count : 1);
}

// ---- cross entropy ----

// softmax_of gives the largest of a pixel's C values, which lie HW apart, and the
// sum of exp(x - largest).
DEVICE void softmax_of(const float *x, uint C, uint HW, float *largest, float *sum) {
	float most = x[0], s = 0;
	for (uint c = 1; c < C; c++)
		most = x[c * HW] > most ? x[c * HW] : most;
	for (uint c = 0; c < C; c++)
		s += exp_of(x[c * HW] - most);
	*largest = most;
	*sum = s;
}

KERNEL(cross_entropy_sums, const ae_CrossEntropy *o, float *partials, const float *x, const float *labels) {
	__shared__ float sums[AE_WARPS];
	uint C = (uint)o->C, HW = (uint)o->HW;
	float loss = 0, count = 0;
	EACH(i, o->N * HW) {
		int label = class_of(labels[i], C);
		if (label < 0)
			continue;
		const float *pixel = x + i / HW * C * HW + i % HW;
		float largest, sum;
		softmax_of(pixel, C, HW, &largest, &sum);
		loss += log_of(sum) + (largest - pixel[(uint)label * HW]);
		count++;
	}
	put_partials(partials, loss, count, sums);
}

KERNEL(cross_entropy_backward, const ae_CrossEntropyBackward *o, float *dx, const float *dloss, const float *x, const float *labels,
       const float *partials, int64_t blocks) {
	__shared__ float sums[AE_WARPS];
	float gain = gain_of(dloss, partials, blocks, sums);
	uint C = (uint)o->C, HW = (uint)o->HW;
	EACH(i, o->N * HW) {
		uint at = i / HW * C * HW + i % HW;
		int label = class_of(labels[i], C);
		float largest, sum;
		softmax_of(x + at, C, HW, &largest, &sum);
		for (uint c = 0; c < C; c++) {
			float y = exp_of(x[at + c * HW] - largest) / sum;
			dx[at + c * HW] = label < 0 ? 0 : gain * (y - ((int)c == label));
		}
	}
}

// ---- focal ----

// clamped is entry c of the clamped one-hot vector of label.
DEVICE float clamped(uint c, int label, uint C) { return (int)c == label ? 1 - AE_SMALL : AE_SMALL / (float)(C - 1); }

// truth is pt, the probability that a pixel's p gives to its clamped label.
DEVICE float truth(const float *p, int label, uint C, uint HW) {
	float pt = AE_SMALL;
	for (uint c = 0; c < C; c++)
		pt += clamped(c, label, C) * p[c * HW];
	return pt;
}

KERNEL(focal_sums, const ae_Focal *o, float *partials, const float *p, const float *labels) {
	__shared__ float sums[AE_WARPS];
	uint C = (uint)o->C, HW = (uint)o->HW;
	float loss = 0, count = 0;
	EACH(i, o->N * HW) {
		int label = class_of(labels[i], C);
		if (label < 0)
			continue;
		float pt = truth(p + i / HW * C * HW + i % HW, label, C, HW);
		loss -= square(1 - pt) * log_of(pt);
		count++;
	}
	put_partials(partials, loss, count, sums);
}

// d/dpt of -(1-pt)^2 ln pt is 2(1-pt) ln pt - (1-pt)^2/pt.
KERNEL(focal_backward, const ae_FocalBackward *o, float *dp, const float *dloss, const float *p, const float *labels,
       const float *partials, int64_t blocks) {
	__shared__ float sums[AE_WARPS];
	float gain = gain_of(dloss, partials, blocks, sums);
	uint C = (uint)o->C, HW = (uint)o->HW;
	EACH(i, o->N * HW) {
		uint at = i / HW * C * HW + i % HW;
		int label = class_of(labels[i], C);
		float slope = 0;
		if (label >= 0) {
			float pt = truth(p + at, label, C, HW);
			slope = gain * (2 * (1 - pt) * log_of(pt) - square(1 - pt) / pt);
		}
		for (uint c = 0; c < C; c++)
			dp[at + c * HW] = label < 0 ? 0 : slope * clamped(c, label, C);
	}
}

// ---- dice ----

// overlap is what a class of a sample adds to dice; only labelled pixels count.
struct overlap {
	float both, sum, area; // sums of Y*p, p and Y
};

// One block per class of a sample.
KERNEL(dice_overlaps, overlap *overlaps, const float *p, const float *labels, int64_t C, int64_t HW) {
	__shared__ float sums[AE_WARPS];
	uint n = blockIdx.x / (uint)C, c = blockIdx.x % (uint)C;
	overlap v = {0, 0, 0};
	SHARE(i, HW) {
		int label = class_of(labels[n * (uint)HW + i], (uint)C);
		float value = p[blockIdx.x * (uint)HW + i];
		if (label >= 0)
			v.sum += value;
		if (label == (int)c) {
			v.both += value;
			v.area++;
		}
	}
	v.both = block_sum(v.both, sums);
	v.sum = block_sum(v.sum, sums);
	v.area = block_sum(v.area, sums);
	if (threadIdx.x == 0)
		overlaps[blockIdx.x] = v;
}

// raw_weight is the weight of a class before the weights of a sample are made to
// add up to 1.
DEVICE float raw_weight(overlap v, int64_t absent) { return v.area > 0 || absent ? 1 / (v.area + AE_SMALL) : 0; }

DEVICE float weight_of(const overlap *sample, uint c, uint C, int64_t absent) {
	float sum = 0;
	for (uint k = 0; k < C; k++)
		sum += raw_weight(sample[k], absent);
	return sum > 0 ? raw_weight(sample[c], absent) / sum : 0;
}

DEVICE float size_of(overlap v) { return v.sum + v.area + 2 * AE_SMALL; }
DEVICE float dice_of(overlap v) { return (2 * v.both + AE_SMALL) / size_of(v); }

KERNEL(dice_mean, const ae_Dice *o, float *loss, const overlap *overlaps) {
	__shared__ float sums[AE_WARPS];
	uint C = (uint)o->C, count = (uint)o->N * C;
	float sum = 0;
	SHARE(i, count)
		sum += weight_of(overlaps + i / C * C, i % C, C, o->Absent) * (1 - dice_of(overlaps[i]));
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		loss[0] = sum / (float)count;
}

// slope is the gradient of a class: dp = base + (label == c ? hit : 0).
struct slope {
	float base, hit;
};

// d dice_c / dp[c,i] = (2*Y[c,i] - dice_c) / (sum + area + 2*small).
KERNEL(dice_slopes, const ae_DiceBackward *o, slope *slopes, const float *dloss, const overlap *overlaps) {
	uint C = (uint)o->C, count = (uint)o->N * C;
	EACH(i, count) {
		float w = weight_of(overlaps + i / C * C, i % C, C, o->Absent);
		float gain = -dloss[0] / (float)count * w / size_of(overlaps[i]);
		slopes[i] = {-gain * dice_of(overlaps[i]), 2 * gain};
	}
}

KERNEL(dice_backward, const ae_DiceBackward *o, float *dp, const float *labels, const slope *slopes) {
	uint C = (uint)o->C, HW = (uint)o->HW;
	EACH(i, o->N * C * HW) {
		int label = class_of(labels[i / (C * HW) * HW + i % HW], C);
		slope s = slopes[i / HW];
		dp[i] = label < 0 ? 0 : s.base + (label == (int)(i / HW % C) ? s.hit : 0);
	}
}

// ---- histogram ----

// One block per class of a sample.
KERNEL(histogram_means, float *means, const float *p, int64_t HW) {
	__shared__ float sums[AE_WARPS];
	float sum = 0;
	SHARE(i, HW)
		sum += p[blockIdx.x * (uint)HW + i];
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		means[blockIdx.x] = sum / (float)HW;
}

KERNEL(histogram_loss, const ae_HistogramLoss *o, float *loss, const float *means, const float *target) {
	__shared__ float sums[AE_WARPS];
	float sum = 0;
	SHARE(i, o->N * o->C)
		if (i % (uint)o->C > 0)
			sum += __builtin_fabsf(target[i] - means[i]);
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		loss[0] = sum / (float)o->N;
}

KERNEL(histogram_loss_backward, const ae_HistogramLossBackward *o, float *dp, const float *dloss, const float *means,
       const float *target) {
	uint C = (uint)o->C, HW = (uint)o->HW;
	float step = dloss[0] / (float)(o->N * o->HW);
	EACH(i, o->N * C * HW) {
		uint at = i / HW;
		float d = means[at] - target[at];
		dp[i] = at % C == 0 ? 0 : d > 0 ? step : d < 0 ? -step : 0;
	}
}

// ---- entropy, and the sum of losses ----

KERNEL(entropy_sums, const ae_Entropy *o, float *partials, const float *p) {
	__shared__ float sums[AE_WARPS];
	float sum = 0;
	EACH(i, o->Len)
		sum -= p[i] * log_of(p[i] + AE_SMALL);
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		partials[blockIdx.x] = sum;
}

KERNEL(entropy_backward, const ae_EntropyBackward *o, float *dp, const float *dloss, const float *p) {
	float gain = dloss[0] / (float)o->Len;
	EACH(i, o->Len)
		dp[i] = -gain * (log_of(p[i] + AE_SMALL) + p[i] / (p[i] + AE_SMALL));
}

KERNEL(weighted_sum, const ae_WeightedSum *o, float *y, const float *x0, const float *x1, const float *x2, const float *x3,
       const float *x4, const float *x5, const float *x6, const float *x7) {
	const float *x[] = {x0, x1, x2, x3, x4, x5, x6, x7};
	float sum = 0;
	for (int i = 0; i < 8; i++)
		if (i < o->Count)
			sum += (float)o->Weights[i] * x[i][0];
	if (threadIdx.x == 0)
		y[0] = sum;
}
