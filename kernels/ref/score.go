package ref

import "aecsad/kernels"

func argmax(o kernels.Argmax, a args) {
	y := a.shaped(0, o.N, o.HW)
	pixels(a.shaped(1, o.N, o.C, o.HW), func(n, i int, values []float64) {
		best := 0
		for c, v := range values {
			if v > values[best] {
				best = c
			}
		}
		part(y, n)[i] = float32(best)
	})
}

func histogram(o kernels.Histogram, a args) {
	y, x := a.shaped(0, o.N, o.Grid*o.Grid, o.C), a.shaped(1, o.N, o.H, o.W)
	height, width := o.H/o.Grid, o.W/o.Grid
	for n := 0; n < o.N; n++ {
		for px := 0; px < o.Grid; px++ {
			for py := 0; py < o.Grid; py++ {
				counts := make([]float64, o.C)
				for h := py * height; h < (py+1)*height; h++ {
					for _, label := range part(x, n, h)[px*width : (px+1)*width] {
						if c := class(label, o.C); c >= 1 {
							counts[c]++
						}
					}
				}
				for c := range counts {
					counts[c] /= float64(height * width)
				}
				store(part(y, n, px*o.Grid+py), counts)
			}
		}
	}
}

func squaredDifference(o kernels.SquaredDifference, a args) {
	y, x1, x2 := a.shaped(0, o.N, o.HW), a.shaped(1, o.N, o.C, o.HW), a.shaped(2, o.N, o.C, o.HW)
	for n := 0; n < o.N; n++ {
		sum := make([]float64, o.HW)
		for c := 0; c < o.C; c++ {
			second := part(x2, n, c)
			for i, v := range part(x1, n, c) {
				d := float64(v) - float64(second[i])
				sum[i] += d * d / float64(o.C)
			}
		}
		store(part(y, n), sum)
	}
}
