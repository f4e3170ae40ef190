package ref

import "aecsad/kernels"

func relu(_ kernels.Relu, a args) {
	y := a.flat(0)
	for i, v := range a.flat(1) {
		y[i] = max(v, 0)
	}
}

func reluBackward(_ kernels.ReluBackward, a args) {
	dx, dy := a.flat(0), a.flat(1)
	for i, v := range a.flat(2) {
		dx[i] = 0
		if v > 0 {
			dx[i] = dy[i]
		}
	}
}

func add(_ kernels.Add, a args) {
	y, first, second := a.flat(0), a.flat(1), a.flat(2)
	for i := range y {
		y[i] = first[i] + second[i]
	}
}

func scale(o kernels.Scale, a args) {
	y := a.flat(0)
	for i, v := range a.flat(1) {
		y[i] = o.Factor * v
	}
}

func fill(o kernels.Fill, a args) {
	y := a.flat(0)
	for i := range y {
		y[i] = o.Value
	}
}

func standardize(o kernels.Standardize, a args) {
	y, x := a.shaped(0, o.N, o.C, o.HW), a.shaped(1, o.N, o.C, o.HW)
	mean, std := a.flat(2), a.flat(3)
	for c := 0; c < o.C; c++ {
		normalize(y, x, c, float64(mean[c]), 1/float64(std[c]), 0)
	}
}

func dropout(o kernels.Dropout, a args) { drop(a, o.P, o.Seed) }

func dropoutBackward(o kernels.DropoutBackward, a args) { drop(a, o.P, o.Seed) }

// drop is both directions of dropout: the gradient passes where the value did.
// The arithmetic is float32, so that every machine gives the same bits.
func drop(a args, p float32, seed int) {
	to, from, step := a.flat(0), a.flat(1), a.flat(2)[0]
	for i, v := range from {
		to[i] = 0
		if kernels.Uniform(uint32(seed), uint32(step), uint64(i)) >= p {
			to[i] = v / (1 - p)
		}
	}
}
