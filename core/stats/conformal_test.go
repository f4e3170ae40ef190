package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPValue(t *testing.T) {
	c := Conformal{Scores: []float64{1, 2, 2, 3}}
	for s, want := range map[float64]float64{0: 1, 1: 1, 1.5: 0.8, 2: 0.8, 2.5: 0.4, 3: 0.4, 4: 0.2} {
		assert.InDelta(t, want, c.PValue(s), 1e-12, s)
	}
	assert.Equal(t, 1.0, Conformal{}.PValue(3))
}

func TestThreshold(t *testing.T) {
	var c Conformal
	for i := range 99 {
		c.Scores = append(c.Scores, float64(i))
	}
	for rate, want := range map[float64][2]float64{
		0.01: {98, 0.01}, 0.05: {94, 0.05}, 0.07: {92, 0.07}, 0.29: {70, 0.29}, 0.055: {94, 0.05}, 0.999: {0, 0.99},
	} {
		got, exact, err := c.Threshold(rate)
		require.NoError(t, err)
		assert.Equal(t, want[0], got, rate)
		assert.InDelta(t, want[1], exact, 1e-12, rate)
		assert.Greater(t, c.PValue(got), exact, "a score at the threshold is good")
		assert.LessOrEqual(t, c.PValue(got+0.5), exact+1e-12, "one above it is not")
	}
	_, _, err := c.Threshold(0.009)
	var few *TooFewError
	require.ErrorAs(t, err, &few)
	assert.Equal(t, TooFewError{0.009, 99, 111}, *few)
	assert.ErrorContains(t, err, "needs at least 111 validation images, there are 99, which allow a rate of 0.01")
	_, _, err = Conformal{}.Threshold(0.5)
	require.ErrorAs(t, err, &few)
	assert.Equal(t, 1, few.Need)
	for _, rate := range []float64{0, 1, -1, math.NaN()} {
		_, _, err := c.Threshold(rate)
		assert.ErrorContains(t, err, "expected a share between 0 and 1")
	}
}

// TestThresholdNeedsWhatItSays: with Need scores it works, with one less not.
func TestThresholdNeedsWhatItSays(t *testing.T) {
	for _, rate := range []float64{0.5, 0.3, 0.1, 0.05, 0.03, 0.02, 0.01, 0.007, 0.001} {
		_, _, err := Conformal{}.Threshold(rate)
		var few *TooFewError
		require.ErrorAs(t, err, &few)
		_, _, err = Conformal{Scores: make([]float64, few.Need)}.Threshold(rate)
		assert.NoError(t, err, rate)
		_, _, err = Conformal{Scores: make([]float64, few.Need-1)}.Threshold(rate)
		assert.Error(t, err, rate)
	}
}

// TestThresholdHolds: the promise, on scores of any distribution.
func TestThresholdHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	draw := func() float64 { return math.Exp(r.NormFloat64()) }
	alarms, total := 0, 0
	for range 2000 {
		var c Conformal
		for range 39 {
			c.Scores = append(c.Scores, draw())
		}
		slices.Sort(c.Scores)
		limit, _, err := c.Threshold(0.05)
		require.NoError(t, err)
		for range 20 {
			total++
			if draw() > limit {
				alarms++
			}
		}
	}
	// The expected rate is 0.05 exactly; a run strays by some 0.001.
	assert.InDelta(t, 0.05, float64(alarms)/float64(total), 0.005)
}

// TestExtrapolate: the point that a share r exceeds is -ln r for an exponential
// and r^(-1/4) for a Pareto tail x^-4. Many scores find it. Of 60 scores the
// estimates scatter; the median is 4 % above it for the one and 14 % below for
// the other, whose tail is too heavy to show in so few.
func TestExtrapolate(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for _, c := range []struct {
		draw  func() float64
		point func(rate float64) float64
	}{
		{r.ExpFloat64, func(rate float64) float64 { return -math.Log(rate) }},
		{func() float64 { return math.Exp(r.ExpFloat64() / 4) }, func(rate float64) float64 { return math.Pow(rate, -0.25) }},
	} {
		median := func(runs, n int, rate float64) float64 {
			var estimates []float64
			for range runs {
				s := make([]float64, n)
				for i := range s {
					s[i] = c.draw()
				}
				slices.Sort(s)
				e, err := Conformal{s}.Extrapolate(rate)
				require.NoError(t, err)
				assert.GreaterOrEqual(t, e, s[n-1])
				estimates = append(estimates, e)
			}
			return Quantile(estimates, 0.5)
		}
		assert.InEpsilon(t, c.point(1e-4), median(201, 5000, 1e-4), 0.08)
		assert.InEpsilon(t, c.point(0.002), median(2001, 60, 0.002), 0.2)
	}
}

func TestExtrapolateOfFew(t *testing.T) {
	c := Conformal{Scores: []float64{1, 2, 3, 4, 5, 6}}
	loose, err := c.Extrapolate(0.1)
	require.NoError(t, err)
	tight, err := c.Extrapolate(0.01)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, loose, 6.0)
	assert.Greater(t, tight, loose, "a lower rate has a higher threshold")
	same, err := c.Extrapolate(0.5)
	require.NoError(t, err)
	assert.Equal(t, 4.0, same, "a rate that the scores can show is not extrapolated")

	_, err = Conformal{Scores: []float64{1, 2}}.Extrapolate(0.1)
	assert.ErrorContains(t, err, "wants at least 5 scores, got 2")
	_, err = Conformal{Scores: make([]float64, 9)}.Extrapolate(0.01)
	assert.ErrorContains(t, err, "expected some spread")
	_, err = c.Extrapolate(2)
	assert.ErrorContains(t, err, "expected a share")
}
