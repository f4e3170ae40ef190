package cpu_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// winogradShapes are worth Winograd's method, with tiles that do not divide the
// image, several groups of tiles, parts of the output channels and passes over
// the input channels; two take the smaller tiles, and the last have stride 2.
var winogradShapes = []kernels.ConvShape{
	{N: 3, C: 40, H: 18, W: 21, K: 43, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 2, C: 300, H: 13, W: 12, K: 70, R: 3, S: 3, Stride: 1, Pad: 0, Dilation: 1},
	{N: 1, C: 33, H: 55, W: 50, K: 36, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},
	{N: 2, C: 48, H: 20, W: 17, K: 150, R: 4, S: 4, Stride: 1, Pad: 2, Dilation: 1},
	{N: 1, C: 32, H: 6, W: 420, K: 32, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 2, C: 70, H: 8, W: 8, K: 100, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 2, C: 70, H: 8, W: 8, K: 100, R: 4, S: 4, Stride: 1, Pad: 2, Dilation: 1},
	{N: 2, C: 140, H: 32, W: 40, K: 150, R: 3, S: 3, Stride: 2, Pad: 1, Dilation: 1},
	{N: 1, C: 50, H: 61, W: 55, K: 70, R: 4, S: 4, Stride: 2, Pad: 2, Dilation: 1},
}

// splitShapes make a convolution take several input channel blocks, output
// channel blocks, bands, images per task, or packed columns, with a remainder.
var splitShapes = []kernels.ConvShape{
	{N: 3, C: 70, H: 17, W: 19, K: 75, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 2, C: 700, H: 11, W: 9, K: 33, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 2, C: 9, H: 35, W: 130, K: 20, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},
	{N: 1, C: 50, H: 41, W: 37, K: 24, R: 3, S: 3, Stride: 2, Pad: 1, Dilation: 1},
	{N: 5, C: 64, H: 4, W: 4, K: 66, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 1, C: 60, H: 16, W: 16, K: 16, R: 3, S: 3, Stride: 1, Pad: 12, Dilation: 12},
	{N: 2, C: 3, H: 9, W: 9, K: 4, R: 32, S: 32, Stride: 1, Pad: 12, Dilation: 1},
}

// strassenShapes are worth Strassen's method: halves of which one lacks vectors and lanes,
// channels and outputs that are no powers of two, several strips, and with stride 2.
var strassenShapes = []kernels.ConvShape{
	{N: 3, C: 130, H: 15, W: 13, K: 160, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 1, C: 1024, H: 21, W: 23, K: 128, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 1, C: 258, H: 15, W: 15, K: 272, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 1, C: 256, H: 32, W: 64, K: 256, R: 1, S: 1, Stride: 2, Dilation: 1},
	{N: 2, C: 142, H: 23, W: 31, K: 128, R: 1, S: 1, Stride: 2, Dilation: 1},
}

// shallowShapes have few input channels and enough outputs: four and three taps across,
// those of stride 2 in all combinations, several bands, and rows that tiles do not divide.
var shallowShapes = []kernels.ConvShape{
	{N: 2, C: 3, H: 61, W: 70, K: 48, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},
	{N: 1, C: 4, H: 90, W: 77, K: 64, R: 7, S: 7, Stride: 2, Pad: 3, Dilation: 1},
	{N: 3, C: 1, H: 33, W: 50, K: 32, R: 2, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 1, C: 2, H: 64, W: 61, K: 32, R: 8, S: 8, Stride: 2, Pad: 2, Dilation: 1},
	{N: 1, C: 3, H: 40, W: 55, K: 32, R: 6, S: 6, Stride: 2, Pad: 0, Dilation: 1},
}

// slidingShapes have few channels or outputs, so that a view of the input pays:
// several bands, strides, dilation, and rows that vectors do not divide.
var slidingShapes = []kernels.ConvShape{
	{N: 2, C: 3, H: 61, W: 70, K: 17, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},
	{N: 2, C: 3, H: 90, W: 77, K: 64, R: 7, S: 7, Stride: 2, Pad: 3, Dilation: 1},
	{N: 1, C: 8, H: 30, W: 64, K: 8, R: 4, S: 4, Stride: 2, Pad: 1, Dilation: 1},
	{N: 1, C: 6, H: 20, W: 33, K: 5, R: 3, S: 3, Stride: 3, Pad: 2, Dilation: 2},
	{N: 1, C: 64, H: 33, W: 40, K: 4, R: 3, S: 4, Stride: 1, Pad: 1, Dilation: 1},
}

// runOp runs an instruction once on noise and returns its outputs.
func runOp(t *testing.T, d kernels.Device, op kernels.Op, threads int) [][]float32 {
	s := load(t, d, threads, op)
	out, in := op.Buffers()
	r := rand.New(rand.NewPCG(1, 2))
	for i, n := range append(append([]int{}, out...), in...) {
		values := make([]float32, n)
		for j := range values {
			values[j] = r.Float32()*2 - 1
		}
		require.NoError(t, s.Write(kernels.Slot(i), values))
	}
	require.NoError(t, s.Run())
	var results [][]float32
	for i, n := range out {
		results = append(results, make([]float32, n))
		require.NoError(t, s.Read(kernels.Slot(i), results[i]))
	}
	return results
}

