// Package label finds the components of a product without any trained network:
// label maps of the training images, in which a class is one kind of part. It
// suits stations with a plain background and parts that differ from it and from
// each other in colour; for others, maps drawn by hand take its place.
//
// The steps: flatten texture, cluster the colours of all images together, tell
// the background by the borders of the images, split what remains into connected
// regions, cluster these by their features, and trust the images that show what
// images typically show.
package label

import (
	"fmt"

	"aecsad/core/image"
)

// Options are the settings.
type Options struct {
	Side int    `yaml:"side"`
	Seed uint32 `yaml:"-"`
	// ColorBandwidth separates colours, in units of CIE Lab with half lightness.
	ColorBandwidth float64 `yaml:"color_bandwidth"`
	// PartBandwidth separates kinds of part of one colour; 1 is about half as large
	// again in area. 0: estimated from the parts.
	PartBandwidth float64 `yaml:"part_bandwidth"`
	// MinArea is the least part, as a share of the image.
	MinArea float64 `yaml:"min_area"`
	// MinShare is the share of the images that must show a kind of part.
	MinShare float64 `yaml:"min_share"`
	// Trusted is the share of the images whose maps are used for training.
	Trusted float64 `yaml:"trusted"`
}

// DefaultOptions suit most stations.
func DefaultOptions() Options {
	return Options{Side: 256, ColorBandwidth: 6, MinArea: 0.001, MinShare: 0.1, Trusted: 0.75}
}

func (o Options) check() error {
	share := func(v float64) bool { return v > 0 && v <= 1 }
	switch {
	case o.Side < 16 || o.Side > 4096:
		return fmt.Errorf("label.side is %d; expected 16 to 4096", o.Side)
	case !(o.ColorBandwidth >= 1 && o.ColorBandwidth <= 100):
		return fmt.Errorf("label.color_bandwidth is %v; expected 1 to 100", o.ColorBandwidth)
	case !(o.PartBandwidth >= 0 && o.PartBandwidth <= 100):
		return fmt.Errorf("label.part_bandwidth is %v; expected 0 (estimated) to 100", o.PartBandwidth)
	case !share(o.MinArea) || !share(o.MinShare) || !share(o.Trusted):
		return fmt.Errorf("label.min_area is %v, min_share %v and trusted %v; expected shares in (0,1]", o.MinArea, o.MinShare, o.Trusted)
	}
	return nil
}

// Class is one kind of part.
type Class struct {
	Name     string
	Share    float64 // of the images that show it
	MeanArea float64 // share of an image, over all images
}

// Result is the label maps of a set of images. Class c+1 of a map is Classes[c];
// 0 is the background.
type Result struct {
	Maps     []*image.Labels // one per image; nil where there is none
	Trusted  []int           // indices of the images to train with, ascending
	Classes  []Class
	Warnings []string
}

// Run labels images of Side x Side pixels. progress, if not nil, is called from
// time to time, never from two goroutines at once. The same images and options
// give the same result.
func Run(images []*image.RGB, names []string, o Options, progress func(done, total int)) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(images) == 0 || len(images) != len(names) {
		return nil, fmt.Errorf("label: %d images and %d names; expected as many of both, and at least one", len(images), len(names))
	}
	for i, im := range images {
		if im.Width != o.Side || im.Height != o.Side || len(im.Pix) != 3*o.Side*o.Side {
			return nil, fmt.Errorf("label: %s is %dx%d pixels; expected %dx%d", names[i], im.Width, im.Height, o.Side, o.Side)
		}
	}
	done := 0
	f, scenes := learn(images, o, func() {
		done++
		if progress != nil {
			progress(done, passes*len(images))
		}
	})
	if len(f.kinds) == 0 {
		return nil, fmt.Errorf("label: no part is found in %d or more of the %d images; give label maps drawn by hand (maps), or lower label.min_area or label.min_share",
			f.minImages(len(images)), len(images))
	}
	res := &Result{}
	for _, s := range scenes {
		res.Maps = append(res.Maps, f.labels(s))
	}
	res.finish(f.names(), o)
	res.Warnings = append(res.Warnings, f.doubts(scenes)...)
	return res, nil
}
