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

// upsampledProgram resizes slot 0 to 4, joins it with slot 1 to 5, before or behind it, and
// convolves that to 6. Nobody sees 4 and 5 if they are hidden.
func upsampledProgram(o kernels.Conv2D, small, side int, behind, hidden bool) *kernels.Program {
	resize := kernels.Resize{N: o.N, C: small, H: side, W: side, P: o.H, Q: o.W}
	concat := kernels.Concat{N: o.N, HW: o.H * o.W, C: [kernels.MaxConcat]int{small, o.C - small}}
	p := &kernels.Program{
		Calls: []kernels.Call{
			{Op: resize, Bufs: []kernels.Slot{4, 0}},
			{Op: concat, Bufs: []kernels.Slot{5, 4, 1}},
			{Op: o, Bufs: []kernels.Slot{6, 5, 2, 3}},
		},
		Sizes: []int{
			o.N * small * side * side, o.N * (o.C - small) * o.H * o.W, o.K * o.C * o.R * o.S, o.K,
			o.N * small * o.H * o.W, o.N * o.C * o.H * o.W, o.N * o.K * o.P() * o.Q(),
		},
	}
	if behind {
		concat.C[0], concat.C[1] = concat.C[1], concat.C[0]
		p.Calls[1] = kernels.Call{Op: concat, Bufs: []kernels.Slot{5, 1, 4}}
	}
	if hidden {
		p.Passing = []kernels.Slot{4, 5}
	}
	return p
}

// runRanged writes noise to the first slots, runs, and returns two other slots, the second of
// the last call, and what convolution i saw.
func runRanged(t *testing.T, d kernels.Device, p *kernels.Program, threads int, noisy, one, last kernels.Slot, i int) (a, y []float32, seen kernels.Range) {
	s, err := d.Load(p, kernels.Options{Threads: threads})
	require.NoError(t, err)
	defer s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	for slot := range noisy {
		require.NoError(t, s.Write(slot, noise(r, p.Sizes[slot])))
	}
	require.NoError(t, s.Run())
	out, _ := p.Calls[len(p.Calls)-1].Op.Buffers()
	a, y = make([]float32, p.Sizes[one]), make([]float32, out[0])
	require.NoError(t, s.Read(one, a))
	require.NoError(t, s.Read(last, y))
	if ranger, ok := s.(kernels.Ranger); ok {
		again := make([]float32, len(y))
		all, err := ranger.Ranges()
		require.NoError(t, err)
		require.NoError(t, s.Read(last, again))
		assert.Equal(t, y, again, "ranges are of a run")
		seen = all[i]
	}
	return a, y, seen
}

// runUpsampled returns the slot of the Concat, the convolution, and what it saw.
func runUpsampled(t *testing.T, d kernels.Device, p *kernels.Program, threads int) (joined, y []float32, seen kernels.Range) {
	return runRanged(t, d, p, threads, 4, 5, 6, 2)
}

// Resize, Concat and convolution at once give what the three calls give.
func TestUpsampledConvolution(t *testing.T) {
	with := func(s kernels.ConvShape) kernels.Conv2D { return kernels.Conv2D{ConvShape: s, Bias: true, Relu: true} }
	for _, k := range []struct {
		op          kernels.Conv2D
		small, side int
		once        bool
	}{
		{with(conv(2, 50, 64, 32, 3, 1, 1, 1)), 40, 16, true},
		{with(conv(1, 70, 61, 40, 3, 1, 1, 1)), 64, 13, true},
		{with(conv(1, 70, 61, 40, 4, 1, 2, 1)), 64, 9, true},
		{with(conv(1, 70, 61, 40, 3, 1, 0, 1)), 64, 13, true},
		{with(conv(1, 80, 60, 32, 3, 1, 1, 1)), 10, 30, false},
		{with(conv(1, 70, 61, 41, 3, 1, 1, 1)), 64, 13, false},
		{with(conv(1, 70, 61, 40, 3, 2, 1, 1)), 64, 13, false},
	} {
		for _, behind := range []bool{false, true} {
			whole, want, _ := runUpsampled(t, ref.Open(), upsampledProgram(k.op, k.small, k.side, behind, false), 1)
			expected := kernels.Range{Low: slices.Min(whole), High: slices.Max(whole)}
			forEachISA(t, func(t *testing.T, d *cpu.Device) {
				joined, y, seen := runUpsampled(t, d, upsampledProgram(k.op, k.small, k.side, behind, false), 1)
				e, at := ops.RelativeError(y, want)
				assert.LessOrEqual(t, e, ops.Bound, "%+v at %d is seen", k.op, at)
				assert.InDelta(t, expected.High, seen.High, 1e-5)
				e, _ = ops.RelativeError(joined, whole)
				assert.LessOrEqual(t, e, ops.Bound)

				hidden := upsampledProgram(k.op, k.small, k.side, behind, true)
				joined, y, seen = runUpsampled(t, d, hidden, 1)
				e, at = ops.RelativeError(y, want)
				assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", k.op, at)
				assert.InDelta(t, expected.Low, seen.Low, 1e-5)
				assert.InDelta(t, expected.High, seen.High, 1e-5)
				e, _ = ops.RelativeError(joined, whole)
				assert.Equal(t, k.once, e > 0.01, "%+v at once", k.op)
				_, again, _ := runUpsampled(t, d, hidden, 3)
				assert.Equal(t, y, again, "%+v depends on the threads", k.op)
			})
		}
	}
}

// The output may stand where the products did, but not on the other channels.
func TestUpsampledConvolutionElsewhere(t *testing.T) {
	op := kernels.Conv2D{ConvShape: conv(1, 50, 64, 32, 3, 1, 1, 1), Bias: true}
	_, want, _ := runUpsampled(t, open(t), upsampledProgram(op, 40, 16, false, false), 1)
	for _, y := range []kernels.Slot{1, 4} {
		p := upsampledProgram(op, 40, 16, false, true)
		p.Calls[2].Bufs[0] = y
		p.Sizes[1], p.Sizes[4] = max(p.Sizes[1], p.Sizes[6]), max(p.Sizes[4], p.Sizes[6])
		s, err := open(t).Load(p, kernels.Options{Threads: 2})
		require.NoError(t, err)
		defer s.Close()
		r := rand.New(rand.NewPCG(3, 4))
		for slot, n := range []int{p.Sizes[0], 10 * 64 * 64, p.Sizes[2], p.Sizes[3]} {
			require.NoError(t, s.Write(kernels.Slot(slot), noise(r, n)))
		}
		require.NoError(t, s.Run())
		got := make([]float32, len(want))
		require.NoError(t, s.Read(y, got))
		e, at := ops.RelativeError(got, want)
		assert.LessOrEqual(t, e, ops.Bound, "slot %d, at %d", y, at)
	}
}
