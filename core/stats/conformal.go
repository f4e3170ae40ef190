package stats

import (
	"errors"
	"fmt"
	"math"
	"sort"
)

// Conformal judges a score by those of n good images that the model was not
// trained on. If a further good image is of the same kind as they, each of the
// n+1 ranks is equally likely for it, whatever the distribution of the scores.
type Conformal struct {
	Scores []float64 // ascending
}

// PValue is (1 + number of Scores >= s) / (n + 1): the probability that a good
// image looks at least as odd as s, at most.
func (c Conformal) PValue(s float64) float64 {
	n := len(c.Scores)
	return float64(1+n-sort.SearchFloat64s(c.Scores, s)) / float64(n+1)
}

// rounding lets a rate such as 0.07 of 100 be 7 although floats make it a little
// less.
const rounding = 1e-9

// Threshold is the lowest score that good images exceed at a rate of at most
// rate: the k-th largest of Scores, k = floor(rate (n+1)). Exact is the rate
// that it stands for, k/(n+1). Scores above it are those with a p-value of at
// most exact. The error is a *TooFewError when k is 0.
func (c Conformal) Threshold(rate float64) (t, exact float64, err error) {
	if !(rate > 0 && rate < 1) {
		return 0, 0, fmt.Errorf("rate is %v, expected a share between 0 and 1", rate)
	}
	n := len(c.Scores)
	k := min(int(math.Floor(rate*float64(n+1)+rounding)), n)
	if k < 1 {
		return 0, 0, &TooFewError{Rate: rate, Have: n, Need: int(math.Ceil(1/rate-rounding)) - 1}
	}
	return c.Scores[n-k], float64(k) / float64(n+1), nil
}

// TooFewError says that there are too few validation images for a false-alarm
// rate: n of them cannot show rates below 1/(n+1).
type TooFewError struct {
	Rate       float64
	Have, Need int // validation images
}

func (e *TooFewError) Error() string {
	lowest := "none"
	if e.Have > 0 {
		lowest = fmt.Sprintf("a rate of %.3g", 1/float64(e.Have+1))
	}
	return fmt.Sprintf("a false-alarm rate of %.3g needs at least %d validation images, there are %d, which allow %s; "+
		"add good images, choose a higher rate, or allow extrapolation", e.Rate, e.Need, e.Have, lowest)
}

// MinExtrapolate is the smallest number of scores that Extrapolate takes.
const MinExtrapolate = 5

// The tail is fitted to the excesses of this share of the scores, but to at
// least so many of them.
const (
	tailShare = 0.2
	tailLeast = 10
)

// Extrapolate is Threshold for rates below what the scores can show. It is an
// estimate, not a guarantee: the upper tail is taken for a generalised Pareto
// distribution. With u a high score, y the excesses over u of the m scores above
// it and z = m/n,
//
//	P(score > u + y) = z (1 + g y / s)^(-1/g)
//
// where shape g and scale s follow from the probability-weighted moments
// a0 = mean(y) and a1 = mean of y_(i) (1 - (i-0.35)/m) (Hosking and Wallis 1987).
// g is held in [0, 1/2]: below 0 the scores would have an upper end, which a
// handful of them cannot show, and above 1/2 they would have no variance. The
// result is never below the largest score. From some 60 scores it is right to
// about a fifth in the median, and a single estimate strays further.
func (c Conformal) Extrapolate(rate float64) (float64, error) {
	t, _, err := c.Threshold(rate)
	var few *TooFewError
	if !errors.As(err, &few) {
		return t, err
	}
	n := len(c.Scores)
	if n < MinExtrapolate {
		return 0, fmt.Errorf("extrapolation wants at least %d scores, got %d", MinExtrapolate, n)
	}
	m := min(max(int(tailShare*float64(n)), tailLeast), n-1)
	u, top := c.Scores[n-m-1], c.Scores[n-m:]
	a0, a1 := 0.0, 0.0
	for i, s := range top {
		y := (s - u) / float64(m)
		a0 += y
		a1 += y * (1 - (float64(i)+0.65)/float64(m))
	}
	if !(a0 > 0) {
		return 0, fmt.Errorf("the %d largest scores are all %v, expected some spread to extrapolate from", m+1, u)
	}
	shape := 0.5 // where the moments ask for infinitely heavy tails
	if d := a0 - 2*a1; d > 0 {
		shape = min(max(2-a0/d, 0), 0.5)
	}
	scale := a0 * (1 - shape) // keeps the mean of the excesses
	fall := math.Log(float64(m) / float64(n) / rate)
	excess := scale * fall // the limit of the formula below for shape 0
	if shape > 1e-6 {
		excess = scale / shape * math.Expm1(shape*fall)
	}
	return max(u+excess, c.Scores[n-1]), nil
}
