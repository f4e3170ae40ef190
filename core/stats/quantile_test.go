package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQuantile(t *testing.T) {
	v := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, 1: 4, 0.5: 2.5, 0.2: 1.6, 1.0 / 3: 2, -1: 1, 2: 4} {
		assert.InDelta(t, want, Quantile(v, q), 1e-12, q)
	}
	assert.Equal(t, []float64{4, 1, 3, 2}, v, "the input stays as it was")
	assert.Equal(t, 7.0, Quantile([]float64{7}, 0.3))
	assert.True(t, math.IsNaN(Quantile(nil, 0.5)))
	assert.True(t, math.IsNaN(QuantileFloat32(nil, 0.5)))
}

// TestSelectionAgreesWithSorting on random, tied, sorted and constant values.
func TestSelectionAgreesWithSorting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{1, 2, 3, 17, 100, 4097} {
		for _, make := range []func(i int) float32{
			func(int) float32 { return r.Float32() },
			func(int) float32 { return float32(r.IntN(4)) },
			func(i int) float32 { return float32(i) },
			func(i int) float32 { return float32(-i) },
			func(i int) float32 { return float32(min(i, n-i)) },
			func(int) float32 { return 3 },
		} {
			var v []float32
			var wide []float64
			for i := range n {
				v = append(v, make(i))
				wide = append(wide, float64(v[i]))
			}
			before := slices.Clone(v)
			for _, q := range []float64{0, 0.1, 0.5, 0.9, 0.995, 1} {
				require.Equal(t, Quantile(wide, q), QuantileFloat32(v, q), "n %d q %v", n, q)
			}
			require.Equal(t, before, v, "the input stays as it was")
		}
	}
}

func TestFitZScore(t *testing.T) {
	// q20 = 2.8 and q80 = 8.2 of 1..10: 3..8 are kept, mean 5.5, variance 35/12.
	v := []float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	z, err := FitZScore(v)
	require.NoError(t, err)
	assert.InDelta(t, 5.5, z.Mean, 1e-12)
	assert.InDelta(t, math.Sqrt(35.0/12), z.Std, 1e-12)
	assert.InDelta(t, 1/z.Std, z.Apply(6.5), 1e-12)
	assert.Equal(t, 10.0, v[0], "the input stays as it was")

	// The cut is strict: of 0 0 1 2 2 the quantiles are 0 and 2.
	z, err = FitZScore([]float64{0, 0, 1, 2, 2})
	require.NoError(t, err)
	assert.Equal(t, 1.0, z.Mean)
	assert.InDelta(t, 0.1*math.Sqrt(0.8), z.Std, 1e-12, "a tenth of the spread of all")

	// Nothing is strictly between: all values count.
	z, err = FitZScore([]float64{1, 3})
	require.NoError(t, err)
	assert.Equal(t, ZScore{2, 1}, z)
	z, err = FitZScore([]float64{5, 5, 5, 5})
	require.NoError(t, err)
	assert.Equal(t, ZScore{5, 5e-3}, z)
	z, err = FitZScore([]float64{0})
	require.NoError(t, err)
	assert.Equal(t, ZScore{0, 1e-6}, z)

	_, err = FitZScore(nil)
	assert.ErrorContains(t, err, "got none")
	_, err = FitZScore([]float64{1, math.NaN()})
	assert.ErrorContains(t, err, "score 1 is NaN")
}
