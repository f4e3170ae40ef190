package cpu_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// pooledProgram convolves slot 0 into 3 and pools that into 4. Where it ends with a scale
// of slot 4 into 3, nobody sees the convolution itself.
func pooledProgram(c kernels.ConvShape, r, pad int, hidden bool) *kernels.Program {
	op := kernels.Conv2D{ConvShape: c, Bias: true, Relu: true}
	pool := kernels.AvgPool{PoolShape: kernels.PoolShape{N: c.N, C: c.K, H: c.P(), W: c.Q(), R: r, Stride: r, Pad: pad}}
	out, _ := pool.Buffers()
	_, in := op.Buffers()
	p := &kernels.Program{
		Calls: []kernels.Call{
			{Op: op, Bufs: []kernels.Slot{3, 0, 1, 2}},
			{Op: pool, Bufs: []kernels.Slot{4, 3}},
		},
		Sizes: append(append([]int{}, in...), c.N*c.K*c.P()*c.Q(), out[0]),
	}
	if hidden {
		p.Calls = append(p.Calls, kernels.Call{Op: kernels.Scale{Len: out[0], Factor: 2}, Bufs: []kernels.Slot{3, 4}})
	}
	return p
}

// runOnNoise writes noise to the first slots, runs and returns two other slots.
func runOnNoise(t *testing.T, d kernels.Device, p *kernels.Program, threads int, noisy, one, other kernels.Slot) (a, b []float32) {
	s, err := d.Load(p, kernels.Options{Threads: threads})
	require.NoError(t, err)
	defer s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	for slot := range noisy {
		values := make([]float32, p.Sizes[slot])
		for i := range values {
			values[i] = r.Float32()*2 - 1
		}
		require.NoError(t, s.Write(slot, values))
	}
	require.NoError(t, s.Run())
	a, b = make([]float32, p.Sizes[one]), make([]float32, p.Sizes[other])
	require.NoError(t, s.Read(one, a))
	require.NoError(t, s.Read(other, b))
	return a, b
}

// runPooled returns the pooled slot and the one behind it after a run on noise.
func runPooled(t *testing.T, d kernels.Device, p *kernels.Program, threads int) (pooled, behind []float32) {
	return runOnNoise(t, d, p, threads, 3, 4, 3)
}

// A convolution that is pooled at once gives what the two calls give.
func TestPooledConvolution(t *testing.T) {
	for _, k := range []struct {
		shape  kernels.ConvShape
		r, pad int
	}{
		{conv(2, 3, 61, 70, 4, 1, 3, 1), 2, 1},
		{conv(1, 3, 50, 40, 4, 1, 3, 1), 3, 0},
		{conv(1, 4, 33, 20, 5, 2, 2, 1), 2, 0},
		{conv(2, 20, 40, 70, 4, 1, 3, 1), 2, 1},
		{conv(2, 3, 61, 64, 4, 1, 3, 1), 2, 1},
		{conv(1, 3, 60, 32, 4, 1, 3, 1), 2, 0},
		{conv(1, 4, 57, 32, 7, 2, 3, 1), 2, 1},
		{conv(1, 64, 130, 40, 4, 1, 3, 1), 2, 1},
		{conv(1, 33, 49, 40, 3, 1, 1, 1), 2, 0},
		{conv(1, 33, 50, 18, 3, 1, 1, 1), 2, 1},
	} {
		want, whole := runPooled(t, ref.Open(), pooledProgram(k.shape, k.r, k.pad, false), 1)
		forEachISA(t, func(t *testing.T, d *cpu.Device) {
			seen, behind := runPooled(t, d, pooledProgram(k.shape, k.r, k.pad, false), 1)
			e, at := ops.RelativeError(behind, whole)
			assert.LessOrEqual(t, e, ops.Bound, "%+v at %d is seen", k.shape, at)
			hidden, twice := runPooled(t, d, pooledProgram(k.shape, k.r, k.pad, true), 1)
			e, at = ops.RelativeError(hidden, want)
			assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", k.shape, at)
			e, at = ops.RelativeError(hidden, seen)
			assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", k.shape, at)
			assert.Equal(t, 2*hidden[5], twice[5])
			again, _ := runPooled(t, d, pooledProgram(k.shape, k.r, k.pad, true), 3)
			assert.Equal(t, hidden, again, "%+v depends on the threads", k.shape)
		})
	}
}

