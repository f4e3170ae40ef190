package label

import (
	"math"
	"slices"
)

const (
	binSize = 2.0  // of the colour histogram, in the units of color
	rareBin = 1e-5 // share of the pixels below which a bin takes no part
	// borderWidth is the part of a side that is looked at for the background.
	borderWidth = 0.04
	// borderShare of the border of all images makes a colour background.
	borderShare = 0.08
	// maxEntries bounds the palette.
	maxEntries = 64
)

// palette is the colours that the images have in common.
type palette struct {
	entries    []color
	background []bool // colours of the border of the images
}

// nearest is the entry closest to a colour.
func (p *palette) nearest(c color) int {
	best, least := 0, math.Inf(1)
	for i, e := range p.entries {
		if d := c.square(e); d < least {
			best, least = i, d
		}
	}
	return best
}

// histogram counts colours in cubes.
type histogram map[[3]int16]*bin

type bin struct {
	count float64
	sum   color
}

func (h histogram) add(c color) {
	var key [3]int16
	for k, v := range c {
		key[k] = int16(math.Round(v / binSize))
	}
	h.at(key).add(1, c)
}

func (h histogram) at(key [3]int16) *bin {
	b := h[key]
	if b == nil {
		b = &bin{}
		h[key] = b
	}
	return b
}

func (b *bin) add(count float64, sum color) {
	b.count += count
	for k, v := range sum {
		b.sum[k] += v
	}
}

// merge adds another histogram. Bins do not mix, so their order does not matter.
func (h histogram) merge(o histogram) {
	for key, b := range o {
		h.at(key).add(b.count, b.sum)
	}
}

// points are the mean colours of the bins that hold a share of all pixels, in a
// fixed order.
func (h histogram) points(share float64) points {
	total := 0.0
	keys := make([][3]int16, 0, len(h))
	for key, b := range h {
		total += b.count // whole numbers: exact in any order
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b [3]int16) int { return slices.Compare(a[:], b[:]) })
	var p points
	for _, key := range keys {
		if b := h[key]; b.count >= share*total {
			p.at = append(p.at, []float64{b.sum[0] / b.count, b.sum[1] / b.count, b.sum[2] / b.count})
			p.weight = append(p.weight, b.count)
		}
	}
	return p
}

// census is the colours of one or more images.
type census struct{ all, border histogram }

func newCensus() census { return census{histogram{}, histogram{}} }

// count takes the census of a flattened image. Pixels that differ from their
// neighbours are left out: they are edges, and their colour may be nobody's.
func (s census) count(c []color, side int, bandwidth float64) {
	ring := max(int(borderWidth*float64(side)), 1)
	for y := range side {
		for x := range side {
			i := y*side + x
			if x > 0 && c[i].distance(c[i-1]) > bandwidth/2 || y > 0 && c[i].distance(c[i-side]) > bandwidth/2 {
				continue
			}
			s.all.add(c[i])
			if min(x, y, side-1-x, side-1-y) < ring {
				s.border.add(c[i])
			}
		}
	}
}

func (s census) merge(o census) {
	s.all.merge(o.all)
	s.border.merge(o.border)
}

// palette clusters the colours.
func (s census) palette(bandwidth float64) *palette {
	p := s.all.points(rareBin)
	modes := meanShift(p, binSeeds(p.at, bandwidth/2, 1), bandwidth)
	out := &palette{}
	for _, m := range modes[:min(len(modes), maxEntries)] {
		out.entries = append(out.entries, color(m))
	}
	ring, total := make([]float64, len(out.entries)), 0.0
	border := s.border.points(0)
	for i, at := range border.at {
		ring[out.nearest(color(at))] += border.weight[i]
		total += border.weight[i]
	}
	for _, n := range ring {
		out.background = append(out.background, n > 0 && n >= borderShare*total)
	}
	return out
}

// keep is the palette of the entries for which keep is true.
func (p *palette) keep(keep []bool) *palette {
	out := &palette{}
	for i, k := range keep {
		if k {
			out.entries = append(out.entries, p.entries[i])
			out.background = append(out.background, p.background[i])
		}
	}
	return out
}
