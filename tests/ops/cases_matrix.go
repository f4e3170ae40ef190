package ops

import "aecsad/kernels"

func matMulCases() []Case {
	var cases []Case
	for _, s := range [][4]int{ // batch M N K
		{1, 1, 1, 1}, {2, 3, 7, 9}, {1, 8, 8, 8}, {1, 9, 15, 17}, {3, 17, 33, 5}, {1, 31, 1, 33},
		{1, 1, 31, 33}, {1, 65, 63, 64}, {1, 6, 16, 300}, {1, 7, 100, 257}, {1, 100, 90, 513},
	} {
		for flags := 0; flags < 4; flags++ {
			cases = append(cases, of(kernels.MatMul{Batch: s[0], M: s[1], N: s[2], K: s[3], TransA: flags&1 != 0, TransB: flags&2 != 0}))
		}
	}
	return cases
}

func softmaxCases() []Case {
	var cases []Case
	for i, hw := range lengths {
		n, c := 1+i%3, 2+(i*3)%9
		cases = append(cases, of(kernels.Softmax{N: n, C: c, HW: hw}), of(kernels.Softmax{N: n, C: c, HW: hw}, between(-90, 90)),
			of(kernels.SoftmaxBackward{N: n, C: c, HW: hw}, signed(), distributions(c, hw)))
	}
	return append(cases, of(kernels.Softmax{N: 2, C: 1, HW: 9}), of(kernels.Softmax{N: 1, C: 3, HW: 17}, between(1e4, 1e4+9)))
}

func attentionCases() []Case {
	var cases []Case
	for _, s := range [][3]int{{1, 1, 1}, {2, 3, 7}, {1, 16, 9}, {1, 17, 31}, {2, 16, 64}, {1, 16, 81}, {1, 64, 100}, {1, 8, 256}} {
		n, c, t := s[0], s[1], s[2]
		forward := of(kernels.Attention{N: n, C: c, T: t}, between(-2, 2), between(-2, 2))
		backward := of(kernels.AttentionBackward{N: n, C: c, T: t}, signed(), rowDistributions(t))
		backward.Scratch = []int{3}
		cases = append(cases, forward, backward)
	}
	return cases
}

// rowDistributions sum to 1 along rows of t values.
func rowDistributions(t int) Content { return distributions(t, 1) }

func scoreCases() []Case {
	var cases []Case
	for i, hw := range lengths {
		n, c := 1+i%3, 1+(i*3)%9
		cases = append(cases, exact(kernels.Argmax{N: n, C: c, HW: hw}), exact(kernels.Argmax{N: n, C: c, HW: hw}, whole(-2, 0)),
			of(kernels.SquaredDifference{N: n, C: c, HW: hw}))
	}
	for _, s := range [][5]int{ // N C H W Grid
		{1, 1, 1, 1, 1}, {2, 3, 5, 7, 1}, {2, 4, 6, 10, 2}, {1, 7, 9, 15, 3}, {1, 5, 64, 64, 2}, {2, 255, 16, 16, 1}, {1, 3, 33, 17, 1},
	} {
		cases = append(cases,
			exact(kernels.Histogram{N: s[0], C: s[1], H: s[2], W: s[3], Grid: s[4]}, labels(s[1], false)),
			exact(kernels.Histogram{N: s[0], C: s[1], H: s[2], W: s[3], Grid: s[4]}, labels(s[1], true)))
	}
	return cases
}

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
