package ref

import (
	"math"

	"gorgonia.org/tensor"

	"aecsad/kernels"
)

// small keeps logarithms and quotients of the segmentation losses finite.
const small = 1e-5

// labelled calls f with the channels and the label of every pixel of x[N,C,HW]
// whose label is a class, and returns their number. A mean over no pixels is
// taken as 0: divide by max(count, 1).
func labelled(x, labels *tensor.Dense, f func(n, i, label int, values []float64)) (count int) {
	pixels(x, func(n, i int, values []float64) {
		if label := class(part(labels, n)[i], len(values)); label >= 0 {
			f(n, i, label, values)
			count++
		}
	})
	return count
}

// labelCount is the number of pixels whose label is one of the classes.
func labelCount(labels []float32, classes int) (count int) {
	for _, label := range labels {
		if class(label, classes) >= 0 {
			count++
		}
	}
	return count
}

func crossEntropy(o kernels.CrossEntropy, a args) {
	sum := 0.0
	x, labels := a.shaped(1, o.N, o.C, o.HW), a.shaped(2, o.N, o.HW)
	count := labelled(x, labels, func(_, _, label int, values []float64) {
		sum += logSumExp(values) - values[label]
	})
	a.flat(0)[0] = float32(sum / float64(max(count, 1)))
}

// logSumExp is ln sum exp(values), so that -ln softmax(values)[c] is
// logSumExp(values) - values[c] even where the softmax underflows.
func logSumExp(values []float64) float64 {
	largest, sum := math.Inf(-1), 0.0
	for _, v := range values {
		largest = max(largest, v)
	}
	for _, v := range values {
		sum += math.Exp(v - largest)
	}
	return largest + math.Log(sum)
}

func crossEntropyBackward(o kernels.CrossEntropyBackward, a args) {
	clear(a.flat(0))
	dx, x, labels := a.shaped(0, o.N, o.C, o.HW), a.shaped(2, o.N, o.C, o.HW), a.shaped(3, o.N, o.HW)
	gain := float64(a.flat(1)[0]) / float64(max(labelCount(a.flat(3), o.C), 1))
	labelled(x, labels, func(n, i, label int, values []float64) {
		exponentials(values)
		values[label]--
		for c, v := range values {
			part(dx, n, c)[i] = float32(gain * v)
		}
	})
}

// clamped is entry c of the one-hot vector of label, clamped to
// [small/(classes-1), 1-small].
func clamped(c, label, classes int) float64 {
	if c == label {
		return 1 - small
	}
	return small / float64(classes-1)
}

// truth is pt, the probability that a prediction gives to the clamped label.
func truth(label int, probabilities []float64) float64 {
	pt := small
	for c, p := range probabilities {
		pt += clamped(c, label, len(probabilities)) * p
	}
	return pt
}

func focal(o kernels.Focal, a args) {
	sum := 0.0
	p, labels := a.shaped(1, o.N, o.C, o.HW), a.shaped(2, o.N, o.HW)
	count := labelled(p, labels, func(_, _, label int, values []float64) {
		pt := truth(label, values)
		sum -= (1 - pt) * (1 - pt) * math.Log(pt)
	})
	a.flat(0)[0] = float32(sum / float64(max(count, 1)))
}

// d/dpt of -(1-pt)^2 ln pt is 2(1-pt) ln pt - (1-pt)^2/pt.
func focalBackward(o kernels.FocalBackward, a args) {
	clear(a.flat(0))
	dp, p, labels := a.shaped(0, o.N, o.C, o.HW), a.shaped(2, o.N, o.C, o.HW), a.shaped(3, o.N, o.HW)
	gain := float64(a.flat(1)[0]) / float64(max(labelCount(a.flat(3), o.C), 1))
	labelled(p, labels, func(n, i, label int, values []float64) {
		pt := truth(label, values)
		slope := 2*(1-pt)*math.Log(pt) - (1-pt)*(1-pt)/pt
		for c := range values {
			part(dp, n, c)[i] = float32(gain * slope * clamped(c, label, o.C))
		}
	})
}

// overlaps holds, for one sample and each class, what dice is made of; only
// labelled pixels count.
type overlaps struct {
	both   []float64 // sum Y*p
	sum    []float64 // sum p
	area   []float64 // sum Y
	weight []float64 // w_c
}

