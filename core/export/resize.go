package export

import "aecsad/kernels"

// resize: half_pixel is align_corners=false. The operator repeats the border, as
// the instruction does by limiting its taps to the image.
func (t *translator) resize(o kernels.Resize, x value) value {
	sizes := t.constant("sizes", []int{4}, []int64{int64(o.N), int64(o.C), int64(o.P), int64(o.Q)})
	absent := value{} // neither a region of interest nor scales
	return t.node("Resize", float32s, []int{o.N, o.C, o.P, o.Q}, []value{x, absent, absent, sizes},
		attrS("mode", "linear"),
		attrS("coordinate_transformation_mode", "half_pixel"))
}
