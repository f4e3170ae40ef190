package eval

import (
	"errors"
	"fmt"
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
	Defect string // name of the defect; may be empty
	Pixels []int  // y*Width + x of its image, each once
	// Saturation is the number of pixels from which on the defect counts as found
	// completely, at least 1.
	Saturation int
}

// Result holds curves: over all images, and over the images of one kind or with
// one defect together with all good ones. All are taken at the same thresholds.
type Result struct {
	All    Part
	ByKind map[data.Kind]Part
	// ByDefect has the named defects. Their overlap counts regions of that name
	// only; their false positives are those of whole images, as everywhere.
	ByDefect map[string]Part
	// Unusable are images that were left out, since their ground truth is.
	Unusable []error
}

// Part is the curve of some regions.
type Part struct {
	Curve
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
	c := newCounts(newLevels(images))
	for i := range images {
		c.add(&images[i])
	}
	return c.result()
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
