package cpu_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// resizedProgram resizes slot 0 to 3, convolves that to 4 and, if asked to, pools that to 5.
func resizedProgram(o kernels.Conv2D, h, w int, pooled, hidden bool) *kernels.Program {
	resize := kernels.Resize{N: o.N, C: o.C, H: h, W: w, P: o.H, Q: o.W}
	out := o.N * o.K * o.P() * o.Q()
	p := &kernels.Program{
		Calls: []kernels.Call{
			{Op: resize, Bufs: []kernels.Slot{3, 0}},
			{Op: o, Bufs: []kernels.Slot{4, 3, 1, 2}},
		},
		Sizes: []int{o.N * o.C * h * w, o.K * o.C * o.R * o.S, o.K, o.N * o.C * o.H * o.W, out, out},
	}
	if pooled {
		pool := kernels.AvgPool{PoolShape: kernels.PoolShape{N: o.N, C: o.K, H: o.P(), W: o.Q(), R: 2, Stride: 2}}
		p.Calls = append(p.Calls, kernels.Call{Op: pool, Bufs: []kernels.Slot{5, 4}})
	}
	if hidden {
		p.Passing = []kernels.Slot{3, 4}
		if !pooled {
			p.Passing = []kernels.Slot{3}
		}
	}
	return p
}

// runResized returns the resized slot, the last one, and what the convolution saw.
func runResized(t *testing.T, d kernels.Device, p *kernels.Program, threads int) (large, y []float32, seen kernels.Range) {
	return runRanged(t, d, p, threads, 3, 3, p.Calls[len(p.Calls)-1].Bufs[0], 1)
}

// Resize and convolution at once, and the pooling behind them, give what the calls give.
func TestResizedConvolution(t *testing.T) {
	with := func(s kernels.ConvShape) kernels.Conv2D { return kernels.Conv2D{ConvShape: s, Bias: true, Relu: true} }
	for _, k := range []struct {
		op   kernels.Conv2D
		h, w int
		once bool
	}{
		{with(conv(1, 64, 127, 32, 4, 1, 2, 1)), 63, 63, true},
		{with(conv(2, 37, 61, 33, 4, 1, 2, 1)), 16, 61, true},
		{with(conv(1, 40, 63, 32, 3, 1, 1, 1)), 20, 9, true},
		{with(conv(1, 40, 32, 40, 3, 1, 0, 1)), 32, 31, true},
		{with(conv(1, 64, 64, 64, 3, 2, 1, 1)), 31, 33, true},
		{with(conv(1, 64, 9, 64, 4, 1, 2, 1)), 1, 8, true},
		{with(conv(1, 64, 40, 32, 3, 1, 1, 1)), 50, 40, false},
		{with(conv(1, 64, 40, 32, 1, 1, 0, 1)), 20, 20, false},
	} {
		for _, pooled := range []bool{false, true} {
			whole, want, _ := runResized(t, ref.Open(), resizedProgram(k.op, k.h, k.w, pooled, false), 1)
			expected := kernels.Range{Low: slices.Min(whole), High: slices.Max(whole)}
			forEachISA(t, func(t *testing.T, d *cpu.Device) {
				large, y, seen := runResized(t, d, resizedProgram(k.op, k.h, k.w, pooled, false), 1)
				e, at := ops.RelativeError(y, want)
				assert.LessOrEqual(t, e, ops.Bound, "%+v at %d is seen", k.op, at)
				e, at = ops.RelativeError(large, whole)
				assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", k.op, at)
				assert.InDelta(t, expected.High, seen.High, 1e-5)

				hidden := resizedProgram(k.op, k.h, k.w, pooled, true)
				large, again, seen := runResized(t, d, hidden, 1)
				e, at = ops.RelativeError(again, want)
				assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", k.op, at)
				assert.InDelta(t, expected.Low, seen.Low, 1e-5)
				assert.Equal(t, k.once, slices.Max(large) == slices.Min(large), "%+v is in memory", k.op)
				_, threads, _ := runResized(t, d, hidden, 3)
				assert.Equal(t, again, threads, "%+v depends on the threads", k.op)
			})
		}
	}
}

// A convolution that writes over what is still to be resized waits until that is done.
func TestResizedConvolutionOverItsInput(t *testing.T) {
	op := kernels.Conv2D{ConvShape: conv(1, 32, 40, 32, 3, 1, 1, 1), Bias: true}
	p := resizedProgram(op, 20, 20, false, true)
	p.Sizes[0] = p.Sizes[4]
	p.Calls[1].Bufs[0] = 0
	want, _ := runOnNoise(t, ref.Open(), p, 1, 3, 0, 3)
	forEachISA(t, func(t *testing.T, d *cpu.Device) {
		y, _ := runOnNoise(t, d, p, 1, 3, 0, 3)
		e, at := ops.RelativeError(y, want)
		assert.LessOrEqual(t, e, ops.Bound, "at %d", at)
	})
}
