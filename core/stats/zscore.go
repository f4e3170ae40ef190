package stats

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// ZScore brings scores of different scales to one: (v - Mean) / Std.
type ZScore struct {
	Mean float64 `json:"mean"`
	Std  float64 `json:"std"`
}

// Apply normalises a score.
func (z ZScore) Apply(v float64) float64 { return (v - z.Mean) / z.Std }

// The smallest standard deviations that FitZScore returns. One of zero would be
// a division by zero, and one of nearly zero lets the branch that it belongs to
// drown the other: when most validation images tie, a difference of one pixel
// would count as thousands of deviations.
const (
	leastOfSpread = 0.1  // of the deviation of all scores; a Gaussian's middle 60 % has 0.46
	leastOfMean   = 1e-3 // of the mean: what the arithmetic of a score is good for
	leastStd      = 1e-6
)

// FitZScore takes mean and population standard deviation of the values strictly
// between the 20 % and the 80 % quantile (spec section 7). Where ties leave none,
// it takes all values.
func FitZScore(values []float64) (ZScore, error) {
	if len(values) == 0 {
		return ZScore{}, fmt.Errorf("normalisation wants at least 1 score, got none")
	}
	if err := checkFinite("score", values); err != nil {
		return ZScore{}, err
	}
	low, high := Quantile(values, 0.2), Quantile(values, 0.8)
	kept := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return v <= low || v >= high })
	if len(kept) == 0 {
		kept = values
	}
	mean, std := stat.PopMeanStdDev(kept, nil)
	_, spread := stat.PopMeanStdDev(values, nil)
	return ZScore{Mean: mean, Std: max(std, leastOfSpread*spread, leastOfMean*math.Abs(mean), leastStd)}, nil
}

func checkFinite(what string, values []float64) error {
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s %d is %v, expected finite numbers", what, i, v)
		}
	}
	return nil
}
