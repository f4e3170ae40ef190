package cpu

import (
	"slices"

	"aecsad/kernels"
)

// enlarged is what a convolution makes of a Resize and a Concat of two before it, as
// conv_upsampled.h has it.
type enlarged struct {
	resize         kernels.Resize
	offset         int // the first of the resized channels
	small, others  kernels.Slot
	products, sums kernels.Slot
}

// enlargedOf finds what convolution i of a program may do as well: Resize and Concat
// stand before it, and nobody else reads their outputs.
func enlargedOf(p *kernels.Program, i int) (e enlarged, ok bool) {
	if i < 2 {
		return e, false
	}
	conv, concat, resize := p.Calls[i], p.Calls[i-1], p.Calls[i-2]
	o, is := concat.Op.(kernels.Concat)
	e.resize, ok = resize.Op.(kernels.Resize)
	if !is || !ok || len(concat.Bufs) != 3 || conv.Bufs[inputSlot] != concat.Bufs[0] {
		return e, false
	}
	e.small, e.products, e.sums = resize.Bufs[1], resize.Bufs[0], concat.Bufs[0]
	switch e.products {
	case concat.Bufs[1]:
		e.others = concat.Bufs[2]
	case concat.Bufs[2]:
		e.others, e.offset = concat.Bufs[1], o.C[0]
	default:
		return e, false
	}
	whole := e.others != e.products && conv.Bufs[0] != e.others && !slices.Contains(conv.Bufs[weightSlot:], e.products)
	return e, whole && forgotten(p, p.Calls[i:], e.products) && forgotten(p, p.Calls[i+1:], e.sums)
}
