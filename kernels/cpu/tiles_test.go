package cpu_test

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// tiledShapes are those of int8 and some that only matrix tiles gain by: kernels of
// Winograd's method, and taps of a row side by side in a line.
var tiledShapes = append([]kernels.Conv2D{
	{ConvShape: conv(2, 3, 61, 70, 4, 1, 3, 1), Bias: true, Relu: true},
	{ConvShape: conv(1, 3, 90, 64, 7, 2, 3, 1), Bias: true},
	{ConvShape: conv(1, 40, 40, 33, 3, 1, 1, 1), Bias: true, Residual: true, Relu: true},
	{ConvShape: conv(1, 70, 33, 48, 4, 1, 2, 1)},
	{ConvShape: conv(1, 64, 30, 70, 4, 2, 1, 1), Bias: true},
	{ConvShape: conv(1, 100, 24, 40, 3, 3, 2, 2), Bias: true},
	{ConvShape: conv(1, 130, 16, 40, 3, 1, 18, 18), Bias: true},
	{ConvShape: conv(1, 1024, 1, 64, 1, 1, 0, 1), Bias: true, Relu: true},
}, int8Shapes...)

// forEachTiles runs f on the machines with matrix tiles: AMX, and its emulation.
func forEachTiles(t *testing.T, f func(t *testing.T, d *cpu.Device)) {
	t.Run("tiles", func(t *testing.T) { f(t, openAs(t, "tiles")) })
	t.Run("amx", func(t *testing.T) {
		if !cpu.HasAMX() {
			require.NotContains(t, strings.Split(os.Getenv("AECSAD_REQUIRE"), ","), "amx")
			t.Skip("no AMX here")
		}
		f(t, openAs(t, "avx512"))
	})
}

func openAs(t *testing.T, isa string) *cpu.Device {
	t.Setenv("AECSAD_CPU", isa)
	d, err := cpu.Open()
	require.NoError(t, err)
	return d
}

// The sums of tiles are the integers of every other machine.
func TestInt8OnTiles(t *testing.T) {
	want := map[kernels.Conv2D][]float32{}
	for _, op := range tiledShapes {
		want[op] = newInt8Case(op).expected()
	}
	exact := openAs(t, "scalar")
	forEachTiles(t, func(t *testing.T, d *cpu.Device) {
		for _, op := range tiledShapes {
			c := newInt8Case(op)
			y := c.run(t, d, kernels.Int8, 1)
			e, at := ops.RelativeError(y, want[op])
			assert.LessOrEqual(t, e, 1e-6, "%+v at %d", op, at)
			require.Equal(t, y, c.run(t, d, kernels.Int8, 3), "%+v depends on the threads", op)
		}
		for _, op := range int8Shapes {
			c := newInt8Case(op)
			require.Equal(t, c.run(t, exact, kernels.Int8, 1), c.run(t, d, kernels.Int8, 1), "%+v differs from scalar code", op)
		}
	})
}

// The bytes of AVX-512 without AMX, which no other test asks for where there is AMX.
func TestInt8WithoutAMX(t *testing.T) {
	t.Setenv("AECSAD_CPU", "vnni")
	d, err := cpu.Open()
	if err != nil {
		t.Skip(err)
	}
	exact := openAs(t, "scalar")
	for _, op := range int8Shapes {
		c := newInt8Case(op)
		require.Equal(t, c.run(t, exact, kernels.Int8, 1), c.run(t, d, kernels.Int8, 1), "%+v differs from scalar code", op)
	}
}

// In bf16 the factors are those of ref, so that only the order of the sums differs.
func TestBFloat16(t *testing.T) {
	want := map[kernels.Conv2D][]float32{}
	for _, op := range tiledShapes {
		want[op] = runAt(t, ref.Open(), op, kernels.BFloat16, 1)
	}
	forEachTiles(t, func(t *testing.T, d *cpu.Device) {
		for _, op := range tiledShapes {
			isBFloat16(t, d, op, want[op])
		}
	})
}

