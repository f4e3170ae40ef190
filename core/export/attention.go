package export

import (
	"math"

	"aecsad/kernels"
)

// attention over tokens, channels first: with q, k, v as [N,C,T] matrices and
// s = k' q / sqrt(C) as [N,j,i], y = v softmax_j(s).
func (t *translator) attention(o kernels.Attention, x []value) value {
	q, k, v := t.reshape(x[0], o.N, o.C, o.T), t.reshape(x[1], o.N, o.C, o.T), t.reshape(x[2], o.N, o.C, o.T)
	square := []int{o.N, o.T, o.T}
	s := t.node("MatMul", float32s, square, []value{t.transpose(k, 0, 2, 1), q})
	scale := t.constant("scale", nil, []float32{float32(1 / math.Sqrt(float64(o.C)))})
	p := t.node("Softmax", float32s, square, []value{t.like("Mul", s, scale)}, attrI("axis", 1))
	y := t.node("MatMul", float32s, []int{o.N, o.C, o.T}, []value{v, p})
	return t.reshape(y, x[0].shape...)
}
