// Package stats holds the statistics of calibration and evaluation: quantiles,
// normalisation, the Gaussian of component areas, conformal thresholds and the
// areas under curves.
package stats

import (
	"math"
	"slices"
)

// Quantile is the value at rank q*(n-1) of the sorted values, q in [0, 1], with
// linear interpolation between neighbours (spec appendix A). It is NaN for no
// values.
func Quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Clone(values)
	slices.Sort(v)
	i, t := rank(len(v), q)
	if t == 0 {
		return v[i]
	}
	return v[i] + t*(v[i+1]-v[i])
}

// QuantileFloat32 is Quantile of many float32 values. It selects instead of
// sorting, since a data set's anomaly maps have millions of them.
func QuantileFloat32(values []float32, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Clone(values)
	i, t := rank(len(v), q)
	selectRank(v, i)
	if t == 0 {
		return float64(v[i])
	}
	low, high := float64(v[i]), float64(slices.Min(v[i+1:]))
	return low + t*(high-low)
}

// rank splits q*(n-1) into the index of the lower neighbour and the weight of
// the upper one, which is 0 at the last index.
func rank(n int, q float64) (i int, t float64) {
	r := min(max(q, 0), 1) * float64(n-1)
	i = int(r)
	return i, r - float64(i)
}

// selectRank moves the value of rank k to v[k], smaller ones before and larger
// ones behind it: quickselect with three parts, so that ties cost nothing. Input
// that defeats the choice of pivots gets sorted instead.
func selectRank(v []float32, k int) {
	lo, hi := 0, len(v)
	for rounds := 64; hi-lo > 16 && rounds > 0; rounds-- {
		below, above := partition(v[lo:hi], median3(v[lo], v[lo+(hi-lo)/2], v[hi-1]))
		switch below, above = lo+below, lo+above; {
		case k < below:
			hi = below
		case k >= above:
			lo = above
		default:
			return
		}
	}
	slices.Sort(v[lo:hi])
}

func median3(a, b, c float32) float32 {
	return max(min(a, b), min(max(a, b), c))
}

// partition orders v into < p, == p, > p and returns where the last two begin.
func partition(v []float32, p float32) (below, above int) {
	above = len(v)
	for i := 0; i < above; {
		switch {
		case v[i] < p:
			v[i], v[below] = v[below], v[i]
			below++
			i++
		case v[i] > p:
			above--
			v[i], v[above] = v[above], v[i]
		default:
			i++
		}
	}
	return below, above
}
