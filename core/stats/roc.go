package stats

import (
	"math"
	"slices"
	"sort"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// AUROC is the probability that the score of a bad image is above that of a good
// one, equal scores counting one half: the area under the ROC curve. It is NaN
// when one of the lists is empty.
func AUROC(good, bad []float64) float64 {
	if len(good) == 0 || len(bad) == 0 {
		return math.NaN()
	}
	return stat.Mean(placements(bad, good), nil)
}

// placements gives for each value the share of others below it, equal ones
// counting one half.
func placements(values, others []float64) []float64 {
	o := slices.Clone(others)
	slices.Sort(o)
	out := make([]float64, len(values))
	for i, v := range values {
		below := sort.SearchFloat64s(o, v)
		upTo := sort.Search(len(o), func(j int) bool { return o[j] > v })
		out[i] = float64(below+upTo) / 2 / float64(len(o))
	}
	return out
}

// AUROCInterval is a confidence interval of AUROC, level such as 0.95. The
// variance is DeLong's (1988): that of the placements of both lists, each over
// its length. The interval is symmetric on the logit scale, so that it stays
// within [0, 1].
//
// When the lists do not overlap at all, DeLong's variance is 0 and would pretend
// certainty. Then the interval is that of Clopper and Pearson for as many
// successes as the shorter list has images.
//
// Both ends are NaN when a list has fewer than two scores.
func AUROCInterval(good, bad []float64, level float64) (low, high float64) {
	m, n := len(bad), len(good)
	if m < 2 || n < 2 {
		return math.NaN(), math.NaN()
	}
	a := AUROC(good, bad)
	variance := stat.Variance(placements(bad, good), nil)/float64(m) + stat.Variance(placements(good, bad), nil)/float64(n)
	certain := math.Pow((1-level)/2, 1/float64(min(m, n)))
	switch {
	case a == 1:
		return certain, 1
	case a == 0:
		return 0, 1 - certain
	}
	z := distuv.UnitNormal.Quantile((1 + level) / 2)
	half := z * math.Sqrt(variance) / (a * (1 - a))
	center := math.Log(a / (1 - a))
	return logistic(center - half), logistic(center + half)
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// AUPR is the average precision: the sum over all distinct scores, from the
// highest down, of the gain in recall times the precision there. It is NaN when
// there are no bad images.
func AUPR(good, bad []float64) float64 {
	if len(bad) == 0 {
		return math.NaN()
	}
	area, before := 0.0, 0
	thresholds(good, bad, func(_ float64, tp, fp int) {
		area += float64(tp-before) / float64(len(bad)) * float64(tp) / float64(tp+fp)
		before = tp
	})
	return area
}

// F1Max is the best F1 = 2 tp / (2 tp + fp + fn) of any threshold, and the
// highest threshold that reaches it: scores of at least that count as bad. Both
// are NaN when there are no bad images.
func F1Max(good, bad []float64) (f1, threshold float64) {
	if len(bad) == 0 {
		return math.NaN(), math.NaN()
	}
	f1 = -1
	thresholds(good, bad, func(t float64, tp, fp int) {
		if f := 2 * float64(tp) / float64(tp+fp+len(bad)); f > f1 {
			f1, threshold = f, t
		}
	})
	return f1, threshold
}

// thresholds visits the distinct scores from the highest down, with the numbers
// of bad and of good images that score at least as high.
func thresholds(good, bad []float64, visit func(t float64, tp, fp int)) {
	g, b := slices.Clone(good), slices.Clone(bad)
	slices.Sort(g)
	slices.Sort(b)
	i, j := len(g), len(b)
	for i > 0 || j > 0 {
		t := math.Inf(-1)
		if i > 0 {
			t = g[i-1]
		}
		if j > 0 {
			t = max(t, b[j-1])
		}
		for i > 0 && g[i-1] >= t {
			i--
		}
		for j > 0 && b[j-1] >= t {
			j--
		}
		visit(t, len(b)-j, len(g)-i)
	}
}
