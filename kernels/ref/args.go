package ref

import "gorgonia.org/tensor"

// args are the buffers of a call, in the order of kernels/ops.go: flat tensors
// that share the memory of their slots.
type args []*tensor.Dense

// flat is the memory of buffer i.
func (a args) flat(i int) []float32 { return a[i].Float32s() }

// shaped gives buffer i a shape. The sizes agree, because Buffers of the
// instruction is the product of the same sides.
func (a args) shaped(i int, sides ...int) *tensor.Dense {
	if err := a[i].Reshape(sides...); err != nil {
		panic(err)
	}
	return a[i]
}

// part is the memory of t[at[0], at[1], ...]: of an image [N,C,H,W], part(t, n)
// is an example, part(t, n, c) a channel, and part(t, n, c, h) a row.
func part(t *tensor.Dense, at ...int) []float32 {
	first, size := 0, t.Shape().TotalSize()
	for i, stride := range t.Strides()[:len(at)] {
		first += at[i] * stride
		size = stride
	}
	return t.Float32s()[first : first+size]
}

// widened copies values to float64.
func widened(values []float32) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}

// store rounds values to float32.
func store(to []float32, values []float64) {
	for i, v := range values {
		to[i] = float32(v)
	}
}

// class is the class number in a label, or -1 where it lies outside [0, classes).
func class(label float32, classes int) int {
	if label >= 0 && label < float32(classes) {
		return int(label)
	}
	return -1
}
