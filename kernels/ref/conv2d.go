package ref

import (
	"gorgonia.org/tensor"

	"aecsad/kernels"
)

// overlap calls f for every output row p whose input row h, under filter tap
// (r, s), is inside the image. Outputs q in [lo, hi) of that row meet the inputs
// w = q*Stride + w0; the others meet padding.
func overlap(o kernels.ConvShape, r, s int, f func(p, h, lo, hi, w0 int)) {
	w0 := s*o.Dilation - o.Pad
	lo, hi := 0, o.Q()
	for lo < hi && lo*o.Stride+w0 < 0 {
		lo++
	}
	for hi > lo && (hi-1)*o.Stride+w0 >= o.W {
		hi--
	}
	for p := 0; p < o.P(); p++ {
		if h := p*o.Stride - o.Pad + r*o.Dilation; h >= 0 && h < o.H {
			f(p, h, lo, hi, w0)
		}
	}
}

// taps calls f for every input channel and filter position.
func taps(o kernels.ConvShape, f func(c, r, s int)) {
	for c := 0; c < o.C; c++ {
		for r := 0; r < o.R; r++ {
			for s := 0; s < o.S; s++ {
				f(c, r, s)
			}
		}
	}
}

func conv2d(o kernels.Conv2D, a args) {
	p, q := o.P(), o.Q()
	y := a.shaped(0, o.N, o.K, p*q)
	x := a.shaped(1, o.N, o.C, o.H*o.W)
	w := a.shaped(2, o.K, o.C, o.R, o.S)
	var bias []float32
	var residual *tensor.Dense
	if o.Bias {
		bias = a.flat(3)
	}
	if o.Residual {
		residual = a.shaped(len(a)-1, o.N, o.K, p*q)
	}
	sum := make([]float64, p*q)
	for n := 0; n < o.N; n++ {
		image := widened(part(x, n))
		for k := 0; k < o.K; k++ {
			clear(sum)
			taps(o.ConvShape, func(c, r, s int) {
				correlate(o.ConvShape, sum, image[c*o.H*o.W:], float64(part(w, k, c, r)[s]), r, s)
			})
			if o.Bias {
				for i := range sum {
					sum[i] += float64(bias[k])
				}
			}
			if o.Residual {
				for i, v := range part(residual, n, k) {
					sum[i] += float64(v)
				}
			}
			if o.Relu {
				for i := range sum {
					sum[i] = max(sum[i], 0)
				}
			}
			store(part(y, n, k), sum)
		}
	}
}

// correlate adds one tap: sum[p,q] += weight * channel[h,w].
func correlate(o kernels.ConvShape, sum, channel []float64, weight float64, r, s int) {
	overlap(o, r, s, func(p, h, lo, hi, w0 int) {
		out, in := sum[p*o.Q():], channel[h*o.W:]
		for q := lo; q < hi; q++ {
			out[q] += weight * in[q*o.Stride+w0]
		}
	})
}

// dx[n,c,h,w] = sum over k and the taps that meet (h,w) of w[k,c,r,s] * dy[n,k,p,q].
func conv2dBackwardData(o kernels.Conv2DBackwardData, a args) {
	q := o.Q()
	dx := a.shaped(0, o.N, o.C, o.H*o.W)
	dy := a.shaped(1, o.N, o.K, o.P()*q)
	w := a.shaped(2, o.K, o.C, o.R, o.S)
	for n := 0; n < o.N; n++ {
		sum := make([]float64, o.C*o.H*o.W)
		for k := 0; k < o.K; k++ {
			channel := widened(part(dy, n, k))
			taps(o.ConvShape, func(c, r, s int) {
				weight := float64(part(w, k, c, r)[s])
				overlap(o.ConvShape, r, s, func(p, h, lo, hi, w0 int) {
					in, out := sum[(c*o.H+h)*o.W:], channel[p*q:]
					for q := lo; q < hi; q++ {
						in[q*o.Stride+w0] += weight * out[q]
					}
				})
			})
		}
		store(part(dx, n), sum)
	}
}

// dw[k,c,r,s] = sum over n,p,q of dy[n,k,p,q] * x[n,c,h,w].
func conv2dBackwardFilter(o kernels.Conv2DBackwardFilter, a args) {
	q := o.Q()
	dy := a.shaped(1, o.N, o.K, o.P()*q)
	x := a.shaped(2, o.N, o.C, o.H*o.W)
	sum := make([]float64, o.K*o.C*o.R*o.S)
	for n := 0; n < o.N; n++ {
		image := widened(part(x, n))
		for k := 0; k < o.K; k++ {
			channel := widened(part(dy, n, k))
			taps(o.ConvShape, func(c, r, s int) {
				dot := 0.0
				overlap(o.ConvShape, r, s, func(p, h, lo, hi, w0 int) {
					in, out, row := image[(c*o.H+h)*o.W:], channel[p*q:], 0.0
					for q := lo; q < hi; q++ {
						row += out[q] * in[q*o.Stride+w0]
					}
					dot += row
				})
				sum[((k*o.C+c)*o.R+r)*o.S+s] += dot
			})
		}
	}
	store(a.flat(0), sum)
}

func channelSum(o kernels.ChannelSum, a args) {
	y, x := a.flat(0), a.shaped(1, o.N, o.C, o.HW)
	for c := range y {
		sum := 0.0
		for n := 0; n < o.N; n++ {
			for _, v := range part(x, n, c) {
				sum += float64(v)
			}
		}
		y[c] = float32(sum)
	}
}
