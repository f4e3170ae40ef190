package cuda

import "aecsad/kernels"

// planMatrices plans matmul, softmax and attention.
func planMatrices(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.MatMul:
		return []launch{tiled("matmul", 64, o.M, o.N, o.Batch, all(o)...)}, 0
	case kernels.Softmax:
		return simple("softmax", o.N*o.HW, o), 0
	case kernels.SoftmaxBackward:
		return simple("softmax_backward", o.N*o.HW, o), 0
	case kernels.Attention:
		if !o.Keep {
			return []launch{{"attention", ceil(o.T, 64), ceil(o.C, 64), o.N, all(o)}}, 0
		}
		y, p, q, k, v := buf(0), buf(1), buf(2), buf(3), buf(4)
		return []launch{
			tiled("attention_scores", 64, o.T, o.T, o.N, op, p, q, k),
			blocks("attention_softmax", o.N*o.T, p, num(o.T)),
			tiled("attention_apply", 64, o.C, o.T, o.N, op, y, p, v),
		}, 0
	case kernels.AttentionBackward:
		dq, dk, dv, ds, dy, p, q, k, v := buf(0), buf(1), buf(2), buf(3), buf(4), buf(5), buf(6), buf(7), buf(8)
		return []launch{
			tiled("attention_dp", 64, o.T, o.T, o.N, op, ds, dy, v),
			blocks("attention_ds", o.N*o.T, op, ds, p),
			tiled("attention_dq", 64, o.C, o.T, o.N, op, dq, ds, k),
			tiled("attention_dkv", 64, o.C, o.T, o.N, op, dk, ds, q),
			tiled("attention_dkv", 64, o.C, o.T, o.N, op, dv, p, dy),
		}, 0
	}
	return nil, 0
}
