package ops

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

// perfect are probabilities [1,C,C], 1 for the label of each of C pixels.
func perfect(c int) (p, labels []float32) {
	p = make([]float32, c*c)
	for i := 0; i < c; i++ {
		p[i*c+i] = 1
		labels = append(labels, float32(i))
	}
	return p, labels
}

// The reference feeds probabilities to a cross-entropy over logits, where a
// perfect prediction still costs ln(e+C-1) - 1 (spec 5.4 and E).
func TestCrossEntropyOfAPerfectPrediction(t *testing.T) {
	for c, want := range map[int]float64{5: 0.905, 6: 1.044, 8: 1.274} {
		p, labels := perfect(c)
		logits := make([]float32, len(p))
		for i := range p {
			logits[i] = 200 * p[i]
		}
		once := run(t, kernels.Softmax{N: 1, C: c, HW: c}, logits)[0]
		assert.Equal(t, p, once)
		loss := run(t, kernels.CrossEntropy{N: 1, C: c, HW: c}, once, labels)[0][0]
		assert.InDelta(t, math.Log(math.E+float64(c)-1)-1, loss, 1e-6)
		assert.InDelta(t, want, loss, 5e-4)
		assert.Zero(t, run(t, kernels.CrossEntropy{N: 1, C: c, HW: c}, logits, labels)[0][0], "of logits")
	}
}

func TestFocalByHand(t *testing.T) {
	p, labels := perfect(4)
	assert.InDelta(t, 0, run(t, kernels.Focal{N: 1, C: 4, HW: 4}, p, labels)[0][0], 1e-9)
	half := run(t, kernels.Focal{N: 1, C: 2, HW: 1}, []float32{0.5, 0.5}, []float32{1})[0][0]
	pt := 0.5 + 1e-5 // the clamped label sums to 1
	assert.InDelta(t, -(1-pt)*(1-pt)*math.Log(pt), half, 1e-7)
}

func TestDiceOfAnAbsentClass(t *testing.T) {
	// Classes 0 to 3 have one pixel each, class 4 none; all is predicted as 0.
	p := make([]float32, 5*4)
	for i := 0; i < 4; i++ {
		p[i] = 1
	}
	labels := []float32{0, 1, 2, 3}
	// Dice is 2/5 for class 0 and almost 0 for 1 to 3; each weighs a quarter.
	loss := run(t, kernels.Dice{N: 1, C: 5, HW: 4}, p, labels)[0][0]
	assert.InDelta(t, (0.25*0.6+0.75*1)/5, loss, 1e-5)
	// The reference: weight 1-4e-5 on class 4, whose dice is 1e-5/2e-5.
	loss = run(t, kernels.Dice{N: 1, C: 5, HW: 4, Absent: true}, p, labels)[0][0]
	assert.InDelta(t, 0.5/5, loss, 1e-5)
	whole, own := perfect(5)
	// Of a perfect prediction dice is (2+1e-5)/(2+2e-5), a little less than 1.
	assert.InDelta(t, 1e-5/(2+2e-5)/5, run(t, kernels.Dice{N: 1, C: 5, HW: 5}, whole, own)[0][0], 1e-12)
}

func TestHistogramLossAndEntropyByHand(t *testing.T) {
	// Means are 0.5, 0.25, 0.25 and class 0 does not count.
	p, target := []float32{1, 0, 0, 0.5, 0, 0.5}, []float32{9, 0.5, 0.125}
	assert.Equal(t, []float32{0.375}, run(t, kernels.HistogramLoss{N: 1, C: 3, HW: 2}, p, target)[0])
	assert.Equal(t, []float32{0, 0, -1, -1, 1, 1},
		run(t, kernels.HistogramLossBackward{N: 1, C: 3, HW: 2}, []float32{2}, p, target)[0])
	entropy := run(t, kernels.Entropy{Len: 4}, []float32{0.25, 0.25, 0.25, 0.25})[0][0]
	assert.InDelta(t, -0.25*math.Log(0.25+1e-5), entropy, 1e-7)
	weighted := kernels.WeightedSum{Count: 2, Weights: [kernels.MaxConcat]float32{0.5, 10, 99}}
	assert.Equal(t, []float32{32}, run(t, weighted, []float32{4}, []float32{3})[0])
}

