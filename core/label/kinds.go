package label

import (
	"cmp"
	"math"
	"slices"

	"aecsad/kernels"
)

// kind is a class of parts: one palette entry, and features around a centre.
type kind struct {
	entry  int
	centre []float64
	reach  float64 // how far from the centre features may be
	area   float64 // mean share of an image, for the order
}

const (
	// bandwidthShare is the share of the parts of a colour that the estimated
	// bandwidth takes in, as in scikit-learn.
	bandwidthShare = 0.3
	// leastBandwidth is in feature scales: parts closer than this are one kind,
	// however little they vary.
	leastBandwidth = 0.7
	// maxParts of one colour are clustered; of more, a random choice.
	maxParts = 1500
	maxKinds = 64
	// backgroundShare is the share of the images that must show a kind of part of
	// a background colour, which may be mere background that something encloses.
	backgroundShare = 0.95
)

// findKinds clusters the parts of each colour by their features. Kinds that too
// few images show are dropped; their parts go to the nearest kind of the colour.
func (f *finder) findKinds(scenes []scene) []kind {
	var kinds []kind
	for entry := range f.palette.entries {
		var at [][]float64
		for _, s := range scenes {
			for _, p := range s.parts {
				if p.entry == entry {
					at = append(at, p.features)
				}
			}
		}
		if len(at) == 0 {
			continue
		}
		at = f.sample(at)
		bandwidth := f.o.PartBandwidth
		if bandwidth == 0 {
			bandwidth = max(estimateBandwidth(at, bandwidthShare), leastBandwidth)
		}
		kinds = append(kinds, f.shown(entry, bandwidth, meanShift(points{at: at}, at, bandwidth), scenes)...)
	}
	slices.SortStableFunc(kinds, func(a, b kind) int { return cmp.Compare(b.area, a.area) })
	return kinds[:min(len(kinds), maxKinds)]
}

// shown keeps the kinds that enough images show. If there is none but the colour
// as a whole is common, its parts are too varied to tell apart: they are one kind.
// Parts that belong to no kind of a background colour are background.
func (f *finder) shown(entry int, bandwidth float64, centres [][]float64, scenes []scene) []kind {
	least, reach := f.minImages(len(scenes)), math.Inf(1)
	if f.palette.background[entry] {
		least, reach = max(least, int(backgroundShare*float64(len(scenes)))), 2*bandwidth
	}
	in, _ := occurrences(entry, centres, scenes)
	var kept [][]float64
	for k, c := range centres {
		if in[k] >= least {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 && !f.palette.background[entry] {
		kept = centres[:1]
	}
	in, area := occurrences(entry, kept, scenes)
	var kinds []kind
	for k, c := range kept {
		if in[k] >= least {
			kinds = append(kinds, kind{entry, c, reach, area[k]})
		}
	}
	return kinds
}

// occurrences are, for the centres of a colour, the number of images that show
// it and its mean area.
func occurrences(entry int, centres [][]float64, scenes []scene) (in []int, area []float64) {
	in, area = make([]int, len(centres)), make([]float64, len(centres))
	for _, s := range scenes {
		seen := make([]bool, len(centres))
		for _, p := range s.parts {
			if k := nearest(centres, p.features); p.entry == entry && k >= 0 {
				seen[k] = true
				area[k] += p.area / float64(len(scenes))
			}
		}
		for k, yes := range seen {
			if yes {
				in[k]++
			}
		}
	}
	return in, area
}

// sample bounds the work of clustering.
func (f *finder) sample(at [][]float64) [][]float64 {
	if len(at) <= maxParts {
		return at
	}
	out := slices.Clone(at)
	for i := range maxParts {
		j := i + int(kernels.Uniform(f.o.Seed, 0, uint64(i))*float32(len(out)-i))
		out[i], out[j] = out[j], out[i]
	}
	return out[:maxParts]
}

// classify is the label of a part: 1 + its kind, or 0 if there is none for it.
func (f *finder) classify(p part) int {
	best, least := 0, 0.0
	for i, k := range f.kinds {
		if k.entry != p.entry {
			continue
		}
		if d := distance(k.centre, p.features); d <= k.reach && (best == 0 || d < least) {
			best, least = i+1, d
		}
	}
	return best
}
