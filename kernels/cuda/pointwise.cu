// Element by element. All of it is bound by memory: consecutive threads read
// consecutive floats, and the grid is large enough to keep many loads in flight.

#include "common.h"

KERNEL(relu, const ae_Relu *o, float *y, const float *x) {
	EACH(i, o->Len)
		y[i] = x[i] > 0 ? x[i] : 0;
}

KERNEL(relu_backward, const ae_ReluBackward *o, float *dx, const float *dy, const float *y) {
	EACH(i, o->Len)
		dx[i] = y[i] > 0 ? dy[i] : 0;
}

KERNEL(add, const ae_Add *o, float *y, const float *a, const float *b) {
	EACH(i, o->Len)
		y[i] = a[i] + b[i];
}

KERNEL(scale, const ae_Scale *o, float *y, const float *x) {
	float factor = (float)o->Factor;
	EACH(i, o->Len)
		y[i] = factor * x[i];
}

KERNEL(fill, const ae_Fill *o, float *y) {
	float value = (float)o->Value;
	EACH(i, o->Len)
		y[i] = value;
}

KERNEL(standardize, const ae_Standardize *o, float *y, const float *x, const float *mean, const float *std) {
	uint C = (uint)o->C, HW = (uint)o->HW;
	EACH(i, o->N * C * HW) {
		uint c = i / HW % C;
		y[i] = (x[i] - mean[c]) / std[c];
	}
}

// mix64 and uniform are Mix64 and Uniform of kernels/random.go.
DEVICE uint64_t mix64(uint64_t z) {
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

DEVICE float uniform(uint64_t key, uint64_t i) {
	return (float)(mix64(key + (i + 1) * 0x9e3779b97f4a7c15) >> 40) * (1.0f / (1 << 24));
}

// Both directions: the gradient passes where the value did.
DEVICE void drop(int64_t len, float p, int64_t seed, float *y, const float *x, const float *step) {
	uint64_t key = mix64((uint64_t)(uint32_t)seed << 32 | (uint32_t)step[0]);
	EACH(i, len)
		y[i] = uniform(key, i) < p ? 0 : x[i] / (1 - p);
}

KERNEL(dropout, const ae_Dropout *o, float *y, const float *x, const float *step) {
	drop(o->Len, (float)o->P, o->Seed, y, x, step);
}

KERNEL(dropout_backward, const ae_DropoutBackward *o, float *dx, const float *dy, const float *step) {
	drop(o->Len, (float)o->P, o->Seed, dx, dy, step);
}
