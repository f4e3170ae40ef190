// Bilinear resize. Output i of an axis reads inputs i0 and i1 with weights 1-t
// and t; src = ((2i+1)*in - out) / (2*out) is exact in integers.

#include "common.h"

struct tap {
	int i0, i1;
	float t;
};

DEVICE tap tap_of(int i, int in, int out) {
	int src = max(0, (2 * i + 1) * in - out);
	int i0 = src / (2 * out);
	return {i0, min(i0 + 1, in - 1), (float)(src - i0 * 2 * out) / (float)(2 * out)};
}

KERNEL(resize, const ae_Resize *o, float *y, const float *x) {
	int H = (int)o->H, W = (int)o->W, P = (int)o->P, Q = (int)o->Q;
	EACH(i, o->N * o->C * P * Q) {
		int q = (int)(i % Q), p = (int)(i / Q % P);
		const float *plane = x + i / (P * Q) * (H * W);
		tap r = tap_of(p, H, P), c = tap_of(q, W, Q);
		float top = plane[r.i0 * W + c.i0] * (1 - c.t) + plane[r.i0 * W + c.i1] * c.t;
		float bottom = plane[r.i1 * W + c.i0] * (1 - c.t) + plane[r.i1 * W + c.i1] * c.t;
		y[i] = top * (1 - r.t) + bottom * r.t;
	}
}

// readers is the range of outputs of an axis that may read input i: those with
// |src - i| < 1, and one more on each side for the clamped ends.
DEVICE void readers(int i, int in, int out, int *first, int *last) {
	*first = max(0, (2 * i - 1) * out / (2 * in) - 2);
	*last = i == in - 1 ? out - 1 : min(out - 1, (2 * i + 3) * out / (2 * in) + 1);
}

// weight of input i in the output that reads tap t.
DEVICE float weight(tap t, int i) { return (t.i0 == i ? 1 - t.t : 0) + (t.i1 == i ? t.t : 0); }

// Every input gathers from the outputs that read it: no atomics, a fixed order.
KERNEL(resize_backward, const ae_ResizeBackward *o, float *dx, const float *dy) {
	int H = (int)o->H, W = (int)o->W, P = (int)o->P, Q = (int)o->Q;
	EACH(i, o->N * o->C * H * W) {
		int w = (int)(i % W), h = (int)(i / W % H);
		const float *plane = dy + i / (H * W) * (P * Q);
		int p0, p1, q0, q1;
		readers(h, H, P, &p0, &p1);
		readers(w, W, Q, &q0, &q1);
		float sum = 0;
		for (int p = p0; p <= p1; p++) {
			float down = weight(tap_of(p, H, P), h);
			if (down == 0)
				continue;
			float row = 0;
			for (int q = q0; q <= q1; q++)
				row += weight(tap_of(q, W, Q), w) * plane[p * Q + q];
			sum += down * row;
		}
		dx[i] = sum;
	}
}
