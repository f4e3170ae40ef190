package export

import (
	"fmt"

	"aecsad/kernels"
)

// argmax yields whole numbers, where the instruction's float32 holds the same;
// histogram is the only instruction that reads them.
func (t *translator) argmax(x value) value {
	shape := []int{x.shape[0], 1, x.shape[2], x.shape[3]}
	return t.node("ArgMax", int64s, shape, []value{x},
		attrI("axis", 1), attrI("keepdims", 1), attrI("select_last_index", 0))
}

// histogram compares every pixel with every class and averages over the patches:
// [N,1,H,W] to [N,C,rows,columns], of which columns come first in the result.
// Class 0 is compared with -1, which no pixel has, so that its share is 0.
func (t *translator) histogram(o kernels.Histogram, x value) (value, error) {
	if x.kind != int64s {
		return value{}, fmt.Errorf("Histogram wants the result of Argmax, got %s", x.name)
	}
	classes := make([]int64, o.C)
	for c := range classes {
		classes[c] = int64(c)
	}
	classes[0] = -1
	each := t.constant("classes", []int{1, o.C, 1, 1}, classes)
	is := t.node("Equal", bools, []int{o.N, o.C, o.H, o.W}, []value{x, each})
	h, w := o.H/o.Grid, o.W/o.Grid
	shares := t.node("AveragePool", float32s, []int{o.N, o.C, o.Grid, o.Grid}, []value{t.cast(is, float32s)},
		attrIs("kernel_shape", h, w), attrIs("strides", h, w))
	return t.reshape(t.transpose(shares, 0, 3, 2, 1), o.N, o.Grid*o.Grid*o.C), nil
}

// squaredDifference is the mean over the channels of (a-b)^2.
func (t *translator) squaredDifference(x []value) value {
	d := t.like("Sub", x...)
	shape := []int{d.shape[0], 1, d.shape[2], d.shape[3]}
	return t.node("ReduceMean", float32s, shape, []value{t.like("Mul", d, d)},
		attrIs("axes", 1), attrI("keepdims", 1))
}
