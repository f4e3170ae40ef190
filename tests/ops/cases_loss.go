package ops

import "aecsad/kernels"

func featureLossCases() []Case {
	var cases []Case
	for _, n := range append([]int{70001}, lengths...) {
		cases = append(cases,
			of(kernels.MeanSquare{Len: n}), of(kernels.MeanSquareBackward{Len: n}),
			of(kernels.MSE{Len: n}), of(kernels.MSEBackward{Len: n}))
		for _, q := range []float32{0, 0.37, 0.999, 1} {
			cases = append(cases, of(kernels.HardFeature{Len: n, Quantile: q}))
		}
		// Small integers put many equal values at the threshold.
		cases = append(cases, of(kernels.HardFeature{Len: n, Quantile: 0.5}, whole(-2, 2), whole(-2, 2)),
			of(kernels.HardFeature{Len: n, Quantile: 0.25}, list(1), list(1)),
			of(kernels.HardFeatureBackward{Len: n}, signed(), list(0.25, 3), whole(0, 1), signed(), signed()))
	}
	return cases
}

func segmentLossCases() []Case {
	var cases []Case
	for i, hw := range append([]int{5000}, lengths...) {
		n, c := 1+i%3, 2+(i*3)%7
		for _, ignored := range []bool{false, true} {
			l, p, d := labels(c, ignored), distributions(c, hw), signed()
			cases = append(cases,
				of(kernels.CrossEntropy{N: n, C: c, HW: hw}, between(-3, 3), l), of(kernels.CrossEntropyBackward{N: n, C: c, HW: hw}, d, between(-3, 3), l),
				of(kernels.Focal{N: n, C: c, HW: hw}, p, l), of(kernels.FocalBackward{N: n, C: c, HW: hw}, d, p, l),
				of(kernels.Dice{N: n, C: c, HW: hw, Absent: ignored}, p, l), of(kernels.DiceBackward{N: n, C: c, HW: hw, Absent: ignored}, d, p, l),
				of(kernels.Dice{N: n, C: c, HW: hw}, p, l), of(kernels.DiceBackward{N: n, C: c, HW: hw}, d, p, l))
		}
		cases = append(cases,
			of(kernels.HistogramLoss{N: n, C: c, HW: hw}, distributions(c, hw), between(0, 1)),
			of(kernels.HistogramLossBackward{N: n, C: c, HW: hw}, signed(), distributions(c, hw), between(0, 1)),
			of(kernels.Entropy{Len: hw}, between(0, 1)), of(kernels.EntropyBackward{Len: hw}, signed(), between(0, 1)))
	}
	return append(append(cases, unlabelledCases()...),
		// Target and mean agree: no gradient.
		of(kernels.HistogramLossBackward{N: 2, C: 4, HW: 16}, signed(), list(0.25), list(0.25)),
		of(kernels.Entropy{Len: 9}, list(0, 1, 0.5)), of(kernels.EntropyBackward{Len: 9}, signed(), list(0, 1, 0.5)),
		of(kernels.CrossEntropy{N: 1, C: 3, HW: 17}, between(-200, 200), labels(3, false)),
		of(kernels.WeightedSum{Count: 1, Weights: [kernels.MaxConcat]float32{-2}}),
		of(kernels.WeightedSum{Count: 3, Weights: [kernels.MaxConcat]float32{0.5, 10, 1}}),
		of(kernels.WeightedSum{Count: 8, Weights: [kernels.MaxConcat]float32{1, 2, 3, 4, 5, 6, 7, 8}}))
}

// unlabelledCases have no pixel with a class: losses and gradients are 0, or for
// Dice with Absent a constant, but never a number divided by zero.
func unlabelledCases() []Case {
	none, p := list(-1, 255), distributions(3, 9)
	return []Case{
		of(kernels.CrossEntropy{N: 1, C: 3, HW: 9}, signed(), none), of(kernels.CrossEntropyBackward{N: 1, C: 3, HW: 9}, signed(), signed(), none),
		of(kernels.Focal{N: 1, C: 3, HW: 9}, p, none), of(kernels.FocalBackward{N: 1, C: 3, HW: 9}, signed(), p, none),
		of(kernels.Dice{N: 1, C: 3, HW: 9}, p, none), of(kernels.DiceBackward{N: 1, C: 3, HW: 9}, signed(), p, none),
		of(kernels.Dice{N: 1, C: 3, HW: 9, Absent: true}, p, none), of(kernels.DiceBackward{N: 1, C: 3, HW: 9, Absent: true}, signed(), p, none),
	}
}

func adamCases() []Case {
	var cases []Case
	for _, n := range lengths {
		for _, o := range []kernels.Adam{{Eps: 1e-8}, {Eps: 1e-8, Decay: 1e-4}, {Eps: 0.1, Decay: 0.1}} {
			o.Len, o.Beta1, o.Beta2 = n, 0.9, 0.999
			c := of(o, signed(), list(2e-4, 0.1, 1e-3))
			c.InOut = map[int]Content{0: signed(), 1: signed(), 2: between(0, 1)}
			cases = append(cases, c)
		}
	}
	return cases
}
