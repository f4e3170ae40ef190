package bench

import (
	"fmt"

	"aecsad/kernels"
)

// operations is the number of floating-point operations of an instruction, a
// multiply-add counting as two. Instructions that are bound by memory have none:
// their measure is bytes. A machine that needs fewer, by an algebraic trick or by
// leaving out padding, shows a rate above what its arithmetic does.
func operations(op kernels.Op) float64 {
	switch o := op.(type) {
	case kernels.Conv2D:
		return 2 * float64(o.N*o.K*o.P()*o.Q()) * float64(o.C*o.R*o.S)
	case kernels.MatMul:
		return 2 * float64(o.Batch*o.M*o.N) * float64(o.K)
	case kernels.Attention:
		return 4 * float64(o.N*o.T*o.T) * float64(o.C)
	}
	return 0
}

// traffic is the least memory that an instruction reads and writes: every buffer
// once, as float32.
func traffic(op kernels.Op) float64 {
	n := 0
	out, in := op.Buffers()
	for _, size := range append(out, in...) {
		n += 4 * size
	}
	return float64(n)
}

// form is what an instruction does, in a few characters.
func form(op kernels.Op) string {
	o, ok := op.(kernels.Conv2D)
	if !ok {
		return kernels.Name(op)
	}
	s := fmt.Sprintf("%dx%d %d>%d @%d", o.R, o.S, o.C, o.K, o.H)
	if o.Stride > 1 {
		s += fmt.Sprintf(" s%d", o.Stride)
	}
	if o.Dilation > 1 {
		s += fmt.Sprintf(" d%d", o.Dilation)
	}
	return s
}
