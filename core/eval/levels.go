package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// levels are the thresholds of a curve, ascending and distinct.
type levels struct {
	values []float32
	// first[p] is the index of the first value whose key has a prefix of at least
	// p: a score's bin is searched among the few values that share its prefix.
	first []int32
}

// maxSamples bounds the number of thresholds. A data set with so few pixels gets
// every distinct score as one, and an exact curve.
const maxSamples = 1 << 18

const prefixBits = 20

// newLevels takes the distinct scores of the pixels of all images, or of one in
// each run of equally many pixels where there are more than maxSamples, at
// reproducible random places. Neighbouring thresholds then are some 4e-6 of the
// pixels apart; Curve.Uncertainty tells what that does to an area.
func newLevels(images []Image) *levels {
	total := 0
	for _, im := range images {
		total += im.Width * im.Height
	}
	stride := (total + maxSamples - 1) / maxSamples
	r := rand.New(rand.NewPCG(0, 0))
	var values []float32
	for i := range images {
		im := &images[i]
		u := newUpsampler(im)
		for start, n := 0, im.Width*im.Height; start < n; start += stride {
			at := start
			if stride > 1 {
				at = min(start+r.IntN(stride), n-1)
			}
			values = append(values, u.at(at%im.Width, at/im.Width)+0) // +0 turns -0 into 0
		}
	}
	slices.Sort(values)
	return index(slices.Compact(values))
}

func index(values []float32) *levels {
	l := &levels{values: values, first: make([]int32, 1<<prefixBits+1)}
	i := 0
	for p := range l.first {
		for i < len(values) && int(key(values[i])>>(32-prefixBits)) < p {
			i++
		}
		l.first[p] = int32(i)
	}
	return l
}

// key orders like the number it is made of.
func key(v float32) uint32 {
	u := math.Float32bits(v)
	if u>>31 == 1 {
		return ^u
	}
	return u | 1<<31
}

// bin is the number of thresholds below a score.
func (l *levels) bin(v float32) int {
	p := key(v+0) >> (32 - prefixBits)
	from, to := l.first[p], l.first[p+1]
	for from < to {
		if mid := (from + to) / 2; l.values[mid] < v {
			from = mid + 1
		} else {
			to = mid
		}
	}
	return int(from)
}
