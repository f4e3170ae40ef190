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
	int slice;         // counted over the taps that are reached
	int tap, word;     // of the slice
	const float *from; // the pixel's place in the first channel of the source
	int channels;      // that the source has there: 0 outside
};

// slices_of is the depth in slices, over all taps.
template <class M> DEVICE int slices_of(const gather &g) { return g.R * g.S * ((g.C + DEPTH * M::numbers - 1) / (DEPTH * M::numbers)); }

// gather_tile computes the block's tile of the result over the slices [begin,
// end) of the depth, counted over all taps, reached or not. w holds packed words.
template <class M, int T>
DEVICE void gather_tile(typename M::template tile<T> &t, const gather &g, int pixels, int begin, int end, const float *x, const uint *w, gemm_result<T> *r) {
	int row0 = (int)blockIdx.y * T, pixel0 = (int)blockIdx.x * T, PQ = g.P * g.Q;
	int words = (g.C + M::numbers - 1) / M::numbers, per_tap = (words + DEPTH - 1) / DEPTH;
	// The rows and columns of pixels that the block touches.
	int last = min(pixel0 + T, pixels) - 1;
	bool one_image = pixel0 / PQ == last / PQ;
	int p0 = one_image ? pixel0 % PQ / g.Q : 0, p1 = one_image ? last % PQ / g.Q : g.P - 1;
	bool one_row = one_image && p0 == p1;
	int q0 = one_row ? pixel0 % g.Q : 0, q1 = one_row ? last % g.Q : g.Q - 1;
	auto live = [&](int tap) {
		return reached(g.down, p0, p1, g.first + g.step * (tap / g.S)) && reached(g.across, q0, q1, g.first + g.step * (tap % g.S));
	};
	int count = 0;
	for (int tap = begin / per_tap; tap < g.R * g.S && tap * per_tap < end; tap++)
		if (live(tap))
			count += min(end, (tap + 1) * per_tap) - max(begin, tap * per_tap);

	// All words that the thread fetches of the source are of one pixel.
	walk rows = M::template rows_first<T>();
	int pixel = pixel0 + rows.row, p = pixel % PQ / g.Q, q = pixel % g.Q;
	int area = g.down.limit * g.across.limit;
	const float *image = x + (int64_t)(pixel / PQ) * g.C * area;
	cursor c = {-1, begin / per_tap - 1, words, image, 0};
	auto seek = [&](int slice) { // the next one, or the one where c stands
		if (slice == c.slice)
			return;
		c.slice = slice;
		c.word += DEPTH;
		if (c.word < words)
			return;
		do
			c.tap++;
		while (!live(c.tap));
		c.word = max(0, begin - c.tap * per_tap) * DEPTH;
		int h = source(g.down, p, g.first + g.step * (c.tap / g.S)), v = source(g.across, q, g.first + g.step * (c.tap % g.S));
		bool inside = pixel < pixels && h >= 0 && v >= 0;
		c.from = image + (inside ? h * g.across.limit + v : 0);
		c.channels = inside ? g.C : 0;
	};
	auto weights = [&](int slice, int row, int k) -> const uint * {
		seek(slice);
		int word = c.word + k;
		return row0 + row < g.K && word < words ? w + M::at(c.tap, word, row0 + row, M::padded(words), g.K) : nullptr;
	};
	auto pixels_of = [&](int, int, int k) {
		int channel = c.word * M::numbers + k;
		return channel < c.channels ? c.from[channel * area] : 0;
	};
	gemm<M, T>(t, count, M::template streamed<T>(weights), gathered<M, T>(rows, pixels_of), r);
}

// each_output calls f(offset in the result, channel, value) for the outputs of
// the thread.
template <class M, int T, class F> DEVICE void each_output(const gather &g, int pixels, const gemm_result<T> &r, F f) {
	int PQ = g.P * g.Q;
	M::each(r, [&](int row, int column, float v) {
		int k = (int)blockIdx.y * T + row, pixel = (int)blockIdx.x * T + column;
		if (k < g.K && pixel < pixels)
			f((int64_t)(pixel / PQ) * g.K * PQ + (int64_t)k * PQ + pixel % PQ, k, v);
	});
}