// A label outside the classes takes its pixel out of the loss: the rest gives
// what it would give alone.
func TestIgnoredPixelsDoNotCount(t *testing.T) {
	r := seeded()
	c, hw := 3, 8
	p, all := distributions(c, hw)(r, c*hw), append(labels(c, false)(r, hw-2), -1, 255)
	var kept []float32
	for i := 0; i < c; i++ {
		kept = append(kept, p[i*hw:(i+1)*hw-2]...)
	}
	shapes := func(n int) []kernels.Op {
		return []kernels.Op{kernels.CrossEntropy{N: 1, C: c, HW: n}, kernels.Focal{N: 1, C: c, HW: n}, kernels.Dice{N: 1, C: c, HW: n}}
	}
	for i, op := range shapes(hw) {
		want := run(t, shapes(hw - 2)[i], kept, all[:hw-2])[0][0]
		assert.InDelta(t, want, run(t, op, p, all)[0][0], 1e-7, kernels.Name(op))
	}
	assert.Equal(t, []float32{0}, run(t, kernels.CrossEntropy{N: 1, C: 2, HW: 1}, []float32{1, 2}, []float32{-1})[0], "no pixel")
}

func TestSegmentLossGradients(t *testing.T) {
	r := seeded()
	n, c, hw := 2, 3, 5
	x, p := steps(r, n*c*hw, -2, 2), steps(r, n*c*hw, 0.2, 0.9)
	l, gaps := []float32{0, 1, 2, -1, 1, 2, 2, 255, 0, 1}, []float32{0, 0, -1, 2, 0, 1, 3, 1, 1, 1}
	target := steps(r, n*c, 0, 0.2)
	for i := range target { // means of p are between 0.2 and 0.9: targets lie on both sides, none close
		target[i] += float32(i % 2)
	}
	dloss := []float32{1.5}
	for _, k := range []struct {
		forward, backward kernels.Op
		at, with          []float32
	}{
		{kernels.CrossEntropy{N: n, C: c, HW: hw}, kernels.CrossEntropyBackward{N: n, C: c, HW: hw}, x, l},
		{kernels.Focal{N: n, C: c, HW: hw}, kernels.FocalBackward{N: n, C: c, HW: hw}, p, l},
		{kernels.Dice{N: n, C: c, HW: hw}, kernels.DiceBackward{N: n, C: c, HW: hw}, p, l},
		{kernels.Dice{N: n, C: c, HW: hw}, kernels.DiceBackward{N: n, C: c, HW: hw}, p, gaps},
		// Without absent classes, which leave no gradient that float32 losses show.
		{kernels.Dice{N: n, C: c, HW: hw, Absent: true}, kernels.DiceBackward{N: n, C: c, HW: hw, Absent: true}, p, l},
		{kernels.HistogramLoss{N: n, C: c, HW: hw}, kernels.HistogramLossBackward{N: n, C: c, HW: hw}, p, target},
	} {
		checkGradient(t, fmt.Sprintf("%s%+v", kernels.Name(k.forward), k.forward), run(t, k.backward, dloss, k.at, k.with)[0], k.at,
			func(x []float32) float64 { return dot(dloss, run(t, k.forward, x, k.with)[0]) })
	}
	checkGradient(t, "entropy", run(t, kernels.EntropyBackward{Len: len(p)}, dloss, p)[0], p,
		func(p []float32) float64 { return dot(dloss, run(t, kernels.Entropy{Len: len(p)}, p)[0]) })
}
