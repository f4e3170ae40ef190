// What the scores are made of.

#include "common.h"

KERNEL(argmax, const ae_Argmax *o, float *y, const float *x) {
	uint C = (uint)o->C, HW = (uint)o->HW;
	EACH(i, o->N * HW) {
		const float *pixel = x + i / HW * C * HW + i % HW;
		uint best = 0;
		for (uint c = 1; c < C; c++)
			if (pixel[c * HW] > pixel[best * HW])
				best = c;
		y[i] = (float)best;
	}
}

// One block per patch of an image; AE_THREADS classes at a time are counted in
// shared memory, with integer additions, whose order does not matter.
KERNEL(histogram, const ae_Histogram *o, float *y, const float *x) {
	__shared__ unsigned counts[AE_THREADS];
	uint C = (uint)o->C, W = (uint)o->W, grid = (uint)o->Grid;
	uint height = (uint)o->H / grid, width = W / grid, patch = blockIdx.x % (grid * grid);
	uint top = patch % grid * height, left = patch / grid * width;
	const float *image = x + blockIdx.x / (grid * grid) * (uint)o->H * W;
	for (uint first = 0; first < C; first += AE_THREADS) {
		counts[threadIdx.x] = 0;
		__syncthreads();
		SHARE(i, height * width) {
			float label = image[(top + i / width) * W + left + i % width];
			// Class 0, the background, is not reported: its entry is 0.
			if (label >= 1 && label < (float)C && (uint)label - first < AE_THREADS)
				atomicAdd(&counts[(uint)label - first], 1);
		}
		__syncthreads();
		if (first + threadIdx.x < C)
			y[blockIdx.x * C + first + threadIdx.x] = (float)counts[threadIdx.x] / (float)(height * width);
		__syncthreads();
	}
}

// A block takes 32 pixels; its 8 warps share out the channels, because there are
// many channels and few pixels.
KERNEL(squared_difference, const ae_SquaredDifference *o, float *y, const float *a, const float *b) {
	__shared__ float sums[AE_WARPS][32];
	uint C = (uint)o->C, HW = (uint)o->HW, pixels = (uint)o->N * HW;
	uint lane = threadIdx.x % 32, warp = threadIdx.x / 32, i = blockIdx.x * 32 + lane;
	float sum = 0;
	if (i < pixels)
		for (uint c = warp; c < C; c += AE_WARPS) {
			uint at = (i / HW * C + c) * HW + i % HW;
			sum += square(a[at] - b[at]);
		}
	sums[warp][lane] = sum;
	__syncthreads();
	if (warp == 0 && i < pixels) {
		for (int w = 1; w < AE_WARPS; w++)
			sum += sums[w][lane];
		y[i] = sum / (float)C;
	}
}
