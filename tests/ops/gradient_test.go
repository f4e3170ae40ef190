package ops

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/ref"
)

// run executes an instruction on ref and returns its outputs.
func run(t *testing.T, op kernels.Op, inputs ...[]float32) [][]float32 {
	t.Helper()
	return runOver(t, op, nil, inputs...)
}

// runOver also gives outputs that the instruction reads, by buffer.
func runOver(t *testing.T, op kernels.Op, inOut map[int][]float32, inputs ...[]float32) [][]float32 {
	t.Helper()
	_, in := op.Buffers()
	require.Len(t, inputs, len(in), "inputs of %s", kernels.Name(op))
	c := Case{Op: op, InOut: map[int]Content{}}
	for i, v := range inputs {
		require.Len(t, v, in[i], "input %d of %s", i, kernels.Name(op))
		c.In = append(c.In, list(v...))
	}
	for i, v := range inOut {
		c.InOut[i] = list(v...)
	}
	m := newMemory(c)
	out, err := m.run(ref.Open(), 1)
	require.NoError(t, err)
	for i := range out {
		out[i] = out[i][:m.lens[i]]
	}
	return out[:m.outputs]
}

// steps draws n multiples of 1/1024 in [lo, hi], so that adding a power of two
// as small as that is exact in float32.
func steps(r *rand.Rand, n int, lo, hi float32) []float32 {
	values := whole(int(lo*1024), int(hi*1024))(r, n)
	for i := range values {
		values[i] /= 1024
	}
	return values
}

func seeded() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func dot(a, b []float32) float64 {
	sum := 0.0
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// step of the differences. The outputs of f are float32: their rounding, 6e-8 of
// values around 1, grows by 1/step to 4e-6 in the difference. The formula's own
// error is step^4/30 = 2e-9 times the fifth derivative. Tolerance leaves room for
// sums of a few dozen outputs and for fifth derivatives in the thousands.
const (
	step      = 1.0 / 64
	tolerance = 2e-4
)

// checkGradient compares got with the differences of f at x, of fourth order:
// f' = (8*(f(x+h)-f(x-h)) - (f(x+2h)-f(x-2h))) / 12h. The error is relative to
// the largest derivative.
func checkGradient(t *testing.T, what string, got, x []float32, f func(x []float32) float64) {
	t.Helper()
	require.Len(t, got, len(x), what)
	x = append([]float32{}, x...)
	want := make([]float64, len(x))
	largest := 0.0
	for i, v := range x {
		at := func(h float32) float64 {
			x[i] = v + h
			return f(x)
		}
		want[i] = (8*(at(step)-at(-step)) - (at(2*step) - at(-2*step))) / (12 * step)
		x[i] = v
		largest = max(largest, math.Abs(want[i]))
	}
	require.NotZero(t, largest, "%s: the function is constant, which checks nothing", what)
	for i := range want {
		assert.InDelta(t, want[i], float64(got[i]), tolerance*largest, "%s: derivative %d", what, i)
	}
}
