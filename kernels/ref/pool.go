package ref

import (
	"math"

	"aecsad/kernels"
)

// window calls f for the input pixels i = h*W+w of output pixel (p, q) that lie
// inside the image, in row-major order.
func window(o kernels.PoolShape, p, q int, f func(i int)) {
	for h := max(p*o.Stride-o.Pad, 0); h < min(p*o.Stride-o.Pad+o.R, o.H); h++ {
		for w := max(q*o.Stride-o.Pad, 0); w < min(q*o.Stride-o.Pad+o.R, o.W); w++ {
			f(h*o.W + w)
		}
	}
}

// outputs calls f for every channel and output pixel j = p*Q+q.
func outputs(o kernels.PoolShape, f func(n, c, j, p, q int)) {
	for n := 0; n < o.N; n++ {
		for c := 0; c < o.C; c++ {
			for p := 0; p < o.P(); p++ {
				for q := 0; q < o.Q(); q++ {
					f(n, c, p*o.Q()+q, p, q)
				}
			}
		}
	}
}

func avgPool(o kernels.AvgPool, a args) {
	y, x := a.shaped(0, o.N, o.C, o.P()*o.Q()), a.shaped(1, o.N, o.C, o.H*o.W)
	outputs(o.PoolShape, func(n, c, j, p, q int) {
		sum, in := 0.0, part(x, n, c)
		window(o.PoolShape, p, q, func(i int) { sum += float64(in[i]) })
		part(y, n, c)[j] = float32(sum / float64(o.R*o.R))
	})
}

func avgPoolBackward(o kernels.AvgPoolBackward, a args) {
	dy := a.shaped(1, o.N, o.C, o.P()*o.Q())
	sum := make([]float64, o.N*o.C*o.H*o.W)
	outputs(o.PoolShape, func(n, c, j, p, q int) {
		channel := sum[(n*o.C+c)*o.H*o.W:]
		share := float64(part(dy, n, c)[j]) / float64(o.R*o.R)
		window(o.PoolShape, p, q, func(i int) { channel[i] += share })
	})
	store(a.flat(0), sum)
}

// largest is the first maximum of a window and its pixel; of a window that lies
// outside the image it is -Inf, and there is no pixel.
func largest(o kernels.PoolShape, channel []float32, p, q int) (best float32, at int) {
	best, at = float32(math.Inf(-1)), -1
	window(o, p, q, func(i int) {
		if at < 0 || channel[i] > best {
			best, at = channel[i], i
		}
	})
	return best, at
}

func maxPool(o kernels.MaxPool, a args) {
	y, x := a.shaped(0, o.N, o.C, o.P()*o.Q()), a.shaped(1, o.N, o.C, o.H*o.W)
	outputs(o.PoolShape, func(n, c, j, p, q int) {
		part(y, n, c)[j], _ = largest(o.PoolShape, part(x, n, c), p, q)
	})
}

func maxPoolBackward(o kernels.MaxPoolBackward, a args) {
	dy, x := a.shaped(1, o.N, o.C, o.P()*o.Q()), a.shaped(2, o.N, o.C, o.H*o.W)
	sum := make([]float64, o.N*o.C*o.H*o.W)
	outputs(o.PoolShape, func(n, c, j, p, q int) {
		if _, at := largest(o.PoolShape, part(x, n, c), p, q); at >= 0 {
			sum[(n*o.C+c)*o.H*o.W+at] += float64(part(dy, n, c)[j])
		}
	})
	store(a.flat(0), sum)
}

func globalAvgPool(o kernels.GlobalAvgPool, a args) {
	y, x := a.flat(0), a.shaped(1, o.N*o.C, o.HW)
	for i := range y {
		y[i] = float32(mean(part(x, i)))
	}
}

func globalAvgPoolBackward(o kernels.GlobalAvgPoolBackward, a args) {
	dx := a.shaped(0, o.N*o.C, o.HW)
	for i, d := range a.flat(1) {
		to := part(dx, i)
		for j := range to {
			to[j] = float32(float64(d) / float64(o.HW))
		}
	}
}

func mean(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v)
	}
	return sum / float64(len(values))
}