func isBFloat16(t *testing.T, d *cpu.Device, op kernels.Conv2D, want []float32) {
	y := runAt(t, d, op, kernels.BFloat16, 1)
	e, at := ops.RelativeError(y, want)
	assert.LessOrEqual(t, e, ops.Bound, "%+v at %d", op, at)
	require.Equal(t, y, runAt(t, d, op, kernels.BFloat16, 3), "%+v depends on the threads", op)
	exact := runAt(t, d, op, kernels.Float32, 1)
	e, _ = ops.RelativeError(y, exact)
	assert.Greater(t, e, ops.Bound, "%+v does not compute in bf16", op)
	assert.Less(t, rms(y, exact), 5e-3, "%+v", op)
}

// forEachCells runs f on the machines that multiply cells in bf16: AVX-512 BF16 where
// there is some, without AMX, and its emulation.
func forEachCells(t *testing.T, f func(t *testing.T, d *cpu.Device)) {
	t.Run("wide", func(t *testing.T) { f(t, openAs(t, "wide")) })
	t.Run("avx512", func(t *testing.T) {
		if !cpu.HasBF16() {
			t.Skip("no AVX-512 BF16 here")
		}
		f(t, openAs(t, "vnni"))
	})
}

// cellShapes are worth bf16.
var cellShapes = []kernels.Conv2D{
	{ConvShape: conv(1, 64, 24, 96, 1, 1, 0, 1), Bias: true, Residual: true, Relu: true},
	{ConvShape: conv(2, 70, 19, 345, 1, 2, 0, 1), Bias: true},
	{ConvShape: conv(1, 130, 17, 50, 3, 2, 1, 1), Relu: true},
	{ConvShape: conv(2, 260, 13, 41, 3, 2, 1, 1), Bias: true, Residual: true},
	{ConvShape: conv(1, 129, 16, 40, 3, 1, 12, 12), Bias: true, Residual: true, Relu: true},
	{ConvShape: conv(1, 2100, 5, 93, 1, 1, 0, 1), Bias: true, Relu: true},
	{ConvShape: conv(1, 1027, 16, 244, 1, 1, 0, 1), Bias: true, Residual: true, Relu: true},
	{ConvShape: conv(1, 64, 32, 90, 5, 3, 2, 1), Bias: true, Relu: true},
}

func TestBFloat16OfCells(t *testing.T) {
	want := map[kernels.Conv2D][]float32{}
	for _, op := range cellShapes {
		want[op] = runAt(t, ref.Open(), op, kernels.BFloat16, 1)
	}
	forEachCells(t, func(t *testing.T, d *cpu.Device) {
		for _, op := range cellShapes {
			isBFloat16(t, d, op, want[op])
		}
		// Columns of few channels, and Winograd's products, stay in float32.
		for _, op := range []kernels.Conv2D{tiledShapes[0], tiledShapes[1], tiledShapes[3]} {
			assert.Equal(t, runAt(t, d, op, kernels.Float32, 1), runAt(t, d, op, kernels.BFloat16, 1), "%+v", op)
		}
	})
}

// Without such products bf16 is float32: it may be asked for everywhere, and loses nothing.
func TestBFloat16WithoutProducts(t *testing.T) {
	forEachISA(t, func(t *testing.T, d *cpu.Device) {
		if name := d.Describe(); name == "cpu (wide)" || slices.Contains([]string{"cpu (avx512)", "cpu (vnni)"}, name) && (cpu.HasBF16() || cpu.HasAMX()) {
			t.Skip("has products in bf16")
		}
		for _, op := range []kernels.Conv2D{tiledShapes[2], cellShapes[0]} {
			assert.Equal(t, runAt(t, d, op, kernels.Float32, 1), runAt(t, d, op, kernels.BFloat16, 1))
		}
	})
}

