// Convolutions as implicit matrix products: no patch matrix is ever in memory.
//
// The output and the gradient of the input are one product: rows are channels of
// the result, columns its pixels, the depth runs over the taps (r,s) of the
// filter and, within a tap, over the channels of the source. Within a tap every
// pixel reads one place of the source, so that an element costs one addition to
// find. Taps whose place lies outside for all pixels of a block are skipped: most
// taps of a filter whose dilation exceeds the image.

#include "gemm.h"

// axis maps a pixel and a tap to the source along one dimension: (i*mul + add) /
// div, where add depends on the tap; there is no source unless the division is
// exact and the quotient in [0, limit). The output has mul = stride, the gradient
// of the input div = stride.
struct axis {
	int mul, div, limit;
};

DEVICE int source(axis x, int i, int add) {
	int at = i * x.mul + add;
	return at >= 0 && at % x.div == 0 && at / x.div < x.limit ? at / x.div : -1;
}

// reached tells if any of the pixels [first, last] may have a source.
DEVICE bool reached(axis x, int first, int last, int add) {
	return last * x.mul + add >= 0 && first * x.mul + add < x.limit * x.div;
}

// gather is a convolution seen from its result: y[n,k,p,q] sums x[n,c,...] times
// the packed weights w[tap][c][k].
struct gather {
	int C, K, P, Q, R, S; // channels of the source and the result, the result's size, the filter
	axis down, across;
	int first, step; // add = first + step*r
};

DEVICE int result_size(int in, int R, const ae_Conv2D *o) {
	return (in + 2 * (int)o->Pad - (int)o->Dilation * (R - 1) - 1) / (int)o->Stride + 1;
}

DEVICE gather forward(const ae_Conv2D *o) {
	int P = result_size((int)o->H, (int)o->R, o), Q = result_size((int)o->W, (int)o->S, o);
	int stride = (int)o->Stride;
	return {(int)o->C, (int)o->K, P, Q, (int)o->R, (int)o->S, {stride, 1, (int)o->H}, {stride, 1, (int)o->W}, -(int)o->Pad, (int)o->Dilation};
}

// The geometry fields of a convolution and its gradients come first and in the
// same order.
DEVICE gather backward(const ae_Conv2DBackwardData *b) {
	const ae_Conv2D *o = (const ae_Conv2D *)b;
	int P = result_size((int)o->H, (int)o->R, o), Q = result_size((int)o->W, (int)o->S, o);
	int stride = (int)o->Stride;
	return {(int)o->K, (int)o->C, (int)o->H, (int)o->W, (int)o->R, (int)o->S, {1, stride, P}, {1, stride, Q}, (int)o->Pad, -(int)o->Dilation};
}

// cursor walks through the depth: the slices of a tap, then the next tap that is
// reached. It knows the place of the thread's pixel in the source of the tap.
struct cursor {
	int tap, channel; // of the current slice
	int place;        // offset of the pixel in a channel of the source, or -1
};

