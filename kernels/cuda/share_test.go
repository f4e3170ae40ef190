//go:build cuda

package cuda

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/cu"

	"aecsad/kernels"
)

// folding is y = w2*x with w2 = gamma*w by batch norm, all weights of Once. The
// depth is split, so that there is scratch memory, and the large image y is written
// twice, so that there is a slot more than the program has.
func folding() *kernels.Program {
	c := kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 512, H: 2, W: 2, K: 3, R: 1, S: 1, Stride: 1, Dilation: 1}, Bias: true}
	const x, w, gamma, beta, mean, variance, folded, bias, y = 0, 1, 2, 3, 4, 5, 6, 7, 8
	convolve := kernels.Call{Op: c, Bufs: []kernels.Slot{y, x, folded, bias}}
	return &kernels.Program{
		Setup: []kernels.Call{{Op: kernels.BatchNormFold{K: 3, Len: 512}, Bufs: []kernels.Slot{folded, bias, w, gamma, beta, mean, variance}}},
		Calls: []kernels.Call{convolve, convolve},
		Sizes: []int{2048, 1536, 3, 3, 3, 3, 1536, 3, 12},
		Once:  []kernels.Slot{w, gamma, beta, mean, variance},
	}
}

func writeAll(t *testing.T, s kernels.Session, p *kernels.Program, x float32) {
	t.Helper()
	for slot, n := range p.Sizes[:6] {
		values := make([]float32, n)
		for i := range values {
			values[i] = x
		}
		require.NoError(t, s.Write(kernels.Slot(slot), values))
	}
}

// used is the memory of a device that is taken, which the emulation counts by the
// byte.
func used(t *testing.T, d kernels.Device) (bytes int64) {
	t.Helper()
	require.NoError(t, d.(*device).do(func() error {
		free, total, err := cu.MemInfo()
		bytes = total - free
		return err
	}))
	return bytes
}

func TestSessionsShareTheirWeights(t *testing.T) {
	d, p := open(t, "cuda"), folding()
	footprint, err := kernels.FootprintOf(d, p, kernels.Options{})
	require.NoError(t, err)
	staging := int64(4 * stagingOf(p.Sizes)) // of the host
	before := used(t, d)
	first, err := d.Load(p, kernels.Options{})
	require.NoError(t, err)
	if emulated() {
		assert.Equal(t, footprint.Shared+footprint.Session-staging, used(t, d)-before)
	}
	_, err = first.(kernels.Sharer).Share()
	assert.ErrorContains(t, err, "expected Setup before Share")
	writeAll(t, first, p, 1)
	require.NoError(t, first.Setup())

	before = used(t, d)
	second, err := first.(kernels.Sharer).Share()
	require.NoError(t, err)
	if emulated() {
		assert.Equal(t, footprint.Session-staging, used(t, d)-before)
	}
	third, err := second.(kernels.Sharer).Share()
	require.NoError(t, err)
	assert.ErrorContains(t, second.Write(1, []float32{1}), "slot 1 is shared with other sessions; expected no new weights")
	assert.ErrorContains(t, first.Setup(), "the weights are shared with other sessions")

	// w2 = 1*1/sqrt(1), bias = 1 - 1*1 = 0, y = 512*x.
	require.NoError(t, first.Close())
	for x, s := range map[float32]kernels.Session{2: second, 3: third} {
		values := make([]float32, 2048)
		for i := range values {
			values[i] = x
		}
		require.NoError(t, s.Write(0, values))
		require.NoError(t, s.Run())
		y := []float32{-1}
		require.NoError(t, s.Read(8, y))
		assert.Equal(t, 512*x, y[0])
		require.NoError(t, s.Close())
	}
	if emulated() {
		assert.Zero(t, used(t, d), "nothing is left")
	}
}

func TestOnlyWeightsOfOnceAreShared(t *testing.T) {
	s := load(t, open(t, "cuda"), doubling(4))
	require.NoError(t, s.Setup())
	_, err := s.(kernels.Sharer).Share()
	assert.ErrorContains(t, err, "weights that are not of Program.Once")
}

func TestFootprintIsOfThePrecision(t *testing.T) {
	d := open(t, "cuda")
	single, err := kernels.FootprintOf(d, folding(), kernels.Options{})
	require.NoError(t, err)
	half, err := kernels.FootprintOf(kernels.At(d, "bf16"), folding(), kernels.Options{})
	require.NoError(t, err)
	assert.Less(t, half.Shared, single.Shared, "packed weights take half")
	_, err = kernels.FootprintOf(kernels.At(d, "int4"), folding(), kernels.Options{})
	assert.ErrorContains(t, err, `no precision "int4"`)
}
