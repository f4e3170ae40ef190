package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// split separates scores by their labels.
func split(labels []int, scores []float64) (good, bad []float64) {
	for i, s := range scores {
		if labels[i] == 1 {
			bad = append(bad, s)
		} else {
			good = append(good, s)
		}
	}
	return good, bad
}

// TestAgainstScikitLearn: roc_auc_score and average_precision_score of version
// 1.2.1, with ties.
func TestAgainstScikitLearn(t *testing.T) {
	for _, c := range []struct {
		labels    []int
		scores    []float64
		auroc, ap float64
	}{
		{[]int{0, 0, 1, 1}, []float64{0.1, 0.4, 0.35, 0.8}, 0.75, 0.8333333333333333},
		{[]int{0, 0, 0, 1, 1, 1}, []float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, 0.5, 0.5},
		{[]int{0, 1, 0, 1, 1, 0, 0, 1}, []float64{0.1, 0.9, 0.9, 0.3, 0.3, 0.3, 0.2, 0.9}, 0.75, 0.6666666666666666},
		{[]int{0, 0, 0, 0, 1}, []float64{1, 2, 2, 3, 2}, 0.5, 0.25},
		{[]int{1, 0, 1, 0}, []float64{3, 1, 2, 2}, 0.875, 0.8333333333333333},
	} {
		good, bad := split(c.labels, c.scores)
		assert.InDelta(t, c.auroc, AUROC(good, bad), 1e-15)
		assert.InDelta(t, c.ap, AUPR(good, bad), 1e-15)
	}
}

// TestTies: the Mann-Whitney statistic with half ties.
func TestTies(t *testing.T) {
	for _, c := range []struct {
		good, bad []float64
		want      float64
	}{
		{[]float64{0.1, 0.2, 0.3}, []float64{0.25, 0.4}, 0.8333333333333334},
		{[]float64{1}, []float64{1}, 0.5},
		{[]float64{0, 0, 0, 0}, []float64{0, 0}, 0.5},
		{[]float64{0.1, 0.5, 0.5, 0.7}, []float64{0.5, 0.9}, 0.75},
		{[]float64{0.5, 0.5}, []float64{0.5, 0.5, 0.9}, 0.6666666666666666},
		{[]float64{1, 2, 3}, []float64{3, 4, 5}, 0.9444444444444444},
		{[]float64{1, 2, 2, 3}, []float64{2, 2, 3, 4}, 0.71875},
		{[]float64{9, 9}, []float64{12, 14, 12}, 1},
	} {
		assert.InDelta(t, c.want, AUROC(c.good, c.bad), 1e-15)
		assert.InDelta(t, 1-c.want, AUROC(c.bad, c.good), 1e-15)
	}
	assert.True(t, math.IsNaN(AUROC(nil, []float64{1})))
	assert.True(t, math.IsNaN(AUROC([]float64{1}, nil)))
}

// TestDeLongByHand: placements of bad 1/2 1 1, of good 0 1/3.
func TestDeLongByHand(t *testing.T) {
	good, bad := []float64{1, 3}, []float64{2, 4, 5}
	a := 5.0 / 6
	// Variances: of 1/2 1 1 it is 1/12, over 3; of 0 1/3 it is 1/18, over 2.
	half := 1.959963984540054 * math.Sqrt(1.0/36+1.0/36) / (a * (1 - a))
	low, high := AUROCInterval(good, bad, 0.95)
	assert.InDelta(t, 1/(1+math.Exp(half)/5), low, 1e-9)
	assert.InDelta(t, 1/(1+math.Exp(-half)/5), high, 1e-9)
}

// TestIntervalCovers: 95 % intervals hold the true area of two Gaussians one
// deviation apart, Phi(1/sqrt 2) = 0.7602, about 95 times of 100.
func TestIntervalCovers(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	inside := 0
	const runs = 2000
	for range runs {
		good, bad := make([]float64, 25), make([]float64, 20)
		for i := range good {
			good[i] = r.NormFloat64()
		}
		for i := range bad {
			bad[i] = 1 + r.NormFloat64()
		}
		low, high := AUROCInterval(good, bad, 0.95)
		if low <= 0.76025 && 0.76025 <= high {
			inside++
		}
	}
	assert.InDelta(t, 0.95, float64(inside)/runs, 0.02)
}

func TestIntervalWithoutOverlap(t *testing.T) {
	good, bad := []float64{1, 2, 3, 4}, []float64{5, 6, 7}
	low, high := AUROCInterval(good, bad, 0.95)
	assert.InDelta(t, math.Cbrt(0.025), low, 1e-12)
	assert.Equal(t, 1.0, high)
	low, high = AUROCInterval(bad, good, 0.95)
	assert.Zero(t, low)
	assert.InDelta(t, 1-math.Cbrt(0.025), high, 1e-12)
	low, high = AUROCInterval([]float64{1}, bad, 0.95)
	assert.True(t, math.IsNaN(low) && math.IsNaN(high))
}

func TestF1Max(t *testing.T) {
	for _, c := range []struct {
		labels        []int
		scores        []float64
		f1, threshold float64
	}{
		{[]int{0, 0, 0, 1, 1}, []float64{2.3, 1.6, 2.6, 7.9, 3.3}, 1, 3.3},
		{[]int{1, 0, 0, 0}, []float64{4, 3, 2, 1}, 1, 4},
		{[]int{0, 1, 1, 1}, []float64{0.1, 0.5, 0.9, 0.1}, 6.0 / 7, 0.1},
	} {
		good, bad := split(c.labels, c.scores)
		f1, at := F1Max(good, bad)
		assert.InDelta(t, c.f1, f1, 1e-15)
		assert.Equal(t, c.threshold, at)
	}
	f1, at := F1Max([]float64{1}, nil)
	assert.True(t, math.IsNaN(f1) && math.IsNaN(at))
	assert.True(t, math.IsNaN(AUPR([]float64{1}, nil)))
}
