package ref

import (
	"math"

	"gorgonia.org/tensor"

	"aecsad/kernels"
)

// pixels calls f with the channels of every pixel of x[N,C,HW], in float64.
func pixels(x *tensor.Dense, f func(n, i int, values []float64)) {
	batch, channels, hw := x.Shape()[0], x.Shape()[1], x.Shape()[2]
	values := make([]float64, channels)
	for n := 0; n < batch; n++ {
		example := part(x, n)
		for i := 0; i < hw; i++ {
			for c := range values {
				values[c] = float64(example[c*hw+i])
			}
			f(n, i, values)
		}
	}
}

// exponentials replaces values by their softmax, which sums to 1.
func exponentials(values []float64) {
	largest, sum := math.Inf(-1), 0.0
	for _, v := range values {
		largest = max(largest, v)
	}
	for i, v := range values {
		values[i] = math.Exp(v - largest)
		sum += values[i]
	}
	for i := range values {
		values[i] /= sum
	}
}

func softmax(o kernels.Softmax, a args) {
	y, x := a.shaped(0, o.N, o.C, o.HW), a.shaped(1, o.N, o.C, o.HW)
	pixels(x, func(n, i int, values []float64) {
		exponentials(values)
		for c, v := range values {
			part(y, n, c)[i] = float32(v)
		}
	})
}

func softmaxBackward(o kernels.SoftmaxBackward, a args) {
	dx, dy, y := a.shaped(0, o.N, o.C, o.HW), a.shaped(1, o.N, o.C, o.HW), a.shaped(2, o.N, o.C, o.HW)
	pixels(y, func(n, i int, probabilities []float64) {
		dot := 0.0
		for c, p := range probabilities {
			dot += float64(part(dy, n, c)[i]) * p
		}
		for c, p := range probabilities {
			part(dx, n, c)[i] = float32(p * (float64(part(dy, n, c)[i]) - dot))
		}
	})
}