// Rounding is to the nearest, ties to even, and what is no number stays none.
func TestBFloat16Rounds(t *testing.T) {
	op := kernels.Conv2D{ConvShape: conv(1, 32, 32, 32, 1, 1, 0, 1)}
	numbers := []float32{1 + 0x1p-8, 1 + 3*0x1p-8, 1 + 0x1p-8 + 0x1p-20, -1 - 0x1p-8, 3.4e38, float32(math.Inf(1)), float32(math.NaN())}
	rounded := []float32{1, 1 + 0x1p-6, 1 + 0x1p-7, -1, float32(math.Inf(1)), float32(math.Inf(1)), float32(math.NaN())}
	forEachTiles(t, func(t *testing.T, d *cpu.Device) {
		s, err := d.Load(programOf(op), kernels.Options{Threads: 1, Precision: kernels.BFloat16})
		require.NoError(t, err)
		defer s.Close()
		w := make([]float32, 32*32)
		for i := range 32 {
			w[i*33] = 1
		}
		require.NoError(t, s.Write(2, w))
		for i, v := range numbers {
			x := make([]float32, 32*32*32)
			x[5] = v // channel 0: of the others the place has zeros
			require.NoError(t, s.Write(1, x))
			require.NoError(t, s.Run())
			y := make([]float32, 6)
			require.NoError(t, s.Read(0, y))
			if v != v {
				assert.NotEqual(t, y[5], y[5])
			} else {
				assert.Equal(t, rounded[i], y[5], "%v", v)
			}
			assert.Zero(t, y[4])
		}
	})
}

// Weights that the run writes are those of a training step, which is in float32.
func TestBFloat16IsForInference(t *testing.T) {
	op := tiledShapes[2]
	p := programOf(op)
	p.Calls = append([]kernels.Call{{Op: kernels.Fill{Len: p.Sizes[2], Value: 0.3}, Bufs: []kernels.Slot{2}}}, p.Calls...)
	forEachTiles(t, func(t *testing.T, d *cpu.Device) {
		whole, err := d.Footprint(p, kernels.Options{Threads: 1})
		require.NoError(t, err)
		training, err := d.Footprint(p, kernels.Options{Threads: 1, Precision: kernels.BFloat16})
		require.NoError(t, err)
		assert.Equal(t, whole, training)
		inference, err := d.Footprint(programOf(op), kernels.Options{Threads: 1, Precision: kernels.BFloat16})
		require.NoError(t, err)
		assert.NotEqual(t, whole, inference)
	})
}

func programOf(op kernels.Op) *kernels.Program {
	p := &kernels.Program{Calls: []kernels.Call{{Op: op}}}
	out, in := op.Buffers()
	for i, n := range append(out, in...) {
		p.Calls[0].Bufs = append(p.Calls[0].Bufs, kernels.Slot(i))
		p.Sizes = append(p.Sizes, n)
	}
	return p
}

// runAt runs a convolution on the numbers of newInt8Case in a precision.
func runAt(t *testing.T, d kernels.Device, op kernels.Conv2D, precision string, threads int) []float32 {
	return newInt8Case(op).run(t, d, precision, threads)
}

func rms(got, want []float32) float64 {
	var wrong, all float64
	for i, v := range want {
		wrong += float64(got[i]-v) * float64(got[i]-v)
		all += float64(v) * float64(v)
	}
	return math.Sqrt(wrong / all)
}

// A call keeps the precision that the program names for it.
func TestWider(t *testing.T) {
	op := tiledShapes[2]
	footprint := func(d *cpu.Device, precision, wider string) kernels.Footprint {
		p := programOf(op)
		p.Ranges, p.Wider = []kernels.Range{{High: 1}}, []string{wider}
		f, err := d.Footprint(p, kernels.Options{Threads: 1, Precision: precision})
		require.NoError(t, err)
		return f
	}
	forEachTiles(t, func(t *testing.T, d *cpu.Device) {
		f32, bf16, bytes := footprint(d, kernels.Float32, ""), footprint(d, kernels.BFloat16, ""), footprint(d, kernels.Int8, "")
		assert.NotEqual(t, bf16, bytes)
		assert.Equal(t, bf16, footprint(d, kernels.Int8, kernels.BFloat16))
		assert.Equal(t, f32, footprint(d, kernels.Int8, kernels.Float32))
		assert.Equal(t, f32, footprint(d, kernels.BFloat16, kernels.Float32))
		p := programOf(op)
		p.Wider = []string{"", ""}
		_, err := d.Footprint(p, kernels.Options{Threads: 1})
		assert.ErrorContains(t, err, "there are 2 wider precisions for 1 calls")
	})
}