// gather_tile computes the block's tile of the result over the slices [begin,
// end) of the depth, counted over all taps, skipped or not.
DEVICE void gather_tile(gemm_tile &t, const gather &g, int pixels, int begin, int end, const float *x, const float *w, gemm_result *r) {
	int row0 = (int)blockIdx.y * TILE, pixel0 = (int)blockIdx.x * TILE, PQ = g.P * g.Q;
	int per_tap = (g.C + DEPTH - 1) / DEPTH;
	// The rows and columns of pixels that the block touches.
	int last = min(pixel0 + TILE, pixels) - 1;
	bool one_image = pixel0 / PQ == last / PQ;
	int p0 = one_image ? pixel0 % PQ / g.Q : 0, p1 = one_image ? last % PQ / g.Q : g.P - 1;
	bool one_row = one_image && p0 == p1;
	int q0 = one_row ? pixel0 % g.Q : 0, q1 = one_row ? last % g.Q : g.Q - 1;
	auto live = [&](int tap) {
		return reached(g.down, p0, p1, g.first + g.step * (tap / g.S)) && reached(g.across, q0, q1, g.first + g.step * (tap % g.S));
	};

	// The thread fetches elements of one pixel and one row of w.
	walk rows = along_rows();
	int pixel = pixel0 + rows.row, p = pixel % PQ / g.Q, q = pixel % g.Q;
	int area = g.down.limit * g.across.limit;
	const float *image = x + (int64_t)(pixel / PQ) * g.C * area;

	// Slices of the taps that are reached, within [begin, end).
	int count = 0;
	for (int tap = begin / per_tap; tap < g.R * g.S && tap * per_tap < end; tap++)
		if (live(tap))
			count += min(end, (tap + 1) * per_tap) - max(begin, tap * per_tap);

	cursor c = {begin / per_tap - 1, g.C, -1};
	int at = begin;          // the slice, counted over all taps
	int current = -1;        // the slice that the cursor stands on, counted over live ones
	auto seek = [&](int s) { // to slice s, at or one after the current
		if (s == current)
			return;
		current = s;
		c.channel += DEPTH;
		if (c.channel >= g.C) {
			do
				c.tap++;
			while (!live(c.tap));
			at = max(begin, c.tap * per_tap);
			c.channel = (at - c.tap * per_tap) * DEPTH;
			int h = source(g.down, p, g.first + g.step * (c.tap / g.S)), v = source(g.across, q, g.first + g.step * (c.tap % g.S));
			c.place = pixel < pixels && h >= 0 && v >= 0 ? h * g.across.limit + v : -1;
		}
	};
	gemm(
	    t, count, rows,
	    [&](int s, int row, int k) {
		    seek(s);
		    int channel = c.channel + k;
		    return row0 + row < g.K && channel < g.C ? w[((int64_t)c.tap * g.C + channel) * g.K + row0 + row] : 0;
	    },
	    rows,
	    [&](int, int, int k) {
		    int channel = c.channel + k;
		    return c.place >= 0 && channel < g.C ? image[(int64_t)channel * area + c.place] : 0;
	    },
	    r);
}

// each_output calls f(offset in the result, channel, value) for the outputs of
// the thread.
template <class F> DEVICE void each_output(const gather &g, int pixels, const gemm_result &r, F f) {
	int PQ = g.P * g.Q;
	UNROLL
	for (int j = 0; j < 4; j++) {
		int pixel = (int)blockIdx.x * TILE + first_column() + j;
		int64_t image = (int64_t)(pixel / PQ) * g.K * PQ + pixel % PQ;
		UNROLL
		for (int i = 0; i < 4; i++) {
			int k = (int)blockIdx.y * TILE + first_row() + i;
			if (k < g.K && pixel < pixels)
				f(image + (int64_t)k * PQ, k, r.v[i][j]);
		}
	}
}

// pack turns w[K][C][tap] into rows that a block reads without gaps: [tap][C][K]
// for the output, [tap][K][C] for the gradient of the input.
KERNEL(conv2d_pack, const ae_Conv2D *o, float *packed, const float *w, int64_t transposed) {
	uint K = (uint)o->K, C = (uint)o->C, taps = (uint)(o->R * o->S);
	EACH(i, K * C * taps) {
		uint tap = i / (K * C), rest = i % (K * C);
		uint k = transposed ? rest / C : rest % K, c = transposed ? rest % C : rest / K;
		packed[i] = w[(k * C + c) * taps + tap];
	}
}

// followed is what comes after the sum: bias, residual, relu.
DEVICE float followed(const ae_Conv2D *o, float v, int64_t at, int k, const float *b, const float *res) {
	if (o->Bias)
		v += b[k];
	if (o->Residual)
		v += res[at];
	return o->Relu && !(v > 0) ? 0 : v;
}

KERNEL(conv2d, const ae_Conv2D *o, float *y, const float *x, const float *w, const float *b, const float *res) {
	__shared__ gemm_tile t;
	gather g = forward(o);
	gemm_result r;
	int pixels = (int)o->N * g.P * g.Q;
	gather_tile(t, g, pixels, 0, g.R * g.S * ((g.C + DEPTH - 1) / DEPTH), x, w, &r);
	each_output(g, pixels, r, [&](int64_t at, int k, float v) { y[at] = followed(o, v, at, k, b, res); });
}

// Where the result has too few tiles to fill the machine, the depth is shared out
// as well: blockIdx.z sums its part into scratch, conv2d_join adds the parts.
KERNEL(conv2d_split, const ae_Conv2D *o, float *parts, const float *x, const float *w) {
	__shared__ gemm_tile t;
	gather g = forward(o);
	gemm_result r;
	int pixels = (int)o->N * g.P * g.Q, slices = g.R * g.S * ((g.C + DEPTH - 1) / DEPTH);
	int begin = (int)((int64_t)slices * blockIdx.z / gridDim.z), end = (int)((int64_t)slices * (blockIdx.z + 1) / gridDim.z);
	gather_tile(t, g, pixels, begin, end, x, w, &r);
	float *part = parts + (int64_t)blockIdx.z * pixels * g.K;
	each_output(g, pixels, r, [&](int64_t at, int, float v) { part[at] = v; });
}

