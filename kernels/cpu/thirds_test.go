package cpu_test

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// thirdsShapes gain by matrix tiles in float32: of one pass and of several, with columns that
// are straight, every other one, and in the padding; with remainders of outputs and columns.
var thirdsShapes = []kernels.Conv2D{
	{ConvShape: conv(1, 64, 24, 96, 1, 1, 0, 1), Bias: true, Residual: true, Relu: true},
	{ConvShape: conv(2, 128, 23, 190, 1, 1, 0, 1), Bias: true},
	{ConvShape: conv(1, 256, 44, 254, 1, 2, 0, 1), Residual: true},
	{ConvShape: conv(2, 96, 61, 126, 1, 2, 0, 1), Relu: true},
	{ConvShape: conv(1, 1024, 16, 160, 1, 1, 0, 1), Bias: true, Relu: true},
	{ConvShape: conv(1, 2112, 16, 96, 1, 1, 0, 1), Bias: true},
	{ConvShape: conv(1, 96, 33, 95, 3, 1, 2, 2), Bias: true, Relu: true},
	{ConvShape: conv(1, 160, 63, 96, 3, 3, 2, 2), Bias: true, Residual: true},
	{ConvShape: conv(1, 512, 16, 64, 3, 1, 18, 18), Bias: true},
}

// forEachThirds runs f on the machines with matrix tiles and the same without.
func forEachThirds(t *testing.T, f func(t *testing.T, d, plain *cpu.Device)) {
	twins := map[string]string{"cpu (tiles)": "wide", "cpu (avx512)": "vnni"}
	forEachTiles(t, func(t *testing.T, d *cpu.Device) { f(t, d, openAs(t, twins[d.Describe()])) })
}

// Float32 on matrix tiles has errors like those of plain sums of float32, and does not depend on the
// threads.
func TestThirds(t *testing.T) {
	for _, op := range thirdsShapes {
		want := runAt(t, ref.Open(), op, kernels.Float32, 1)
		forEachThirds(t, func(t *testing.T, d, plain *cpu.Device) {
			y, without := runAt(t, d, op, kernels.BF16x6, 1), runAt(t, plain, op, kernels.BF16x6, 1)
			assert.False(t, slices.Equal(without, y), "%+v is not on tiles", op)
			e, at := ops.RelativeError(y, want)
			assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", op, at)
			assert.LessOrEqual(t, rms(y, want), 1.25*rms(without, want), "%+v", op)
			assert.True(t, slices.Equal(y, runAt(t, d, op, kernels.BF16x6, 3)), "%+v depends on the threads", op)
		})
	}
}

// Numbers of any size keep what float32 keeps of them: products of large and of small ones, and
// numbers whose thirds round up. What is no number, or infinite, is not lost.
func TestThirdsOfAnyNumbers(t *testing.T) {
	op := kernels.Conv2D{ConvShape: conv(1, 64, 16, 64, 1, 1, 0, 1)}
	run := func(d kernels.Device, x, w float32) float32 {
		s, err := d.Load(programOf(op), kernels.Options{Threads: 1, Precision: kernels.BF16x6})
		require.NoError(t, err)
		defer s.Close()
		in := make([]float32, 64*16*16)
		weights := make([]float32, 64*64)
		for i := range 16 * 16 {
			in[5*16*16+i] = x
		}
		weights[64+5] = w // output channel 1
		require.NoError(t, s.Write(1, in))
		require.NoError(t, s.Write(2, weights))
		require.NoError(t, s.Run())
		y := make([]float32, 64*16*16)
		require.NoError(t, s.Read(0, y))
		return y[16*16+7]
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	allOnes := math.Float32frombits(0x7fffffff)
	forEachThirds(t, func(t *testing.T, d, _ *cpu.Device) {
		for _, x := range []float32{1, -1.9999999, 0.1, 3.1415927, 1.0039062, 1.9960938, 1e-20, 12345678, 3e18, -7e-17} {
			for _, w := range []float32{1, 0.33333334, -1.9999999, 1.0078124, 1e-15, 2.5e15} {
				want := float64(x) * float64(w)
				assert.InDelta(t, 1, float64(run(d, x, w))/want, 1.2e-7, "%v * %v", x, w)
			}
		}
		for _, x := range []float32{nan, -nan, allOnes, inf, -inf} {
			y := float64(run(d, x, 1))
			assert.True(t, math.IsNaN(y) || math.IsInf(y, 0), "%v gives %v", x, y)
		}
		assert.Zero(t, run(d, 0, 3))
	})
}

// Weights that the run writes are those of a training step, which has the same bits with and
// without matrix tiles.
func TestThirdsAreForInference(t *testing.T) {
	op := thirdsShapes[1]
	p := programOf(op)
	p.Calls = append([]kernels.Call{{Op: kernels.Fill{Len: p.Sizes[2], Value: 0.3}, Bufs: []kernels.Slot{2}}}, p.Calls...)
	forEachThirds(t, func(t *testing.T, d, plain *cpu.Device) {
		footprints := func(p *kernels.Program) (with, without kernels.Footprint) {
			with, err := d.Footprint(p, kernels.Options{Threads: 1, Precision: kernels.BF16x6})
			require.NoError(t, err)
			without, err = plain.Footprint(p, kernels.Options{Threads: 1, Precision: kernels.BF16x6})
			require.NoError(t, err)
			return with, without
		}
		with, without := footprints(p)
		assert.Equal(t, without, with)
		with, without = footprints(programOf(op))
		assert.NotEqual(t, without, with)
	})
}

// A convolution that does the call behind it as well is not on tiles.
func TestThirdsLeaveFollowers(t *testing.T) {
	conv := kernels.Conv2D{ConvShape: conv(1, 64, 24, 96, 1, 1, 0, 1), Bias: true}
	n := 96 * 24 * 24
	p := programOf(conv)
	other, out := kernels.Slot(len(p.Sizes)), kernels.Slot(len(p.Sizes)+1)
	p.Sizes = append(p.Sizes, n, 24*24)
	difference := kernels.SquaredDifference{N: 1, C: 96, HW: 24 * 24}
	p.Calls = append(p.Calls, kernels.Call{Op: difference, Bufs: []kernels.Slot{out, 0, other}})
	forEachThirds(t, func(t *testing.T, d, plain *cpu.Device) {
		with, err := d.Footprint(p, kernels.Options{Threads: 1, Precision: kernels.BF16x6})
		require.NoError(t, err)
		without, err := plain.Footprint(p, kernels.Options{Threads: 1, Precision: kernels.BF16x6})
		require.NoError(t, err)
		assert.Equal(t, without, with)
	})
}
