// Channels joined and picked out: strided copies.

#include "common.h"

// concat copies input number `which`; cuda.go launches it once per input.
KERNEL(concat, const ae_Concat *o, float *y, const float *x, int64_t which) {
	uint HW = (uint)o->HW, C = (uint)o->C[which];
	uint first = 0, total = 0; // the input's first channel in y, the channels of y
	for (int k = 0; k < 8 && o->C[k] != 0; k++) {
		if (k < which)
			first += (uint)o->C[k];
		total += (uint)o->C[k];
	}
	EACH(i, o->N * C * HW) {
		uint n = i / (C * HW), rest = i % (C * HW);
		y[(n * total + first) * HW + rest] = x[i];
	}
}

KERNEL(slice, const ae_Slice *o, float *y, const float *x) {
	uint HW = (uint)o->HW, C = (uint)o->C, K = (uint)o->K, first = (uint)o->First;
	EACH(i, o->N * K * HW) {
		uint n = i / (K * HW), rest = i % (K * HW);
		y[i] = x[(n * C + first) * HW + rest];
	}
}
