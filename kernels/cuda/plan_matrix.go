package cuda

import "aecsad/kernels"

// tile is TILE of gemm.h: a block computes tile x tile outputs. depth is DEPTH.
const (
	tile  = 64
	depth = 16
)

// align rounds scratch up to 256 bytes, so that parts of it can be read by float4.
func align(floats int) int { return ceil(floats, 64) * 64 }

// tiled is a kernel with a block per tile of rows x columns outputs, z times.
func tiled(kernel string, rows, columns, z int, args ...arg) launch {
	return launch{kernel, ceil(columns, tile), ceil(rows, tile), z, args}
}

// splits is into how many parts the depth of a product, of so many slices, is
// shared out, to make about `want` blocks of `tiles` tiles. A part has at least
// 8 slices: less is not worth another pass over the result.
func splits(tiles, slices, want int) int {
	return max(1, min(want/max(tiles, 1), slices/8, 64))
}

func planConv2D(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.Conv2D:
		return planForward(o)
	case kernels.Conv2DBackwardData:
		weights := o.K * o.C * o.R * o.S
		return []launch{
			over("conv2d_pack", weights, op, temp(0), buf(2), num(1)),
			tiled("conv2d_backward_data", o.C, o.N*o.H*o.W, 1, op, buf(0), buf(1), temp(0)),
		}, weights
	case kernels.Conv2DBackwardFilter:
		taps, weights := o.R*o.S, o.K*o.C*o.R*o.S
		parts := splits(ceil(o.K, tile)*ceil(o.C, tile)*taps, ceil(o.N*o.P()*o.Q(), depth), 512)
		if parts == 1 {
			return []launch{tiled("conv2d_backward_filter", o.K, o.C, taps, op, buf(0), buf(1), buf(2), num(1))}, 0
		}
		return []launch{
			tiled("conv2d_backward_filter", o.K, o.C, taps*parts, op, temp(0), buf(1), buf(2), num(parts)),
			over("sum_parts", weights, buf(0), temp(0), num(weights), num(parts)),
		}, parts * weights
	case kernels.ChannelSum:
		return perBlock("channel_sum", o.C, o), 0
	}
	return nil, 0
}

// planForward splits the depth by the geometry of one image, so that the sums of
// an image do not depend on the batch that it came in.
func planForward(o kernels.Conv2D) ([]launch, int) {
	bias, residual, next := arg{kind: null}, arg{kind: null}, 3
	if o.Bias {
		bias, next = buf(next), next+1
	}
	if o.Residual {
		residual = buf(next)
	}
	weights, pixels := o.K*o.C*o.R*o.S, o.N*o.P()*o.Q()
	pack := over("conv2d_pack", weights, op, temp(0), buf(2), num(0))
	parts := splits(ceil(o.K, tile)*ceil(o.P()*o.Q(), tile), o.R*o.S*ceil(o.C, depth), 256)
	if parts == 1 {
		return []launch{pack, tiled("conv2d", o.K, pixels, 1, op, buf(0), buf(1), temp(0), bias, residual)}, weights
	}
	first := align(weights)
	return []launch{
		pack,
		tiled("conv2d_split", o.K, pixels, parts, op, temp(first), buf(1), temp(0)),
		over("conv2d_join", o.K*pixels, op, buf(0), temp(first), bias, residual, num(parts)),
	}, first + parts*o.K*pixels
}

// planMatrices plans matmul, softmax and attention.
func planMatrices(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.MatMul:
		return []launch{tiled("matmul", o.M, o.N, o.Batch, all(o)...)}, 0
	case kernels.Softmax:
		return simple("softmax", o.N*o.HW, o), 0
	case kernels.SoftmaxBackward:
		return simple("softmax_backward", o.N*o.HW, o), 0
	case kernels.Attention:
		y, p, q, k, v := buf(0), buf(1), buf(2), buf(3), buf(4)
		return []launch{
			tiled("attention_scores", o.T, o.T, o.N, op, p, q, k),
			blocks("attention_softmax", o.N*o.T, p, num(o.T)),
			tiled("attention_apply", o.C, o.T, o.N, op, y, p, v),
		}, 0
	case kernels.AttentionBackward:
		dq, dk, dv, ds, dy, p, q, k, v := buf(0), buf(1), buf(2), buf(3), buf(4), buf(5), buf(6), buf(7), buf(8)
		return []launch{
			tiled("attention_dp", o.T, o.T, o.N, op, ds, dy, v),
			blocks("attention_ds", o.N*o.T, op, ds, p),
			tiled("attention_dq", o.C, o.T, o.N, op, dq, ds, k),
			tiled("attention_dkv", o.C, o.T, o.N, op, dk, ds, q),
			tiled("attention_dkv", o.C, o.T, o.N, op, dv, p, dy),
		}, 0
	}
	return nil, 0
}