// comparedProgram convolves slot 0 into 3, and compares that with slot 4, or slot 4 with
// that, into 5. Nobody sees the convolution if it is hidden.
func comparedProgram(op kernels.Conv2D, swapped, hidden bool) *kernels.Program {
	d := kernels.SquaredDifference{N: op.N, C: op.K, HW: op.P() * op.Q()}
	out, _ := d.Buffers()
	_, in := op.Buffers()
	n := op.N * op.K * op.P() * op.Q()
	p := &kernels.Program{
		Calls: []kernels.Call{
			{Op: op, Bufs: []kernels.Slot{3, 0, 1, 2}[:3+len(in)-2]},
			{Op: d, Bufs: []kernels.Slot{5, 3, 4}},
		},
		Sizes: []int{in[0], in[1], op.K, n, n, out[0]},
	}
	if swapped {
		p.Calls[1].Bufs = []kernels.Slot{5, 4, 3}
	}
	if hidden {
		p.Passing = []kernels.Slot{3}
	}
	return p
}

// A convolution that is compared at once gives what the two calls give, and its slot is
// not written.
func TestComparedConvolution(t *testing.T) {
	for _, k := range []struct {
		op   kernels.Conv2D
		once bool
	}{
		{kernels.Conv2D{ConvShape: conv(2, 40, 21, 70, 1, 1, 0, 1), Bias: true}, true},
		{kernels.Conv2D{ConvShape: conv(1, 300, 13, 33, 1, 1, 0, 1)}, true},
		{kernels.Conv2D{ConvShape: conv(3, 64, 64, 128, 1, 1, 0, 1), Bias: true}, true},
		{kernels.Conv2D{ConvShape: conv(1, 260, 14, 256, 1, 1, 0, 1), Bias: true}, true},
		{kernels.Conv2D{ConvShape: conv(1, 600, 13, 33, 1, 1, 0, 1), Bias: true}, false},
		{kernels.Conv2D{ConvShape: conv(1, 64, 13, 33, 1, 1, 0, 1), Bias: true, Relu: true}, false},
		{kernels.Conv2D{ConvShape: conv(1, 64, 13, 33, 3, 1, 1, 1), Bias: true}, false},
	} {
		for _, swapped := range []bool{false, true} {
			run := func(d kernels.Device, threads int, hidden bool) (y, compared []float32) {
				return runCompared(t, d, comparedProgram(k.op, swapped, hidden), threads)
			}
			_, want := run(ref.Open(), 1, false)
			forEachISA(t, func(t *testing.T, d *cpu.Device) {
				y, seen := run(d, 1, false)
				assert.NotZero(t, y[0], "%+v is seen", k.op)
				y, got := run(d, 1, true)
				assert.Equal(t, k.once, y[0] == 0, "%+v at once", k.op)
				e, at := ops.RelativeError(got, want)
				assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", k.op, at)
				e, at = ops.RelativeError(got, seen)
				assert.LessOrEqual(t, e, 1e-6, "%+v at %d", k.op, at)
				_, again := run(d, 3, true)
				assert.Equal(t, got, again, "%+v depends on the threads", k.op)
			})
		}
	}
}

// runCompared returns the convolution's slot and the map.
func runCompared(t *testing.T, d kernels.Device, p *kernels.Program, threads int) (y, compared []float32) {
	s, err := d.Load(p, kernels.Options{Threads: threads})
	require.NoError(t, err)
	defer s.Close()
	r := rand.New(rand.NewPCG(3, 4))
	for _, slot := range []kernels.Slot{0, 1, 2, 4} {
		require.NoError(t, s.Write(slot, noise(r, p.Sizes[slot])))
	}
	require.NoError(t, s.Run())
	y, compared = make([]float32, p.Sizes[3]), make([]float32, p.Sizes[5])
	require.NoError(t, s.Read(3, y))
	require.NoError(t, s.Read(5, compared))
	return y, compared
}
