//go:build cuda

package cuda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// integers are small enough for bf16 to hold them and for float32 to hold their
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

// slices is about how many slices of a product an instruction multiplies: the
// emulation of a tensor core takes a millisecond for each.
func slices(o kernels.Op) int {
	var c kernels.ConvShape
	switch o := o.(type) {
	case kernels.Conv2D:
		c = o.ConvShape
	case kernels.Conv2DBackwardData:
		c = o.ConvShape
	case kernels.Conv2DBackwardFilter:
		c = o.ConvShape
	default:
		return 0
	}
	return c.R * c.S * ceil(max(c.C, c.K, c.N*c.P()*c.Q()), depth)
}

// differences are the relative errors of the convolutions of the conformance
// suite on inputs that draw makes, by case; cases of more slices are left out.
func differences(t *testing.T, d kernels.Device, most int, draw func(*rand.Rand) float32) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for i, c := range ops.Families()[0].Cases {
		if slices(c.Op) > most {
			continue
		}
		r := rand.New(rand.NewPCG(uint64(i), 2))
		_, inputs := c.Op.Buffers()
		var in [][]float32
		for _, n := range inputs {
			values := make([]float32, n)
			for j := range values {
				values[j] = draw(r)
			}
			in = append(in, values)
		}
		want, got := execute(t, ref.Open(), c.Op, in), execute(t, d, c.Op, in)
		for j := range want {
			e, _ := ops.RelativeError(got[j], want[j])
			out[c.Name()] = max(out[c.Name()], e)
		}
	}
	return out
}

func TestEveryArithmeticAndTileIsExactOnIntegers(t *testing.T) {
	orders := []string{"normal", "reversed", "shuffled"}
	for i, p := range []planner{{"simt", 64}, {"simt", 128}, {"tf32", 64}, {"tf32", 128}, {"bf16", 64}, {"bf16", 128}} {
		t.Run(fmt.Sprintf("%s %d", p.arithmetic, p.tile), func(t *testing.T) {
			t.Setenv("AECSAD_EMULATE_ORDER", orders[i%len(orders)])
			d := open(t, nameOf(0, p.arithmetic))
			d.(*device).planner = p
			all := differences(t, d, 70, integers)
			assert.Greater(t, len(all), 10)
			for name, e := range all {
				assert.Zero(t, e, name)
			}
		})
	}
}

// The relative error of a product of rounded factors is at most 2^-10 (tf32) or
// 2^-7 (bf16); those of a sum cancel in part.
func TestRoundingOfTensorCores(t *testing.T) {
	for precision, bound := range map[string]float64{"tf32": 0x1p-10, "bf16": 0x1p-7} {
		worst := 0.0
		for name, e := range differences(t, open(t, "cuda:"+precision), 150, fractions) {
			assert.Less(t, e, bound, "%s: %s", precision, name)
			worst = max(worst, e)
		}
		assert.NotZero(t, worst, "%s rounds", precision)
		t.Logf("%s: worst relative error of a convolution %.2g", precision, worst)
	}
}

func TestTensorCoresNeedTheirGeneration(t *testing.T) {
	emulated(t)
	t.Setenv("AECSAD_EMULATE_CAPABILITY", "75")
	_, err := Open("cuda:bf16")
	assert.EqualError(t, err, "cuda:0:bf16 has compute capability 7.5, expected 8.0 or higher")
	open(t, "cuda:f32")
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
