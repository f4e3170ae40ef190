package train

import "aecsad/kernels"

// Streams keep the draws of different purposes apart.
const (
	streamLabelled uint32 = iota + 1
	streamUnlabelled
	streamTarget
	streamAugment
	streamStudent
	streamJitter
	streamPenalty
	streamAnomaly
	streamLogical
	streamStructural
)

func mix(seed, stream uint32) uint32 {
	return uint32(kernels.Mix64(uint64(seed)<<32|uint64(stream)) >> 32)
}

// draws is a sequence of random numbers that depends on its key only.
type draws struct {
	seed, step uint32
	i          uint64
}

func newDraws(seed, stream uint32, step int) *draws {
	return &draws{seed: mix(seed, stream), step: uint32(step)}
}

// float is in [0,1).
func (d *draws) float() float64 {
	d.i++
	return float64(kernels.Uniform(d.seed, d.step, d.i))
}

// between is in [lo,hi).
func (d *draws) between(lo, hi float64) float64 { return lo + (hi-lo)*d.float() }

// below is a whole number in [0,n).
func (d *draws) below(n int) int { return min(int(d.float()*float64(n)), n-1) }

// shuffle deals 0..n-1 in a fresh random order every n draws: what a shuffled
// loader does that starts over when exhausted.
type shuffle struct {
	n            int
	seed, stream uint32
	epoch        int
	order        []int
}

func newShuffle(n int, seed, stream uint32) *shuffle {
	return &shuffle{n: n, seed: seed, stream: stream, epoch: -1}
}

// at is draw number k.
func (s *shuffle) at(k int) int {
	if epoch := k / s.n; epoch != s.epoch {
		s.epoch, s.order = epoch, make([]int, s.n)
		d := newDraws(s.seed, s.stream, epoch)
		for i := range s.order {
			j := d.below(i + 1)
			s.order[i] = s.order[j]
			s.order[j] = i
		}
	}
	return s.order[k%s.n]
}
