package ref

import (
	"math"
	"slices"

	"gorgonia.org/tensor"

	"aecsad/kernels"
)

// isConvolution tells which instructions multiply in less than float32 if asked to.
func isConvolution(op kernels.Op) bool {
	switch op.(type) {
	case kernels.Conv2D, kernels.Conv2DBackwardData, kernels.Conv2DBackwardFilter:
		return true
	}
	return false
}

// rounded is a convolution's kernel with the two factors of its products, which stand
// behind its output, rounded to bf16. Sums stay as they are.
func rounded(run kernel) kernel {
	return func(op kernels.Op, a args) {
		a = slices.Clone(a)
		for i := 1; i <= 2; i++ {
			a[i] = a[i].Clone().(*tensor.Dense)
			for j, v := range a.flat(i) {
				a.flat(i)[j] = bf16(v)
			}
		}
		run(op, a)
	}
}

// bf16 is the nearest number with eight significant bits, of two the even one.
func bf16(v float32) float32 {
	if v != v {
		return v
	}
	bits := math.Float32bits(v)
	return math.Float32frombits((bits + 0x7fff + bits>>16&1) &^ 0xffff)
}
