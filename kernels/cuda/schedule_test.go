package cuda

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/ref"
)

// randomProgram has calls that read and write a few slots of different sizes again
// and again, as the plan of a graph lets values share them.
func randomProgram(r *rand.Rand, calls int) *kernels.Program {
	p := &kernels.Program{}
	for range 6 {
		p.Sizes = append(p.Sizes, 8+r.IntN(3))
	}
	for range calls {
		n := 6 + r.IntN(3)
		s := r.Perm(len(p.Sizes))
		var bufs []kernels.Slot
		for _, i := range s[:3] {
			bufs = append(bufs, kernels.Slot(i))
		}
		switch r.IntN(5) {
		case 0:
			p.Calls = append(p.Calls, kernels.Call{Op: kernels.Scale{Len: n, Factor: 0.5}, Bufs: bufs[:2]})
		case 1: // changes what is there
			p.Calls = append(p.Calls, kernels.Call{
				Op: kernels.Adam{Len: 3, Beta1: 1, Beta2: 1, Eps: 1}, Bufs: append(bufs, kernels.Slot(s[3]), kernels.Slot(s[4])),
			})
		default:
			p.Calls = append(p.Calls, kernels.Call{Op: kernels.Add{Len: n}, Bufs: bufs})
		}
	}
	return p
}

// before tells for every pair of calls if the schedule puts the one before the other.
func before(places []place) [][]bool {
	out := make([][]bool, len(places))
	last := map[int]int{}
	for i, p := range places {
		out[i] = make([]bool, len(places))
		direct := p.after
		if j, ok := last[p.lane]; ok {
			direct = append([]int{j}, direct...)
		}
		last[p.lane] = i
		for _, j := range direct {
			out[i][j] = true
			for k := range out[j] {
				out[i][k] = out[i][k] || out[j][k]
			}
		}
	}
	return out
}

func TestScheduleKeepsEveryDependency(t *testing.T) {
	for seed := range uint64(50) {
		p := randomProgram(rand.New(rand.NewPCG(seed, 1)), 30)
		require.NoError(t, p.Check())
		places, lanes := schedule(p.Calls)
		assert.LessOrEqual(t, lanes, maxLanes)
		order := before(places)
		for i, needed := range dependencies(p.Calls) {
			for _, j := range needed {
				assert.True(t, order[i][j], "seed %d: call %d runs before call %d is over", seed, i, j)
			}
		}
	}
}

func TestBranchesRunBesideEachOther(t *testing.T) {
	calls := []kernels.Call{}
	scale := kernels.Scale{Len: 4, Factor: 2}
	for i := range kernels.Slot(4) { // branches of slot 0
		calls = append(calls, kernels.Call{Op: scale, Bufs: []kernels.Slot{1 + i, 0}})
	}
	calls = append(calls, kernels.Call{Op: kernels.Concat{N: 1, HW: 4, C: [kernels.MaxConcat]int{1, 1, 1, 1}}, Bufs: []kernels.Slot{5, 1, 2, 3, 4}})
	calls = append(calls, kernels.Call{Op: scale, Bufs: []kernels.Slot{6, 5}})
	places, lanes := schedule(calls)
	assert.Equal(t, 4, lanes)
	assert.Equal(t, []place{{0, nil}, {1, nil}, {2, nil}, {3, nil}, {3, []int{0, 1, 2}}, {3, nil}}, places)
}

// Every slot of a renamed program holds after a run what the last call wrote there.
func TestRenamedProgramsComputeTheSame(t *testing.T) {
	renamedSome := 0
	for seed := range uint64(50) {
		p := randomProgram(rand.New(rand.NewPCG(seed, 2)), 12)
		q := renamed(p)
		require.NoError(t, q.Check())
		if len(q.Sizes) > len(p.Sizes) {
			renamedSome++
		}
		assert.Equal(t, p.Sizes, q.Sizes[:len(p.Sizes)])
		assert.Equal(t, slotsAfter(t, p, p, seed), slotsAfter(t, q, p, seed), "seed %d", seed)
	}
	assert.Greater(t, renamedSome, 10)
}

// slotsAfter are the slots that an original has after two runs of a program on
// random values, as text: NaN equals NaN.
func slotsAfter(t *testing.T, p, original *kernels.Program, seed uint64) (out []string) {
	s, err := ref.Open().Load(p, kernels.Options{})
	require.NoError(t, err)
	defer s.Close()
	r := rand.New(rand.NewPCG(seed, 3))
	for slot, n := range original.Sizes {
		values := make([]float32, n)
		for i := range values {
			values[i] = 1 + r.Float32()
		}
		require.NoError(t, s.Write(kernels.Slot(slot), values))
	}
	require.NoError(t, s.Run())
	require.NoError(t, s.Run())
	lens := append([]int{}, original.Sizes...)
	for _, c := range original.Calls {
		sizes, _ := c.Op.Buffers()
		for i, n := range sizes {
			if !changes(c.Op, i) {
				lens[c.Bufs[i]] = n
			}
		}
	}
	for slot, n := range lens {
		values := make([]float32, n)
		require.NoError(t, s.Read(kernels.Slot(slot), values))
		out = append(out, fmt.Sprint(values))
	}
	return out
}

