// Channels joined and picked out: strided copies.

#include "common.h"

// concat copies input number blockIdx.y.
KERNEL(concat, const ae_Concat *o, float *y, const float *x0, const float *x1, const float *x2, const float *x3, const float *x4, const float *x5,
       const float *x6, const float *x7) {
	uint which = blockIdx.y;
	const float *low = which < 2 ? which == 0 ? x0 : x1 : which == 2 ? x2 : x3;
	const float *high = which < 6 ? which == 4 ? x4 : x5 : which == 6 ? x6 : x7;
	const float *x = which < 4 ? low : high;
	uint HW = (uint)o->HW, C = (uint)o->C[which];
	uint first = 0, total = 0; // the input's first channel in y, the channels of y
	for (uint k = 0; k < 8 && o->C[k] != 0; k++) {
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
