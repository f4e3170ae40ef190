package cpu_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

// onceProgram convolves slot 1 with weights of the host (slot 2) and with folded
// ones (slot 3, of 4 to 8); its results are slots 0 and 9.
func onceProgram() (*kernels.Program, kernels.Conv2D) {
	op := kernels.Conv2D{ConvShape: conv(1, 32, 24, 32, 3, 1, 1, 1)}
	out, in := op.Buffers()
	fold := kernels.BatchNormFold{K: op.K, Len: in[1] / op.K, Eps: 1e-5}
	biased := op
	biased.Bias = true
	return &kernels.Program{
		Setup: []kernels.Call{{Op: fold, Bufs: []kernels.Slot{3, 10, 4, 5, 6, 7, 8}}},
		Calls: []kernels.Call{
			{Op: op, Bufs: []kernels.Slot{0, 1, 2}},
			{Op: biased, Bufs: []kernels.Slot{9, 1, 3, 10}},
		},
		Sizes: []int{out[0], in[0], in[1], in[1], in[1], op.K, op.K, op.K, op.K, out[0], op.K},
		Once:  []kernels.Slot{2, 4, 5, 6, 7, 8},
	}, op
}

func loadProgram(t *testing.T, p *kernels.Program) kernels.Session {
	s, err := open(t).Load(p, kernels.Options{Threads: 2})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

// fillOnce writes noise to the slots of Once in an order drawn from the seed, half
// of them through lent memory. Variances are positive.
func fillOnce(t *testing.T, s kernels.Session, p *kernels.Program, seed uint64) {
	order := rand.New(rand.NewPCG(seed, 1)).Perm(len(p.Once))
	for n, i := range order {
		slot := p.Once[i]
		values := noise(rand.New(rand.NewPCG(seed, uint64(slot))), p.Sizes[slot])
		for j := range values {
			values[j] = values[j]/4 + 0.5
		}
		if lent := s.(kernels.Lender).Lend(slot); lent != nil && n%2 == 0 {
			copy(lent, values)
			values = lent
		}
		require.NoError(t, s.Write(slot, values))
	}
	require.NoError(t, s.Setup())
}

func results(t *testing.T, s kernels.Session, p *kernels.Program) [][]float32 {
	require.NoError(t, s.Write(1, noise(rand.New(rand.NewPCG(8, 9)), p.Sizes[1])))
	require.NoError(t, s.Run())
	both := [][]float32{make([]float32, p.Sizes[0]), make([]float32, p.Sizes[9])}
	require.NoError(t, s.Read(0, both[0]))
	require.NoError(t, s.Read(9, both[1]))
	return both
}

// Weights that are used as they come compute what weights that stay compute, in
// whatever order they come, and again when new ones come.
func TestOnceComputesTheSame(t *testing.T) {
	p, _ := onceProgram()
	stay := *p
	stay.Once = nil
	s := loadProgram(t, p)
	for seed := range uint64(4) {
		fillOnce(t, s, p, seed)
		kept := loadProgram(t, &stay)
		fillOnce(t, kept, p, seed)
		got := results(t, s, p)
		assert.Equal(t, results(t, kept, p), got)
		assert.Equal(t, got, results(t, s, p), "a run uses nothing up")
		weights := make([]float32, p.Sizes[4])
		require.NoError(t, s.Read(4, weights))
		assert.Contains(t, weights, float32(0), "the originals are gone")
	}
}

func TestOnceMustBeComplete(t *testing.T) {
	p, _ := onceProgram()
	s := loadProgram(t, p)
	assert.ErrorContains(t, s.Run(), "no weights yet; expected Setup before Run")
	assert.ErrorContains(t, s.Write(2, make([]float32, 3)), "slot 2 holds 9216 elements, got 3 values; expected all at once")
	require.NoError(t, s.Write(2, make([]float32, p.Sizes[2])))
	assert.ErrorContains(t, s.Write(2, make([]float32, p.Sizes[2])), "slot 2 is written twice before Setup")
	assert.ErrorContains(t, s.Setup(), "slot 4 has not been written before Setup")
	lender := s.(kernels.Lender)
	assert.Nil(t, lender.Lend(1), "an input is not lent")
	assert.Len(t, lender.Lend(4), p.Sizes[4])
}

func TestSharedWeights(t *testing.T) {
	p, _ := onceProgram()
	s := loadProgram(t, p)
	share := s.(kernels.Sharer).Share
	_, err := share()
	assert.ErrorContains(t, err, "expected Setup before Share")
	fillOnce(t, s, p, 3)
	want := results(t, s, p)
	other, err := share()
	require.NoError(t, err)
	defer other.Close()
	assert.Equal(t, want, results(t, other, p))
	assert.ErrorContains(t, s.Write(2, make([]float32, p.Sizes[2])), "slot 2 is shared")
	assert.ErrorContains(t, other.Write(2, make([]float32, p.Sizes[2])), "slot 2 is shared")
	assert.Nil(t, s.(kernels.Lender).Lend(2))
	third, err := other.(kernels.Sharer).Share()
	require.NoError(t, err)
	defer third.Close()
	require.NoError(t, s.Close())
	require.NoError(t, other.Close())
	assert.Equal(t, want, results(t, third, p), "weights live as long as somebody uses them")
	fillOnce(t, third, p, 4)
	assert.NotEqual(t, want, results(t, third, p), "the last one may take new ones")
	_, err = s.(kernels.Sharer).Share()
	assert.ErrorContains(t, err, "closed")

	stay := *p
	stay.Once = p.Once[1:]
	kept := loadProgram(t, &stay)
	_, err = kept.(kernels.Sharer).Share()
	assert.ErrorContains(t, err, "weights that are not of Program.Once")
}

// Shared memory counts once, and weights that pass through count as far as they
// are there at a time.
func TestFootprintOfOnce(t *testing.T) {
	d := open(t)
	p, _ := onceProgram()
	f, err := d.Footprint(p, kernels.Options{Threads: 1})
	require.NoError(t, err)
	stay := *p
	stay.Once = nil
	all, err := d.Footprint(&stay, kernels.Options{Threads: 1})
	require.NoError(t, err)
	assert.Zero(t, all.Shared)
	assert.Positive(t, f.Shared)
	assert.Less(t, f.Session, all.Session-f.Shared/2)
	assert.Less(t, f.Shared+f.Session, all.Session, "slot 2 passes when the fold does not")
}
