package ops

import "math/rand/v2"

// Content makes the n values of a buffer.
type Content func(r *rand.Rand, n int) []float32

// each draws every value alone.
func each(draw func(r *rand.Rand) float32) Content {
	return func(r *rand.Rand, n int) []float32 {
		values := make([]float32, n)
		for i := range values {
			values[i] = draw(r)
		}
		return values
	}
}

// between is uniform in [lo, hi).
func between(lo, hi float32) Content {
	return each(func(r *rand.Rand) float32 { return lo + (hi-lo)*r.Float32() })
}

// signed is uniform in [-1, 1).
func signed() Content { return between(-1, 1) }

// whole draws integers in [lo, hi]: few enough to make ties.
func whole(lo, hi int) Content {
	return each(func(r *rand.Rand) float32 { return float32(lo + r.IntN(hi-lo+1)) })
}

// list repeats the given values.
func list(values ...float32) Content {
	return func(_ *rand.Rand, n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = values[i%len(values)]
		}
		return out
	}
}

// labels are classes; about one in five is none of them, where ignored is set.
func labels(classes int, ignored bool) Content {
	outside := []float32{-1, float32(classes), 255, -300}
	return each(func(r *rand.Rand) float32 {
		if ignored && r.IntN(5) == 0 {
			return outside[r.IntN(len(outside))]
		}
		return float32(r.IntN(classes))
	})
}

// distributions are positive and sum to 1 over the channels of [n,c,hw].
func distributions(c, hw int) Content {
	return func(r *rand.Rand, n int) []float32 {
		values := between(0.02, 1)(r, n)
		for first := 0; first < n; first += c * hw {
			for i := first; i < first+hw; i++ {
				sum := float32(0)
				for j := i; j < first+c*hw; j += hw {
					sum += values[j]
				}
				for j := i; j < first+c*hw; j += hw {
					values[j] /= sum
				}
			}
		}
		return values
	}
}
