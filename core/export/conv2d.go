package export

import "aecsad/kernels"

// conv2d is Conv, then Add and Relu as the instruction has them; runtimes merge
// the three again. x: input, filter, bias (if Bias), residual (if Residual).
func (t *translator) conv2d(o kernels.Conv2D, x []value) value {
	residual := x[len(x)-1]
	if o.Residual {
		x = x[:len(x)-1]
	}
	y := t.node("Conv", float32s, []int{o.N, o.K, o.P(), o.Q()}, x,
		attrIs("kernel_shape", o.R, o.S),
		attrIs("strides", o.Stride, o.Stride),
		attrIs("pads", o.Pad, o.Pad, o.Pad, o.Pad),
		attrIs("dilations", o.Dilation, o.Dilation))
	if o.Residual {
		y = t.like("Add", y, residual)
	}
	if o.Relu {
		y = t.like("Relu", y)
	}
	return y
}