func TestRenamingIsBounded(t *testing.T) {
	p := &kernels.Program{Sizes: []int{100, 100}}
	for range 10 {
		p.Calls = append(p.Calls, kernels.Call{Op: kernels.Fill{Len: 100}, Bufs: []kernels.Slot{0}})
	}
	assert.Same(t, p, renamed(p), "nine more slots than two")
	p.Calls = p.Calls[:3]
	assert.Equal(t, []int{100, 100, 100, 100}, renamed(p).Sizes)
}

func TestLanesShareNoScratch(t *testing.T) {
	c := kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 512, H: 4, W: 4, K: 8, R: 1, S: 1, Stride: 1, Dilation: 1}}
	p := &kernels.Program{Sizes: []int{128, 8192, 4096, 128, 8192, 4096}}
	for i := range kernels.Slot(2) {
		p.Calls = append(p.Calls, kernels.Call{Op: c, Bufs: []kernels.Slot{3 * i, 3*i + 1, 3*i + 2}})
	}
	w, err := planner{ordinary, 0, 100}.work(p)
	require.NoError(t, err)
	require.Len(t, w.scratch, 2)
	for _, c := range w.calls {
		assert.Greater(t, c.steps.scratch, 0, fmt.Sprint(c.launches))
	}
	assert.Equal(t, w.calls[0].space(), w.scratch[0])
	assert.Equal(t, w.calls[1].space(), w.scratch[1])
}

// aspp is the pyramid of the paper's segmentor for one image: 1024 channels of
// 16 x 16 pixels. Slot 0 is the image; each branch has a slot for its weights, one
// for its bias and one for its result.
func aspp() *kernels.Program {
	const side, in, out = 16, 1024, 256
	p := &kernels.Program{Sizes: []int{in * side * side}}
	slot := func(n int) kernels.Slot {
		p.Sizes = append(p.Sizes, n)
		return kernels.Slot(len(p.Sizes) - 1)
	}
	conv := func(x kernels.Slot, side, filter, dilation int) kernels.Slot {
		c := kernels.ConvShape{N: 1, C: in, H: side, W: side, K: out, R: filter, S: filter, Stride: 1, Pad: filter / 2 * dilation, Dilation: dilation}
		y, w, b := slot(out*side*side), slot(out*in*filter*filter), slot(out)
		p.Calls = append(p.Calls, kernels.Call{Op: kernels.Conv2D{ConvShape: c, Bias: true, Relu: true}, Bufs: []kernels.Slot{y, x, w, b}})
		return y
	}
	branches := []kernels.Slot{conv(0, side, 1, 1), conv(0, side, 3, 6), conv(0, side, 3, 12), conv(0, side, 3, 18)}
	pooled := slot(in)
	p.Calls = append(p.Calls, kernels.Call{Op: kernels.GlobalAvgPool{N: 1, C: in, HW: side * side}, Bufs: []kernels.Slot{pooled, 0}})
	mean := conv(pooled, 1, 1, 1)
	spread := slot(out * side * side)
	p.Calls = append(p.Calls, kernels.Call{Op: kernels.Resize{N: 1, C: out, H: 1, W: 1, P: side, Q: side}, Bufs: []kernels.Slot{spread, mean}})
	joined := slot(5 * out * side * side)
	p.Calls = append(p.Calls, kernels.Call{
		Op:   kernels.Concat{N: 1, HW: side * side, C: [kernels.MaxConcat]int{out, out, out, out, out}},
		Bufs: append([]kernels.Slot{joined}, append(branches, spread)...),
	})
	return p
}

// chain is the number of launches, and of those that must follow one another.
func (w *work) chain() (launches, longest int) {
	at, last := make([]int, len(w.calls)), map[int]int{}
	for i, c := range w.calls {
		p := w.places[i]
		at[i] = last[p.lane]
		for _, j := range p.after {
			at[i] = max(at[i], at[j])
		}
		at[i] += len(c.launches)
		last[p.lane] = at[i]
		launches, longest = launches+len(c.launches), max(longest, at[i])
	}
	return launches, longest
}

func TestBranchesOfThePyramidRunTogether(t *testing.T) {
	p := aspp()
	require.NoError(t, p.Check())
	w, err := planner{ordinary, 0, 132}.work(p)
	require.NoError(t, err)
	launches, longest := w.chain()
	assert.Equal(t, 13, launches)
	assert.Equal(t, 5, longest, "the mean of the image: pool, two of the convolution, resize, concat")
	assert.Len(t, w.scratch, 5)
}

// A convolution is split as far as the GPU at hand has use for more blocks.
func TestSplitsFollowTheGPU(t *testing.T) {
	dilated := aspp().Calls[1].Op // 4 x 4 tiles of 64 channels and pixels
	for units, want := range map[int]int{132: 16, 46: 5, 20: 2, 14: 1} {
		s, err := planner{ordinary, 0, units}.plan(dilated)
		require.NoError(t, err)
		assert.Equal(t, want, s.launches[0].z, "%d multiprocessors", units)
	}
}
