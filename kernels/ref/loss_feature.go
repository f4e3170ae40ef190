package ref

import (
	"math"
	"slices"

	"aecsad/kernels"
)

func meanSquare(o kernels.MeanSquare, a args) {
	sum := 0.0
	for _, v := range a.flat(1) {
		sum += float64(v) * float64(v)
	}
	a.flat(0)[0] = float32(sum / float64(o.Len))
}

func meanSquareBackward(o kernels.MeanSquareBackward, a args) {
	da, gain := a.flat(0), float64(a.flat(1)[0])*2/float64(o.Len)
	for i, v := range a.flat(2) {
		da[i] = float32(gain * float64(v))
	}
}

func mse(o kernels.MSE, a args) {
	sum, second := 0.0, a.flat(2)
	for i, v := range a.flat(1) {
		d := float64(v) - float64(second[i])
		sum += d * d
	}
	a.flat(0)[0] = float32(sum / float64(o.Len))
}

func mseBackward(o kernels.MSEBackward, a args) {
	da, gain := a.flat(0), float64(a.flat(1)[0])*2/float64(o.Len)
	second := a.flat(3)
	for i, v := range a.flat(2) {
		da[i] = float32(gain * (float64(v) - float64(second[i])))
	}
}

// The squares d are float32 arithmetic: the threshold selects by comparing them,
// so every machine must have the same bits.
func hardFeature(o kernels.HardFeature, a args) {
	loss, stats, d := a.flat(0), a.flat(1), a.flat(2)
	second := a.flat(4)
	for i, v := range a.flat(3) {
		difference := v - second[i]
		d[i] = difference * difference
	}
	threshold := quantile(d, float64(o.Quantile))
	sum, count := 0.0, 0
	for _, v := range d {
		if v >= threshold {
			sum += float64(v)
			count++
		}
	}
	loss[0] = float32(sum / float64(count))
	stats[0], stats[1] = threshold, float32(count)
}

// quantile interpolates linearly between the values around rank q*(n-1).
func quantile(values []float32, q float64) float32 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	rank := q * float64(len(sorted)-1)
	low := int(math.Floor(rank))
	high := min(low+1, len(sorted)-1)
	a, b := float64(sorted[low]), float64(sorted[high])
	return float32(a + (rank-float64(low))*(b-a))
}

func hardFeatureBackward(_ kernels.HardFeatureBackward, a args) {
	db, dloss, threshold, count := a.flat(0), a.flat(1)[0], a.flat(2)[0], a.flat(2)[1]
	d, first, second := a.flat(3), a.flat(4), a.flat(5)
	gain := float64(dloss) * 2 / float64(count)
	for i := range db {
		db[i] = 0
		if d[i] >= threshold {
			db[i] = float32(gain * (float64(second[i]) - float64(first[i])))
		}
	}
}