// vectorShapes have one place, with panels, passes and vectors that are not whole.
var vectorShapes = []kernels.ConvShape{
	{N: 3, C: 1031, H: 1, W: 1, K: 43, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 1, C: 7, H: 1, W: 1, K: 3, R: 1, S: 1, Stride: 1, Dilation: 1},
}

func TestConvolutionInParts(t *testing.T) {
	var all []kernels.Op
	for _, s := range slices.Concat(splitShapes, winogradShapes, strassenShapes, shallowShapes, slidingShapes, vectorShapes) {
		all = append(all, kernels.Conv2D{ConvShape: s, Bias: true, Residual: true, Relu: true},
			kernels.Conv2DBackwardData{ConvShape: s}, kernels.Conv2DBackwardFilter{ConvShape: s})
	}
	want := map[kernels.Op][]float32{}
	for _, op := range all {
		want[op] = runOp(t, ref.Open(), op, 1)[0]
	}
	forEachISA(t, func(t *testing.T, d *cpu.Device) {
		for _, op := range all {
			one := runOp(t, d, op, 1)[0]
			e, at := ops.RelativeError(one, want[op])
			assert.LessOrEqual(t, e, ops.Bound, "%s%+v at %d", kernels.Name(op), op, at)
			assert.Equal(t, one, runOp(t, d, op, 3)[0], "%s%+v depends on the threads", kernels.Name(op), op)
		}
	})
}

// Weights that begin with zeros are left out where they are panels of a 1x1 convolution,
// in one and two passes or in place of Strassen's sums, or of a phase of a gradient, whose
// rows are the input channels.
func TestLeadingZeros(t *testing.T) {
	one := kernels.ConvShape{N: 2, C: 70, H: 11, W: 9, K: 90, R: 1, S: 1, Stride: 1, Dilation: 1}
	two, phase, sums := one, one, one
	two.C, two.K = 700, 33
	sums.C, sums.H, sums.W, sums.K = 260, 14, 14, 256
	phase.R, phase.S, phase.Stride, phase.Pad = 3, 3, 2, 1
	for _, s := range []kernels.ConvShape{one, two, phase, sums} {
		w := noise(rand.New(rand.NewPCG(7, 8)), s.K*s.C*s.R*s.S)
		leadingZeros(w, s.K, s.C*s.R*s.S)
		hasLeadingZeros(t, kernels.Conv2D{ConvShape: s, Bias: true, Residual: true, Relu: true}, w)
		for i := range w {
			k, c, tap := i/(s.R*s.S)/s.C, i/(s.R*s.S)%s.C, i%(s.R*s.S)
			if 3*k*s.C < 4*c*s.K || s.R > 1 && tap == 0 { // no phase has the first tap alone
				w[i] = 0
			}
		}
		hasLeadingZeros(t, kernels.Conv2DBackwardData{ConvShape: s}, w)
	}
}

func hasLeadingZeros(t *testing.T, op kernels.Op, w []float32) {
	run := func(d kernels.Device, threads int) []float32 {
		s := load(t, d, threads, op)
		out, in := op.Buffers()
		r := rand.New(rand.NewPCG(9, 10))
		for i, n := range in {
			require.NoError(t, s.Write(kernels.Slot(len(out)+i), noise(r, n)))
		}
		require.NoError(t, s.Write(kernels.Slot(len(out)+1), w))
		require.NoError(t, s.Run())
		y := make([]float32, out[0])
		require.NoError(t, s.Read(0, y))
		return y
	}
	want := run(ref.Open(), 1)
	forEachISA(t, func(t *testing.T, d *cpu.Device) {
		got := run(d, 1)
		e, at := ops.RelativeError(got, want)
		assert.LessOrEqual(t, e, ops.Bound, "%s%+v at %d", kernels.Name(op), op, at)
		assert.Equal(t, got, run(d, 3), "%s%+v depends on the threads", kernels.Name(op), op)
	})
}

// Of large convolutions the relative RMS error is at most 1e-5; the largest of many errors
// may be more.
func TestConvolutionsAreAccurate(t *testing.T) {
	for _, s := range []kernels.ConvShape{
		{N: 1, C: 70, H: 46, W: 61, K: 100, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
		{N: 1, C: 256, H: 20, W: 22, K: 64, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},
		{N: 1, C: 256, H: 32, W: 30, K: 64, R: 3, S: 3, Stride: 2, Pad: 1, Dilation: 1},
		{N: 1, C: 600, H: 24, W: 24, K: 80, R: 1, S: 1, Stride: 1, Dilation: 1},
		{N: 1, C: 1024, H: 24, W: 24, K: 256, R: 1, S: 1, Stride: 1, Dilation: 1},
	} {
		for _, op := range []kernels.Op{kernels.Conv2D{ConvShape: s}, kernels.Conv2DBackwardData{ConvShape: s}} {
			want := runOp(t, ref.Open(), op, 1)[0]
			forEachISA(t, func(t *testing.T, d *cpu.Device) {
				assert.LessOrEqual(t, rms(runOp(t, d, op, 2)[0], want), 1e-5, "%s%+v", kernels.Name(op), op)
			})
		}
	}
}
