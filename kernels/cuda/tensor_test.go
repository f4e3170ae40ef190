//go:build cuda

package cuda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// integers are small enough for bf16 and f16 to hold them and for float32 to hold their
// sums of products: every arithmetic must give the same.
func integers(r *rand.Rand) float32 { return float32(r.IntN(9) - 4) }

func fractions(r *rand.Rand) float32 { return 2*r.Float32() - 1 }

// execute runs one instruction on inputs and returns its outputs.
func execute(t *testing.T, d kernels.Device, o kernels.Op, in [][]float32) [][]float32 {
	t.Helper()
	p := &kernels.Program{Calls: []kernels.Call{{Op: o}}}
	outputs, inputs := o.Buffers()
	for i, n := range append(append([]int{}, outputs...), inputs...) {
		p.Calls[0].Bufs = append(p.Calls[0].Bufs, kernels.Slot(i))
		p.Sizes = append(p.Sizes, n)
	}
	s, err := d.Load(p, kernels.Options{})
	require.NoError(t, err)
	defer s.Close()
	for i, values := range in {
		require.NoError(t, s.Write(kernels.Slot(len(outputs)+i), values))
	}
	require.NoError(t, s.Setup())
	require.NoError(t, s.Run())
	var out [][]float32
	for i, n := range outputs {
		out = append(out, make([]float32, n))
		require.NoError(t, s.Read(kernels.Slot(i), out[i]))
	}
	return out
}

// shapes cross the borders of tiles, slices and words in every direction: odd
// sizes, strides, padding, taps that lie outside, a depth that is split.
var shapes = []kernels.ConvShape{
	{N: 2, C: 5, H: 6, W: 7, K: 9, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 1, C: 33, H: 5, W: 5, K: 130, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 1, C: 3, H: 17, W: 9, K: 4, R: 4, S: 3, Stride: 2, Pad: 2, Dilation: 1},
	{N: 3, C: 17, H: 6, W: 6, K: 5, R: 3, S: 3, Stride: 1, Pad: 6, Dilation: 6},
	{N: 1, C: 301, H: 2, W: 2, K: 3, R: 1, S: 1, Stride: 1, Dilation: 1},
}

// differences are the relative errors of convolutions and their gradients, on
// inputs that draw makes, by instruction.
func differences(t *testing.T, d kernels.Device, draw func(*rand.Rand) float32) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for i, shape := range shapes {
		for _, o := range []kernels.Op{
			kernels.Conv2D{ConvShape: shape, Bias: true, Residual: i%2 == 0, Relu: i%2 == 1},
			kernels.Conv2DBackwardData{ConvShape: shape}, kernels.Conv2DBackwardFilter{ConvShape: shape},
		} {
			r := rand.New(rand.NewPCG(uint64(i), 2))
			_, inputs := o.Buffers()
			var in [][]float32
			for _, n := range inputs {
				values := make([]float32, n)
				for j := range values {
					values[j] = draw(r)
				}
				in = append(in, values)
			}
			want, got := execute(t, ref.Open(), o, in), execute(t, d, o, in)
			out[fmt.Sprintf("%s%+v", kernels.Name(o), o)], _ = ops.RelativeError(got[0], want[0])
		}
	}
	return out
}

func TestEveryArithmeticAndTileIsExactOnIntegers(t *testing.T) {
	orders := []string{"normal", "reversed", "shuffled"}
	for i, precision := range precisions(minTensorCapability) {
		for j, tile := range []int{64, 128} {
			t.Run(fmt.Sprintf("%s %d", precision, tile), func(t *testing.T) {
				t.Setenv("AECSAD_EMULATE_ORDER", orders[(2*i+j)%len(orders)])
				d := open(t, "cuda")
				d.(*device).tile = tile
				for name, e := range differences(t, kernels.At(d, precision), integers) {
					assert.Zero(t, e, name)
				}
			})
		}
	}
}

