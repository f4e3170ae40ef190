// Softmax over channels: a thread per pixel, so that the threads of a warp read
// consecutive pixels of each channel.

#include "common.h"

KERNEL(softmax, const ae_Softmax *o, float *y, const float *x) {
	uint C = (uint)o->C, HW = (uint)o->HW;
	EACH(i, o->N * HW) {
		uint at = i / HW * C * HW + i % HW;
		float largest = x[at], sum = 0;
		for (uint c = 1; c < C; c++)
			largest = x[at + c * HW] > largest ? x[at + c * HW] : largest;
		for (uint c = 0; c < C; c++)
			sum += y[at + c * HW] = exp_of(x[at + c * HW] - largest);
		for (uint c = 0; c < C; c++)
			y[at + c * HW] /= sum;
	}
}

KERNEL(softmax_backward, const ae_SoftmaxBackward *o, float *dx, const float *dy, const float *y) {
	uint C = (uint)o->C, HW = (uint)o->HW;
	EACH(i, o->N * HW) {
		uint at = i / HW * C * HW + i % HW;
		float dot = 0;
		for (uint c = 0; c < C; c++)
			dot += dy[at + c * HW] * y[at + c * HW];
		for (uint c = 0; c < C; c++)
			dx[at + c * HW] = y[at + c * HW] * (dy[at + c * HW] - dot);
	}
}
