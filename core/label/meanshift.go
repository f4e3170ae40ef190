package label

import (
	"cmp"
	"math"
	"slices"
)

// Numbers of scikit-learn's MeanShift.
const (
	shiftRounds = 300
	shiftStop   = 1e-3 // of the bandwidth
)

// points are vectors of one length with a weight each; nil weights are all one.
type points struct {
	at     [][]float64
	weight []float64
}

func (p points) weightOf(i int) float64 {
	if p.weight == nil {
		return 1
	}
	return p.weight[i]
}

func distance(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// meanShift finds the modes of points as scikit-learn does (spec A): every seed
// moves to the mean of the points within the bandwidth until it hardly moves;
// then modes are ranked by the weight around them, and those within the
// bandwidth of a better one are dropped.
func meanShift(p points, seeds [][]float64, bandwidth float64) [][]float64 {
	type mode struct {
		at     []float64
		weight float64
	}
	var modes []mode
	for _, s := range seeds {
		if at, weight := p.climb(s, bandwidth); weight > 0 {
			modes = append(modes, mode{at, weight})
		}
	}
	slices.SortFunc(modes, func(a, b mode) int {
		if a.weight != b.weight {
			return cmp.Compare(b.weight, a.weight)
		}
		return slices.Compare(b.at, a.at)
	})
	var kept [][]float64
	for _, m := range modes {
		near := func(k []float64) bool { return distance(k, m.at) <= bandwidth }
		if !slices.ContainsFunc(kept, near) {
			kept = append(kept, m.at)
		}
	}
	return kept
}

// climb moves a seed to its mode; the weight is that of the points around it.
func (p points) climb(seed []float64, bandwidth float64) (at []float64, weight float64) {
	at = slices.Clone(seed)
	next := make([]float64, len(seed))
	for range shiftRounds + 1 {
		clear(next)
		weight = 0
		for i, x := range p.at {
			if distance(x, at) > bandwidth {
				continue
			}
			w := p.weightOf(i)
			weight += w
			for k, v := range x {
				next[k] += w * v
			}
		}
		if weight == 0 {
			return at, 0
		}
		for k := range next {
			next[k] /= weight
		}
		moved := distance(next, at)
		at, next = next, at
		if moved < shiftStop*bandwidth {
			break
		}
	}
	return at, weight
}

// nearest is the index of the centre closest to x, and -1 without centres.
func nearest(centres [][]float64, x []float64) int {
	best, least := -1, math.Inf(1)
	for i, c := range centres {
		if d := distance(c, x); d < least {
			best, least = i, d
		}
	}
	return best
}

// binSeeds are the corners, multiples of size, that at least minimum points round
// to; in the order of the points.
func binSeeds(at [][]float64, size float64, minimum int) [][]float64 {
	var seeds [][]float64
	counts := map[string]int{}
	for _, x := range at {
		corner := make([]float64, len(x))
		key := make([]byte, 0, 8*len(x))
		for k, v := range x {
			n := math.RoundToEven(v / size)
			corner[k] = n * size
			for s := range 8 {
				key = append(key, byte(int64(n)>>(8*s)))
			}
		}
		counts[string(key)]++
		if counts[string(key)] == minimum {
			seeds = append(seeds, corner)
		}
	}
	return seeds
}

// estimateBandwidth is the mean distance of points from the farthest of the
// share of all points that are nearest to them, themselves included.
func estimateBandwidth(at [][]float64, share float64) float64 {
	k := max(int(float64(len(at))*share), 1)
	sum := 0.0
	d := make([]float64, len(at))
	for _, x := range at {
		for j, y := range at {
			d[j] = distance(x, y)
		}
		slices.Sort(d)
		sum += d[k-1]
	}
	return sum / float64(len(at))
}
