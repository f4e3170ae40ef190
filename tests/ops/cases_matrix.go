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
		keeping := of(kernels.Attention{N: n, C: c, T: t, Keep: true}, between(-2, 2), between(-2, 2))
		backward := of(kernels.AttentionBackward{N: n, C: c, T: t}, signed(), rowDistributions(t))
		backward.Scratch = []int{3}
		cases = append(cases, forward, keeping, backward)
	}
	// Scores far apart, but whole numbers, so that they have no error: the largest of
	// a row decides, wherever among the keys it is.
	return append(cases, of(kernels.Attention{N: 1, C: 4, T: 200}, whole(-9, 9), whole(-9, 9)),
		of(kernels.Attention{N: 2, C: 80, T: 130}, between(-2, 2), between(-2, 2)))
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
