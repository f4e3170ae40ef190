package eval

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"aecsad/core/data"
)

// counts are the tallies of each kind of images and of each named defect.
type counts struct {
	levels   *levels
	kinds    map[data.Kind]*tally
	defects  map[string]*tally
	unusable []error
}

func newCounts(l *levels) *counts {
	return &counts{levels: l, kinds: map[data.Kind]*tally{}, defects: map[string]*tally{}}
}

// tallyOf is the tally of a key, made when there is none.
func tallyOf[K comparable](m map[K]*tally, key K, l *levels) *tally {
	if m[key] == nil {
		m[key] = newTally(l)
	}
	return m[key]
}

// add counts an image whose ground truth is readable.
func (c *counts) add(im *Image) {
	regions, err := im.regions()
	if err != nil {
		c.unusable = append(c.unusable, fmt.Errorf("%s: %w", im.Name, err))
		return
	}
	bins := c.bins(im)
	kind := tallyOf(c.kinds, im.Kind, c.levels)
	named := map[string]*tally{}
	for _, r := range regions {
		hits := saturating(bins, r)
		kind.addRegion(hits)
		if r.Defect != "" {
			named[r.Defect] = tallyOf(c.defects, r.Defect, c.levels)
			named[r.Defect].addRegion(hits)
		}
	}
	for _, r := range regions {
		for _, p := range r.Pixels {
			bins[p] = defective
		}
	}
	kind.addFree(bins)
	for _, t := range named {
		t.addFree(bins)
	}
}

// bins enlarges the map and finds the bin of every pixel.
func (c *counts) bins(im *Image) []int32 {
	bins := make([]int32, im.Width*im.Height)
	u, row := newUpsampler(im), make([]float32, im.Width)
	for y := range im.Height {
		u.fill(row, y)
		for x, v := range row {
			bins[y*im.Width+x] = int32(c.levels.bin(v))
		}
	}
	return bins
}

func (c *counts) result() (*Result, error) {
	all := newTally(c.levels)
	for _, k := range slices.Sorted(maps.Keys(c.kinds)) { // sorted: sums of floats depend on the order
		all.merge(c.kinds[k])
	}
	if all.regions == 0 || all.free == 0 {
		err := fmt.Errorf("there are %d defects and %d defect-free pixels, expected some of both", all.regions, all.free)
		return nil, errors.Join(append(c.unusable, err)...)
	}
	good := c.kinds[data.KindGood]
	delete(c.kinds, data.KindGood)
	return &Result{
		All: all.part(nil), ByKind: curves(c.kinds, good), ByDefect: curves(c.defects, good), Unusable: c.unusable,
	}, nil
}

// curves are those of some tallies, each with the good images.
func curves[K cmp.Ordered](tallies map[K]*tally, good *tally) map[K]Part {
	out := map[K]Part{}
	for k, t := range tallies {
		if t.free > 0 || good != nil {
			out[k] = t.part(good)
		}
	}
	return out
}

// tally counts the pixels of some images. Bin b holds scores above exactly b of
// the thresholds.
type tally struct {
	levels  *levels
	false   []int     // per bin: defect-free pixels
	gain    []float64 // per bin: sum over regions of pixels / saturation
	free    int       // defect-free pixels
	regions int
}

func newTally(l *levels) *tally {
	bins := len(l.values) + 1
	return &tally{levels: l, false: make([]int, bins), gain: make([]float64, bins)}
}

// defective stands for the bin of a pixel that is not defect-free.
const defective = -1

func (t *tally) addFree(bins []int32) {
	for _, b := range bins {
		if b != defective {
			t.false[b]++
			t.free++
		}
	}
}

// saturating are the bins of a region's highest pixels, as many as saturate it;
// further ones change nothing.
func saturating(bins []int32, r Region) []int32 {
	hits := make([]int32, len(r.Pixels))
	for i, p := range r.Pixels {
		hits[i] = bins[p]
	}
	slices.Sort(hits)
	return hits[len(hits)-r.Saturation:]
}

// addRegion lets each of a region's saturating pixels raise the overlap by its
// share.
func (t *tally) addRegion(hits []int32) {
	for _, b := range hits {
		t.gain[b] += 1 / float64(len(hits))
	}
	t.regions++
}

func (t *tally) merge(o *tally) {
	for b := range t.false {
		t.false[b] += o.false[b]
		t.gain[b] += o.gain[b]
	}
	t.free += o.free
	t.regions += o.regions
}

// part is the curve of a tally, with that of good images if there are any.
func (t *tally) part(good *tally) Part {
	if good == nil {
		return Part{t.curve(), t.regions}
	}
	sum := newTally(t.levels)
	sum.merge(good)
	sum.merge(t)
	return Part{sum.curve(), t.regions}
}

// curve sums the bins from the top; steps at which nothing changes are left out
// but for the ends.
func (t *tally) curve() Curve {
	c := Curve{{Threshold: math.Inf(1)}}
	positives, gain := 0, 0.0
	for b := len(t.false) - 1; b >= 0; b-- {
		positives += t.false[b]
		gain += t.gain[b]
		if b > 0 && t.false[b] == 0 && t.gain[b] == 0 {
			continue
		}
		threshold := math.Inf(-1)
		if b > 0 {
			threshold = float64(t.levels.values[b-1])
		}
		c = append(c, Point{threshold, float64(positives) / float64(t.free), min(gain/float64(t.regions), 1)})
	}
	return c
}
