package ops

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

// direct is the formula of Conv2D, read literally.
func direct(o kernels.ConvShape, x, w []float32) []float32 {
	var y []float32
	for n := 0; n < o.N; n++ {
		for k := 0; k < o.K; k++ {
			for p := 0; p < o.P(); p++ {
				for q := 0; q < o.Q(); q++ {
					sum := 0.0
					for c := 0; c < o.C; c++ {
						for r := 0; r < o.R; r++ {
							for s := 0; s < o.S; s++ {
								h, v := p*o.Stride-o.Pad+r*o.Dilation, q*o.Stride-o.Pad+s*o.Dilation
								if h >= 0 && h < o.H && v >= 0 && v < o.W {
									sum += float64(x[((n*o.C+c)*o.H+h)*o.W+v]) * float64(w[((k*o.C+c)*o.R+r)*o.S+s])
								}
							}
						}
					}
					y = append(y, float32(sum))
				}
			}
		}
	}
	return y
}

func TestConvolutionIsItsFormula(t *testing.T) {
	for _, s := range convShapes {
		r := seeded()
		x, w := signed()(r, s.N*s.C*s.H*s.W), signed()(r, s.K*s.C*s.R*s.S)
		e, _ := RelativeError(run(t, kernels.Conv2D{ConvShape: s}, x, w)[0], direct(s, x, w))
		assert.LessOrEqual(t, e, 1e-7, "%+v", s)
	}
}

func TestConvolutionByHand(t *testing.T) {
	s := kernels.ConvShape{N: 1, C: 1, H: 2, W: 3, K: 1, R: 2, S: 2, Stride: 1, Dilation: 1}
	x, w := []float32{1, 2, 3, 4, 5, 6}, []float32{1, 10, 100, 1000}
	assert.Equal(t, []float32{5421, 6532}, run(t, kernels.Conv2D{ConvShape: s}, x, w)[0])
	followed := kernels.Conv2D{ConvShape: s, Bias: true, Residual: true, Relu: true}
	assert.Equal(t, []float32{0, 32}, run(t, followed, x, w, []float32{-6000}, []float32{100, -500})[0])
	assert.Equal(t, []float32{1, 12, 20, 100, 1200, 2000},
		run(t, kernels.Conv2DBackwardData{ConvShape: s}, []float32{1, 2}, w)[0])
	assert.Equal(t, []float32{5, 8, 14, 17}, run(t, kernels.Conv2DBackwardFilter{ConvShape: s}, []float32{1, 2}, x)[0])
}

func TestConvolutionGradients(t *testing.T) {
	for _, s := range []kernels.ConvShape{
		{N: 2, C: 2, H: 4, W: 5, K: 3, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
		{N: 1, C: 2, H: 7, W: 6, K: 2, R: 3, S: 2, Stride: 2, Pad: 2, Dilation: 2},
		{N: 1, C: 3, H: 5, W: 5, K: 2, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},
		{N: 2, C: 3, H: 4, W: 3, K: 2, R: 1, S: 1, Stride: 1, Dilation: 1},
	} {
		r, forward := seeded(), kernels.Conv2D{ConvShape: s}
		out, in := forward.Buffers()
		x, w, dy := steps(r, in[0], -1, 1), steps(r, in[1], -1, 1), steps(r, out[0], -1, 1)
		checkGradient(t, "dx", run(t, kernels.Conv2DBackwardData{ConvShape: s}, dy, w)[0], x,
			func(x []float32) float64 { return dot(dy, run(t, forward, x, w)[0]) })
		checkGradient(t, "dw", run(t, kernels.Conv2DBackwardFilter{ConvShape: s}, dy, x)[0], w,
			func(w []float32) float64 { return dot(dy, run(t, forward, x, w)[0]) })
		biased := kernels.Conv2D{ConvShape: s, Bias: true}
		checkGradient(t, "db", run(t, kernels.ChannelSum{N: s.N, C: s.K, HW: s.P() * s.Q()}, dy)[0], steps(r, s.K, -1, 1),
			func(b []float32) float64 { return dot(dy, run(t, biased, x, w, b)[0]) })
	}
}