// The relative error of a product of rounded factors is at most 2^-10 (tf32, f16)
// or 2^-7 (bf16); those of a sum cancel in part.
func TestRoundingOfTensorCores(t *testing.T) {
	for precision, bound := range map[string]float64{"tf32": 0x1p-10, "bf16": 0x1p-7, "f16": 0x1p-10} {
		worst := 0.0
		for name, e := range differences(t, kernels.At(open(t, "cuda"), precision), fractions) {
			assert.Less(t, e, bound, "%s: %s", precision, name)
			worst = max(worst, e)
		}
		assert.NotZero(t, worst, "%s rounds", precision)
		t.Logf("%s: worst relative error of a convolution %.2g", precision, worst)
	}
}

func TestTensorCoresNeedTheirGeneration(t *testing.T) {
	Emulated(t)
	t.Setenv("AECSAD_EMULATE_CAPABILITY", "75")
	d := open(t, "cuda")
	_, err := d.Load(doubling(1), kernels.Options{Precision: "bf16"})
	assert.EqualError(t, err, `cuda:0: no precision "bf16"; this device has f32`)
	_, err = d.Load(doubling(1), kernels.Options{Precision: "int4"})
	assert.EqualError(t, err, `cuda:0: no precision "int4"; this device has f32`)
	load(t, d, doubling(1))
}

// From 65520 on a number is infinite in f16: the result says so, it does not wrap.
func TestF16OverflowsToInfinity(t *testing.T) {
	o := kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 1, H: 1, W: 1, K: 1, R: 1, S: 1, Stride: 1, Dilation: 1}}
	d := kernels.At(open(t, "cuda"), "f16")
	assert.Equal(t, float32(65504*0.5), execute(t, d, o, [][]float32{{65519}, {0.5}})[0][0])
	assert.True(t, math.IsInf(float64(execute(t, d, o, [][]float32{{65520}, {0.5}})[0][0]), 1))
	assert.Equal(t, float32(0x1p-24), execute(t, d, o, [][]float32{{0x1.1p-24}, {1}})[0][0], "subnormal numbers are kept")
}

// Weights that no call writes are packed once. Writing them again, with or
// without Setup, must not leave the old ones in use.
func TestPackedWeightsFollowWrites(t *testing.T) {
	c := kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 1, H: 1, W: 1, K: 1, R: 1, S: 1, Stride: 1, Dilation: 1}}
	s := load(t, open(t, "cuda"), &kernels.Program{
		Calls: []kernels.Call{{Op: c, Bufs: []kernels.Slot{0, 1, 2}}}, Sizes: []int{1, 1, 1},
	})
	assert.Len(t, s.(*session).packs, 1)
	y := []float32{-1}
	for i, w := range []float32{0, 2, 3} {
		require.NoError(t, s.Write(1, []float32{5}))
		if i > 0 {
			require.NoError(t, s.Write(2, []float32{w}))
		}
		if i == 1 {
			require.NoError(t, s.Setup())
		}
		require.NoError(t, s.Run())
		require.NoError(t, s.Read(0, y))
		assert.Equal(t, 5*w, y[0])
	}
}

// In training a call writes the weights; they are packed in every run.
func TestWeightsThatCallsWriteArePackedInEveryRun(t *testing.T) {
	c := kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 1, H: 1, W: 1, K: 1, R: 1, S: 1, Stride: 1, Dilation: 1}}
	s := load(t, open(t, "cuda"), &kernels.Program{
		Calls: []kernels.Call{
			{Op: kernels.Scale{Len: 1, Factor: 2}, Bufs: []kernels.Slot{2, 3}},
			{Op: c, Bufs: []kernels.Slot{0, 1, 2}},
			{Op: kernels.Scale{Len: 1, Factor: 1}, Bufs: []kernels.Slot{3, 2}},
		},
		Sizes: []int{1, 1, 1, 1},
	})
	assert.Empty(t, s.(*session).packs)
	require.NoError(t, s.Write(1, []float32{5}))
	require.NoError(t, s.Write(3, []float32{1}))
	for _, want := range []float32{10, 20, 40} {
		y := []float32{-1}
		require.NoError(t, s.Run())
		require.NoError(t, s.Read(0, y))
		assert.Equal(t, want, y[0])
	}
}
