package calibrate

import (
	"math"

	"aecsad/kernels"
)

// DefaultTolerance is what a precision may change unless Options say otherwise: a hundredth
// of the spread of what scores are made of.
const DefaultTolerance = 0.01

// mayFlip is the share of the pixels whose class may differ on the probes: half of what may
// in other images, a thousandth. It does not grow with the tolerance, because a few pixels
// can make or break a region.
const mayFlip = 0.0005

// budget is what all stages together may do to the probes.
type budget harm

func budgetOf(tolerance float64) budget { return budget{mayFlip, tolerance} }

// share is how much of the budget a harm takes.
func (b budget) share(h harm) float64 { return max(h.flips/b.flips, h.moves/b.moves) }

// part is a smaller budget.
func (b budget) part(share float64) budget { return budget{b.flips * share, b.moves * share} }

// pace is about how long a multiply-add takes on a CPU that has all precisions: one with AMX,
// and one with AVX-512 BF16 and VNNI, of those convolutions that gain by them.
var pace = map[string]float64{kernels.Int8: 1, kernels.BFloat16: 1.75, kernels.Float32: 3}

// trial is a stage, its multiply-adds, what it does in each precision, the fastest first,
// and the precision that it has.
type trial struct {
	stage string
	work  float64
	harms []harm
	level int
}

// sum is what some stages take of a budget together, and their time. Flips add up, and
// roundings of different stages, which are independent, as squares.
type sum struct{ flips, squares, time float64 }

func (s sum) with(b budget, t trial, level int, precision string) sum {
	h := t.harms[level]
	return sum{
		flips:   s.flips + h.flips/b.flips,
		squares: s.squares + h.moves*h.moves/(b.moves*b.moves),
		time:    s.time + t.work*pace[precision],
	}
}

// fastest gives the stages the levels that take the least time of all that stay within the
// budget. Precisions are those of the levels.
func (b budget) fastest(trials []trial, precisions []string) {
	levels, best := make([]int, len(trials)), sum{time: math.Inf(1)}
	var from func(i int, s sum)
	from = func(i int, s sum) {
		if s.flips > 1 || s.squares > 1 || s.time >= best.time {
			return
		}
		if i == len(trials) {
			best = s
			for k, level := range levels {
				trials[k].level = level
			}
			return
		}
		for level, precision := range precisions {
			levels[i] = level
			from(i+1, s.with(b, trials[i], level, precision))
		}
	}
	from(0, sum{})
}
