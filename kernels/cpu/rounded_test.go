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

// roundedShapes are those of int8, and some that no processor without matrix tiles computes
// in less than float32: by Winograd's method, of few channels.
var roundedShapes = append([]kernels.Conv2D{
	{ConvShape: conv(1, 40, 30, 48, 3, 1, 1, 1), Bias: true, Relu: true},
	{ConvShape: conv(2, 3, 33, 16, 4, 1, 3, 1), Bias: true},
	{ConvShape: conv(1, 64, 17, 64, 4, 1, 2, 1), Residual: true},
}, int8Shapes...)

// toBFloat16 rounds to the nearest, ties to even.
func toBFloat16(x []float32) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		b := math.Float32bits(v)
		out[i] = math.Float32frombits((b + 0x7fff + b>>16&1) &^ 0xffff)
	}
	return out
}

// A convolution from rounded numbers gives what it would where all of them are in the
// precision, whether or not this processor gains by it, and nobody gets it unasked.
func TestRounded(t *testing.T) {
	for _, op := range roundedShapes {
		c := newInt8Case(op)
		inBytes := c.expected()
		rounded := c
		rounded.in = append([][]float32{toBFloat16(c.in[0]), toBFloat16(c.in[1])}, c.in[2:]...)
		inBFloat16 := rounded.run(t, ref.Open(), kernels.Float32, 1)
		plain := c.run(t, ref.Open(), kernels.Float32, 1)
		forEachISA(t, func(t *testing.T, d *cpu.Device) {
			y := c.run(t, kernels.Rounding(d), kernels.Int8, 1)
			e, at := ops.RelativeError(y, inBytes)
			assert.LessOrEqual(t, e, ops.Bound, "%+v in int8 at %d", op, at)
			assert.Equal(t, y, c.run(t, kernels.Rounding(d), kernels.Int8, 3))
			y = c.run(t, kernels.Rounding(d), kernels.BFloat16, 1)
			e, at = ops.RelativeError(y, inBFloat16)
			assert.LessOrEqual(t, e, ops.Bound, "%+v in bf16 at %d", op, at)
			e, _ = ops.RelativeError(y, plain)
			assert.Greater(t, e, 1e-4, "%+v is rounded", op)
			if slices.Contains([]string{"cpu (scalar)", "cpu (avx2)"}, d.Describe()) {
				e, at = ops.RelativeError(c.run(t, d, kernels.BFloat16, 1), plain)
				assert.LessOrEqual(t, e, ops.Bound, "%+v in float32 at %d", op, at)
			}
			assert.Equal(t, c.run(t, d, kernels.Float32, 1), c.run(t, kernels.Rounding(d), kernels.Float32, 1), "float32 is not rounded")
		})
	}
}

// Rounded numbers have room of their own, which counts.
func TestRoundedFootprint(t *testing.T) {
	t.Setenv("AECSAD_CPU", "scalar")
	d, err := cpu.Open()
	require.NoError(t, err)
	c := newInt8Case(roundedShapes[0])
	p := programOf(c.op)
	p.Ranges = []kernels.Range{{High: c.highest}}
	plain, err := d.Footprint(p, kernels.Options{Threads: 1})
	require.NoError(t, err)
	with, err := kernels.FootprintOf(kernels.Rounding(d), p, kernels.Options{Threads: 1, Precision: kernels.Int8})
	require.NoError(t, err)
	assert.Equal(t, int64(4*len(c.in[0])), with.Session+with.Shared-plain.Session-plain.Shared)
}