// dice is (2*both + small) / (sum + area + 2*small) of a class.
func (s overlaps) dice(c int) float64 { return (2*s.both[c] + small) / s.size(c) }

func (s overlaps) size(c int) float64 { return s.sum[c] + s.area[c] + 2*small }

// measure gathers the overlaps of every sample.
func measure(p, labels *tensor.Dense, absent bool) []overlaps {
	classes := p.Shape()[1]
	all := make([]overlaps, p.Shape()[0])
	for n := range all {
		vector := func() []float64 { return make([]float64, classes) }
		all[n] = overlaps{vector(), vector(), vector(), vector()}
	}
	labelled(p, labels, func(n, _, label int, values []float64) {
		all[n].both[label] += values[label]
		all[n].area[label]++
		for c, v := range values {
			all[n].sum[c] += v
		}
	})
	for _, s := range all {
		total := 0.0
		for c, area := range s.area {
			if area > 0 || absent {
				s.weight[c] = 1 / (area + small)
				total += s.weight[c]
			}
		}
		for c := range s.weight {
			if total > 0 {
				s.weight[c] /= total
			}
		}
	}
	return all
}

func dice(o kernels.Dice, a args) {
	sum := 0.0
	for _, s := range measure(a.shaped(1, o.N, o.C, o.HW), a.shaped(2, o.N, o.HW), o.Absent) {
		for c, w := range s.weight {
			sum += w * (1 - s.dice(c))
		}
	}
	a.flat(0)[0] = float32(sum / float64(o.N*o.C))
}

// d dice_c / dp[c,i] = (2*Y[c,i] - dice_c) / (sum + area + 2*small).
func diceBackward(o kernels.DiceBackward, a args) {
	clear(a.flat(0))
	dp, p, labels := a.shaped(0, o.N, o.C, o.HW), a.shaped(2, o.N, o.C, o.HW), a.shaped(3, o.N, o.HW)
	gain := float64(a.flat(1)[0]) / float64(o.N*o.C)
	all := measure(p, labels, o.Absent)
	labelled(p, labels, func(n, i, label int, values []float64) {
		s := all[n]
		for c := range values {
			slope := -s.dice(c)
			if c == label {
				slope += 2
			}
			part(dp, n, c)[i] = float32(-gain * s.weight[c] * slope / s.size(c))
		}
	})
}

func histogramLoss(o kernels.HistogramLoss, a args) {
	p, target, sum := a.shaped(1, o.N, o.C, o.HW), a.shaped(2, o.N, o.C), 0.0
	for n := 0; n < o.N; n++ {
		for c := 1; c < o.C; c++ {
			sum += math.Abs(float64(part(target, n)[c]) - mean(part(p, n, c)))
		}
	}
	a.flat(0)[0] = float32(sum / float64(o.N))
}

func histogramLossBackward(o kernels.HistogramLossBackward, a args) {
	clear(a.flat(0))
	dp, p, target := a.shaped(0, o.N, o.C, o.HW), a.shaped(2, o.N, o.C, o.HW), a.shaped(3, o.N, o.C)
	step := float64(a.flat(1)[0]) / float64(o.N*o.HW)
	for n := 0; n < o.N; n++ {
		for c := 1; c < o.C; c++ {
			slope, difference := 0.0, float64(part(target, n)[c])-mean(part(p, n, c))
			if difference > 0 {
				slope = -step
			} else if difference < 0 {
				slope = step
			}
			to := part(dp, n, c)
			for i := range to {
				to[i] = float32(slope)
			}
		}
	}
}

func entropy(o kernels.Entropy, a args) {
	sum := 0.0
	for _, p := range widened(a.flat(1)) {
		sum -= p * math.Log(p+small)
	}
	a.flat(0)[0] = float32(sum / float64(o.Len))
}

func entropyBackward(o kernels.EntropyBackward, a args) {
	dp, gain := a.flat(0), float64(a.flat(1)[0])/float64(o.Len)
	for i, p := range widened(a.flat(2)) {
		dp[i] = float32(-gain * (math.Log(p+small) + p/(p+small)))
	}
}

func weightedSum(o kernels.WeightedSum, a args) {
	sum := 0.0
	for i := 0; i < o.Count; i++ {
		sum += float64(o.Weights[i]) * float64(a.flat(1 + i)[0])
	}
	a.flat(0)[0] = float32(sum)
}
