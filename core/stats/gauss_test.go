package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/floats"
)

// TestGaussianByHand: two columns with deviations 1 and 2 and three rows.
func TestGaussianByHand(t *testing.T) {
	g, err := FitGaussian([][]float64{{0, 0}, {1, 4}, {2, 2}})
	require.NoError(t, err)
	assert.Equal(t, []float64{1, 2}, g.Mean)
	// Standardised columns are -1 0 1 and -1 1 0, so w is 1 0 0: its squares about
	// the mean add up to 2/3, the variance is 3/8 * 2/3 = 1/4, as is the square of
	// the correlation 1/2. All correlation is shrunk away.
	noise := shareNoise * shareNoise
	assert.InDeltaSlice(t, []float64{1 / (1 + noise), 0, 0, 1 / (4 + noise)}, g.Precision, 1e-12)
	assert.InDelta(t, math.Sqrt(1+1), g.Distance([]float64{2, 4}), 1e-6)
}

// TestGaussianFindsTheCovariance of many rows x = (a, 0.8a + 0.6b) * scale.
func TestGaussianFindsTheCovariance(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var rows [][]float64
	for range 20000 {
		a, b := r.NormFloat64(), r.NormFloat64()
		rows = append(rows, []float64{0.3 + 0.05*a, 0.02 + 0.01*(0.8*a+0.6*b)})
	}
	g, err := FitGaussian(rows)
	require.NoError(t, err)
	// The inverse of [[1 0.8] [0.8 1]] is [[1 -0.8] [-0.8 1]] / 0.36.
	got := []float64{g.Precision[0] * 0.05 * 0.05, g.Precision[1] * 0.05 * 0.01, g.Precision[3] * 0.01 * 0.01}
	for i, want := range []float64{1 / 0.36, -0.8 / 0.36, 1 / 0.36} {
		assert.InEpsilon(t, want, got[i], 0.03, i)
	}
}

// areas are shares of three components, the last of which takes what the second
// leaves; entry 0 is the background, which is always 0, entry 4 a component that
// no good image has.
func areas(n int) [][]float64 {
	r := rand.New(rand.NewPCG(7, 8))
	var rows [][]float64
	for range n {
		b := 0.2 + 0.02*r.NormFloat64()
		rows = append(rows, []float64{0, 0.05 + 0.002*r.NormFloat64(), b, 0.5 - b, 0})
	}
	return rows
}

func TestGaussianOfAreas(t *testing.T) {
	rows := areas(300)
	g, err := FitGaussian(rows)
	require.NoError(t, err)
	good := 0.0
	for _, r := range areas(400)[300:] {
		good = max(good, g.Distance(r))
	}
	assert.Less(t, good, 5.0, "images like those of the fit are near")

	unseen := append([]float64{}, g.Mean...)
	unseen[4] = 0.01
	assert.InDelta(t, 20, g.Distance(unseen), 1e-6, "a component that no good image has")
	shares := g.Contributions(unseen)
	assert.InDelta(t, 400, shares[4], 1e-6)

	missing := append([]float64{}, g.Mean...)
	missing[1] = 0
	assert.Greater(t, g.Distance(missing), 20.0, "a small component is missing")

	// b + c never varied. The weight of that is bounded, unlike in a pseudo-inverse:
	// a deviation of d counts for at most d / shareNoise.
	sum := append([]float64{}, g.Mean...)
	sum[2], sum[3] = sum[2]+0.003, sum[3]+0.003
	assert.LessOrEqual(t, g.Distance(sum), 0.003*math.Sqrt2/shareNoise*(1+1e-9))

	x := []float64{0, 0.06, 0.25, 0.22, 0.001}
	assert.InDelta(t, math.Pow(g.Distance(x), 2), floats.Sum(g.Contributions(x)), 1e-9)
	assert.Zero(t, g.Contributions(x)[0])
	assert.Zero(t, g.Distance(g.Mean))
}

// TestGaussianSurvivesRounding: the model file holds float32.
func TestGaussianSurvivesRounding(t *testing.T) {
	g, err := FitGaussian(areas(40))
	require.NoError(t, err)
	rounded := &Gaussian{Mean: g.Mean, Precision: make([]float64, len(g.Precision))}
	for i, v := range g.Precision {
		rounded.Precision[i] = float64(float32(v))
	}
	for _, x := range areas(60) {
		assert.InDelta(t, g.Distance(x), rounded.Distance(x), 1e-3)
	}
}

func TestGaussianOfFewRows(t *testing.T) {
	g, err := FitGaussian([][]float64{{0.1, 0.2}, {0.1, 0.2}})
	require.NoError(t, err)
	assert.InDelta(t, 2, g.Distance([]float64{0.101, 0.2}), 1e-9)

	for want, rows := range map[string][][]float64{
		"got 1 rows":                      {{1}},
		"got 2 rows":                      {{}, {}},
		"row 1 has 1 numbers, expected 2": {{1, 2}, {1}},
		"row 1: number 0 is +Inf":         {{1}, {math.Inf(1)}},
	} {
		_, err := FitGaussian(rows)
		assert.ErrorContains(t, err, want)
	}
	assert.True(t, math.IsNaN(g.Distance([]float64{1})))
	assert.Nil(t, g.Contributions(nil))
}