KERNEL(conv2d_join, const ae_Conv2D *o, float *y, const float *parts, const float *b, const float *res, int64_t count) {
	gather g = forward(o);
	uint PQ = (uint)(g.P * g.Q), len = (uint)o->N * (uint)g.K * PQ;
	EACH(i, len) {
		float v = 0;
		for (int part = 0; part < count; part++)
			v += parts[(int64_t)part * len + i];
		y[i] = followed(o, v, i, (int)(i / PQ % (uint)g.K), b, res);
	}
}

KERNEL(conv2d_backward_data, const ae_Conv2DBackwardData *o, float *dx, const float *dy, const float *w) {
	__shared__ gemm_tile t;
	gather g = backward(o);
	gemm_result r;
	int pixels = (int)o->N * g.P * g.Q;
	gather_tile(t, g, pixels, 0, g.R * g.S * ((g.C + DEPTH - 1) / DEPTH), dy, w, &r);
	each_output(g, pixels, r, [&](int64_t at, int, float v) { dx[at] = v; });
}

// The gradient of the filter, per tap: rows are output channels, columns input
// channels, and the depth runs over all pixels of the batch. blockIdx.z counts
// the taps, and within a tap the parts of the depth.
KERNEL(conv2d_backward_filter, const ae_Conv2DBackwardFilter *b, float *parts, const float *dy, const float *x, int64_t count) {
	__shared__ gemm_tile t;
	const ae_Conv2D *o = (const ae_Conv2D *)b; // the geometry comes first
	gather g = forward(o);
	int tap = (int)blockIdx.z / (int)count, part = (int)blockIdx.z % (int)count, taps = g.R * g.S;
	int PQ = g.P * g.Q, pixels = (int)o->N * PQ, area = g.down.limit * g.across.limit;
	int slices = (pixels + DEPTH - 1) / DEPTH;
	int begin = (int)((int64_t)slices * part / count), end = (int)((int64_t)slices * (part + 1) / count);
	int row0 = (int)blockIdx.y * TILE, column0 = (int)blockIdx.x * TILE;
	int down = g.first + g.step * (tap / g.S), across = g.first + g.step * (tap % g.S);
	gemm_result r;
	gemm(
	    t, end - begin, along_k(),
	    [&](int s, int row, int k) {
		    int pixel = (begin + s) * DEPTH + k, channel = row0 + row;
		    return pixel < pixels && channel < g.K ? dy[((int64_t)(pixel / PQ) * g.K + channel) * PQ + pixel % PQ] : 0;
	    },
	    along_k(),
	    [&](int s, int row, int k) {
		    int pixel = (begin + s) * DEPTH + k, channel = column0 + row;
		    int h = source(g.down, pixel % PQ / g.Q, down), v = source(g.across, pixel % g.Q, across);
		    bool inside = pixel < pixels && channel < g.C && h >= 0 && v >= 0;
		    return inside ? x[((int64_t)(pixel / PQ) * g.C + channel) * area + h * g.across.limit + v] : 0;
	    },
	    &r);
	UNROLL
	for (int i = 0; i < 4; i++)
		UNROLL
		for (int j = 0; j < 4; j++) {
			int k = row0 + first_row() + i, c = column0 + first_column() + j;
			if (k < g.K && c < g.C)
				parts[(((int64_t)part * g.K + k) * g.C + c) * taps + tap] = r.v[i][j];
		}
}

// sum_parts adds `count` parts of len floats.
KERNEL(sum_parts, float *y, const float *parts, int64_t len, int64_t count) {
	EACH(i, len) {
		float v = 0;
		for (int part = 0; part < count; part++)
			v += parts[part * len + i];
		y[i] = v;
	}
}

// One block per channel.
KERNEL(channel_sum, const ae_ChannelSum *o, float *y, const float *x) {
	__shared__ float sums[AE_WARPS];
	uint C = (uint)o->C, HW = (uint)o->HW;
	float sum = 0;
	SHARE(i, o->N * HW)
		sum += x[(i / HW * C + blockIdx.x) * HW + i % HW];
	sum = block_sum(sum, sums);
	if (threadIdx.x == 0)
		y[blockIdx.x] = sum;
}
