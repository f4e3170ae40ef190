package export

import "aecsad/kernels"

func poolAttrs(s kernels.PoolShape) []*message {
	return []*message{
		attrIs("kernel_shape", s.R, s.R),
		attrIs("strides", s.Stride, s.Stride),
		attrIs("pads", s.Pad, s.Pad, s.Pad, s.Pad),
	}
}

// avgPool counts the padding zeros, which is not the operator's default.
func (t *translator) avgPool(o kernels.AvgPool, x value) value {
	attrs := append(poolAttrs(o.PoolShape), attrI("count_include_pad", 1))
	return t.node("AveragePool", float32s, []int{o.N, o.C, o.P(), o.Q()}, []value{x}, attrs...)
}

func (t *translator) maxPool(o kernels.MaxPool, x value) value {
	return t.node("MaxPool", float32s, []int{o.N, o.C, o.P(), o.Q()}, []value{x}, poolAttrs(o.PoolShape)...)
}

func (t *translator) globalAvgPool(o kernels.GlobalAvgPool, x value) value {
	return t.node("GlobalAveragePool", float32s, []int{o.N, o.C, 1, 1}, []value{x})
}