// pack turns w[K][C][tap] into words in the layout of the arithmetic: the depth is
// C and the rows are K for the output, the other way round for the gradient of the
// input.
template <class M> DEVICE void pack(const ae_Conv2D *o, uint *packed, const float *w, bool transposed) {
	int taps = (int)(o->R * o->S), C = (int)o->C;
	int rows = transposed ? C : (int)o->K, depth = transposed ? (int)o->K : C;
	int words = M::padded((depth + M::numbers - 1) / M::numbers);
	EACH(i, taps * words * rows) {
		int tap = (int)i % taps, word = (int)i / taps % words, row = (int)i / taps / words;
		float v[M::numbers];
		UNROLL
		for (int n = 0; n < M::numbers; n++) {
			int at = word * M::numbers + n, k = transposed ? at : row, c = transposed ? row : at;
			v[n] = at < depth ? w[((int64_t)k * C + c) * taps + tap] : 0;
		}
		packed[M::at(tap, word, row, words, rows)] = M::word(v);
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

template <class M, int T>
DEVICE void convolve(typename M::template tile<T> &t, const ae_Conv2D *o, float *y, const float *x, const uint *w, const float *b, const float *res) {
	gather g = forward(o);
	gemm_result<T> r;
	int pixels = (int)o->N * g.P * g.Q;
	gather_tile<M, T>(t, g, pixels, 0, slices_of<M>(g), x, w, &r);
	each_output<M, T>(g, pixels, r, [&](int64_t at, int k, float v) { y[at] = followed(o, v, at, k, b, res); });
}

// Where the result has too few tiles to fill the machine, the depth is shared out
// as well: blockIdx.z sums its part into scratch, conv2d_join adds the parts.
template <class M, int T> DEVICE void convolve_part(typename M::template tile<T> &t, const ae_Conv2D *o, float *parts, const float *x, const uint *w) {
	gather g = forward(o);
	gemm_result<T> r;
	int pixels = (int)o->N * g.P * g.Q;
	int64_t slices = slices_of<M>(g);
	gather_tile<M, T>(t, g, pixels, (int)(slices * blockIdx.z / gridDim.z), (int)(slices * (blockIdx.z + 1) / gridDim.z), x, w, &r);
	float *part = parts + (int64_t)blockIdx.z * pixels * g.K;
	each_output<M, T>(g, pixels, r, [&](int64_t at, int, float v) { part[at] = v; });
}

template <class M, int T>
DEVICE void backward_data(typename M::template tile<T> &t, const ae_Conv2DBackwardData *o, float *dx, const float *dy, const uint *w) {
	gather g = backward(o);
	gemm_result<T> r;
	int pixels = (int)o->N * g.P * g.Q;
	gather_tile<M, T>(t, g, pixels, 0, slices_of<M>(g), dy, w, &r);
	each_output<M, T>(g, pixels, r, [&](int64_t at, int, float v) { dx[at] = v; });
}

// The gradient of the filter, per tap: rows are output channels, columns input
// channels, and the depth runs over all pixels of the batch. blockIdx.z counts
// the taps, and within a tap `count` parts of the depth.
template <class M, int T>
DEVICE void backward_filter(typename M::template tile<T> &t, const ae_Conv2DBackwardFilter *b, float *parts, const float *dy, const float *x, int64_t count) {
	const ae_Conv2D *o = (const ae_Conv2D *)b; // the geometry comes first
	gather g = forward(o);
	int tap = (int)blockIdx.z / (int)count, part = (int)blockIdx.z % (int)count, taps = g.R * g.S;
	int PQ = g.P * g.Q, pixels = (int)o->N * PQ, area = g.down.limit * g.across.limit;
	int64_t slices = (pixels + DEPTH * M::numbers - 1) / (DEPTH * M::numbers);
	int begin = (int)(slices * part / count), end = (int)(slices * (part + 1) / count);
	int row0 = (int)blockIdx.y * T, column0 = (int)blockIdx.x * T;
	int down = g.first + g.step * (tap / g.S), across = g.first + g.step * (tap % g.S);
	gemm_result<T> r;
	auto gradients = [&](int slice, int row, int k) {
		int pixel = (begin + slice) * DEPTH * M::numbers + k, channel = row0 + row;
		return pixel < pixels && channel < g.K ? dy[((int64_t)(pixel / PQ) * g.K + channel) * PQ + pixel % PQ] : 0;
	};
	auto sources = [&](int slice, int row, int k) {
		int pixel = (begin + slice) * DEPTH * M::numbers + k, channel = column0 + row;
		int h = source(g.down, pixel % PQ / g.Q, down), v = source(g.across, pixel % g.Q, across);
		bool inside = pixel < pixels && channel < g.C && h >= 0 && v >= 0;
		return inside ? x[((int64_t)(pixel / PQ) * g.C + channel) * area + h * g.across.limit + v] : 0;
	};
	gemm<M, T>(t, end - begin, gathered<M, T>(along_k(), gradients), gathered<M, T>(along_k(), sources), &r);
	M::each(r, [&](int row, int column, float v) {
		if (row0 + row < g.K && column0 + column < g.C)
			parts[(((int64_t)part * g.K + row0 + row) * g.C + column0 + column) * taps + tap] = v;
	});
}

// The kernels: conv2d_simt_64 and so on, for every arithmetic and size of tile.
// FORWARD is KERNEL_PAIRED where 128 registers are enough for the forward kernels.
#define PACK(M)                                                                                              \
	KERNEL(conv2d_pack_##M, const ae_Conv2D *o, uint *packed, const float *w, int64_t transposed) {          \
		pack<M>(o, packed, w, transposed);                                                                   \
	}

#define CONVOLUTIONS(M, T, FORWARD)                                                                              \
	FORWARD(conv2d_##M##_##T, const ae_Conv2D *o, float *y, const float *x, const uint *w, const float *b,    \
	       const float *res) {                                                                               \
		__shared__ M::tile<T> t;                                                                           \
		convolve<M, T>(t, o, y, x, w, b, res);                                                               \
	}                                                                                                        \
	FORWARD(conv2d_split_##M##_##T, const ae_Conv2D *o, float *parts, const float *x, const uint *w) {        \
		__shared__ M::tile<T> t;                                                                           \
		convolve_part<M, T>(t, o, parts, x, w);                                                              \
	}                                                                                                        \
	KERNEL(conv2d_backward_data_##M##_##T, const ae_Conv2DBackwardData *o, float *dx, const float *dy,       \
	       const uint *w) {                                                                                  \
		__shared__ M::tile<T> t;                                                                           \
		backward_data<M, T>(t, o, dx, dy, w);                                                                \
	}                                                                                                        \
	KERNEL(conv2d_backward_filter_##M##_##T, const ae_Conv2DBackwardFilter *o, float *parts, const float *dy, \
	       const float *x, int64_t count) {                                                                  \
		__shared__ M::tile<T> t;                                                                           \
		backward_filter<M, T>(t, o, parts, dy, x, count);                                                    \
	}

#ifdef AECSAD_TENSOR
PACK(tf32)
CONVOLUTIONS(tf32, 64, KERNEL_PAIRED)
CONVOLUTIONS(tf32, 128, KERNEL_PAIRED)
PACK(bf16)
CONVOLUTIONS(bf16, 64, KERNEL_PAIRED)
CONVOLUTIONS(bf16, 128, KERNEL_PAIRED)
PACK(f16)
CONVOLUTIONS(f16, 64, KERNEL_PAIRED)
CONVOLUTIONS(f16, 128, KERNEL_PAIRED)
#endif

#ifdef AECSAD_ORDINARY
PACK(simt)
CONVOLUTIONS(simt, 64, KERNEL_PAIRED)
CONVOLUTIONS(simt, 128, KERNEL)

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

#endif
