package eval

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"aecsad/core/data"
)

// Image is a test image with its anomaly map, which is enlarged to the size of
// the image: pixels of the image are what is counted.
type Image struct {
	Name                string // for messages
	Kind                data.Kind
	Map                 []float32 // [MapHeight, MapWidth]
	MapWidth, MapHeight int
	Width, Height       int
	// Regions reads where the defects are; nil for good images. It is called once,
	// so that only one image's masks are in memory.
	Regions func() ([]Region, error)
}

// Region is a defect that a map should point at. In LOCO it is one file of the
// ground truth, in other data sets a connected component of the mask.
type Region struct {
	Pixels []int // y*Width + x of its image, each once
	// Saturation is the number of pixels from which on the defect counts as found
	// completely, at least 1.
	Saturation int
}

// Result holds the curve over all images, and one over the images of each kind
// of anomaly together with all good ones. All are taken at the same thresholds.
type Result struct {
	All    Curve
	ByKind map[data.Kind]Curve
	// Regions counts the defects.
	Regions int
}

// Evaluate computes sPRO curves as MVTec LOCO's own evaluation does:
//
//	overlap(t) = mean over all regions of min(pixels above t in the region / saturation, 1)
//	FPR(t)     = defect-free pixels above t / defect-free pixels
//
// Means and sums run over all images at once. A pixel of two regions counts in
// both; a pixel of any region of its image is not defect-free.
//
// One image at a time is enlarged and counted into bins between thresholds. These
// are every distinct score where all images together have at most maxSamples
// pixels, and the scores of so many sampled pixels otherwise.
func Evaluate(images []Image) (*Result, error) {
	for i := range images {
		if err := images[i].check(); err != nil {
			return nil, fmt.Errorf("%s: %w", images[i].Name, err)
		}
	}
	l := newLevels(images)
	kinds := map[data.Kind]*tally{}
	for i := range images {
		im := &images[i]
		if kinds[im.Kind] == nil {
			kinds[im.Kind] = newTally(l)
		}
		if err := kinds[im.Kind].add(im); err != nil {
			return nil, fmt.Errorf("%s: %w", im.Name, err)
		}
	}
	return result(l, kinds)
}

func (im *Image) check() error {
	switch {
	case im.Width < 1 || im.Height < 1 || im.MapWidth < 1 || im.MapHeight < 1:
		return fmt.Errorf("image has %dx%d pixels and map %dx%d, expected at least 1x1", im.Width, im.Height, im.MapWidth, im.MapHeight)
	case len(im.Map) != im.MapWidth*im.MapHeight:
		return fmt.Errorf("map has %d values, expected %dx%d", len(im.Map), im.MapWidth, im.MapHeight)
	case (im.Kind == data.KindGood) != (im.Regions == nil):
		return fmt.Errorf("an image of kind %s has regions: %v; expected them on all but good images", im.Kind, im.Regions != nil)
	}
	for i, v := range im.Map {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("map value %d is %v, expected finite values", i, v)
		}
	}
	return nil
}

func result(l *levels, kinds map[data.Kind]*tally) (*Result, error) {
	all := newTally(l)
	for _, k := range slices.Sorted(maps.Keys(kinds)) { // sorted: sums of floats depend on the order
		all.merge(kinds[k])
	}
	if all.regions == 0 || all.free == 0 {
		return nil, fmt.Errorf("there are %d defects and %d defect-free pixels, expected some of both", all.regions, all.free)
	}
	r := &Result{All: all.curve(), ByKind: map[data.Kind]Curve{}, Regions: all.regions}
	for k, t := range kinds {
		if k == data.KindGood {
			continue
		}
		sum := newTally(l)
		if good := kinds[data.KindGood]; good != nil {
			sum.merge(good)
		}
		if sum.merge(t); sum.free > 0 {
			r.ByKind[k] = sum.curve()
		}
	}
	return r, nil
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

func (t *tally) add(im *Image) error {
	regions, err := im.regions()
	if err != nil {
		return err
	}
	bins := make([]int32, im.Width*im.Height)
	u, row := newUpsampler(im), make([]float32, im.Width)
	for y := range im.Height {
		u.fill(row, y)
		for x, v := range row {
			bins[y*im.Width+x] = int32(t.levels.bin(v))
		}
	}
	for _, r := range regions {
		t.addRegion(bins, r)
	}
	const defect = -1
	for _, r := range regions {
		for _, p := range r.Pixels {
			bins[p] = defect
		}
	}
	for _, b := range bins {
		if b != defect {
			t.false[b]++
			t.free++
		}
	}
	return nil
}

// addRegion lets the highest pixels of a region, as many as saturate it, raise
// the overlap by their share; further ones change nothing.
func (t *tally) addRegion(bins []int32, r Region) {
	hits := make([]int32, len(r.Pixels))
	for i, p := range r.Pixels {
		hits[i] = bins[p]
	}
	slices.Sort(hits)
	for _, b := range hits[len(hits)-r.Saturation:] {
		t.gain[b] += 1 / float64(r.Saturation)
	}
	t.regions++
}

// regions reads and checks the ground truth.
func (im *Image) regions() ([]Region, error) {
	if im.Regions == nil {
		return nil, nil
	}
	regions, err := im.Regions()
	if err != nil {
		return nil, err
	}
	if len(regions) == 0 {
		return nil, errors.New("ground truth marks no defect")
	}
	n := im.Width * im.Height
	for i, r := range regions {
		if r.Saturation < 1 || r.Saturation > len(r.Pixels) {
			return nil, fmt.Errorf("region %d of %d pixels has saturation %d, expected 1 to %d", i, len(r.Pixels), r.Saturation, len(r.Pixels))
		}
		if slices.Min(r.Pixels) < 0 || slices.Max(r.Pixels) >= n {
			return nil, fmt.Errorf("region %d has pixels from %d to %d, expected 0 to %d", i, slices.Min(r.Pixels), slices.Max(r.Pixels), n-1)
		}
	}
	return regions, nil
}

func (t *tally) merge(o *tally) {
	for b := range t.false {
		t.false[b] += o.false[b]
		t.gain[b] += o.gain[b]
	}
	t.free += o.free
	t.regions += o.regions
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
