// Package synth renders small data sets of the MVTec LOCO kind: five categories
// of products with rules (counts, places, pairings, proportions), photographs of
// good ones and of ones that break a rule (logical) or are damaged (structural),
// with ground truth. Everything is drawn here; there are no stored pictures.
//
// A picture is a function of seed, category, split and index: the same options
// give the same bytes on the same processor architecture (elsewhere the last bit
// of a transcendental function may differ), however many cores render.
package synth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"aecsad/core/data/synth/draw"
)

// category is one product: how its good pictures look and what may be wrong.
type category struct {
	name     string
	w, h     int      // the natural picture, in pixels and scene units
	variants int      // good variants, shown equally often
	classes  []string // names of the component classes 1, 2, ...
	expect   func(variant int) []int
	faults   []fault
	draw     func(s *draw.Scene)
}

// fault is one thing that may be wrong. Its masks' pixel value follows from its
// place in the list: 255, 254, ...
type fault struct {
	name    string
	logical bool
	area    float64 // saturation in square scene units; 0: the whole mask
}

var categories = []category{
	partsTray,
	hardwareBag,
	labelledBottle,
	portionedPlate,
	wiredConnectors,
}

// Categories returns the names of the categories, in a fixed order.
func Categories() []string {
	names := make([]string, len(categories))
	for i, c := range categories {
		names[i] = c.name
	}
	return names
}

// Classes returns the component classes of a category: the class in the label
// maps is the index plus one, 0 is the background.
func Classes(name string) ([]string, error) {
	c, err := find(name)
	if err != nil {
		return nil, err
	}
	return slices.Clone(c.classes), nil
}

// Faults returns the names of the faults of a category, which are those in its
// defects_config.json.
func Faults(name string) (logical, structural []string, err error) {
	c, err := find(name)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range c.faults {
		if f.logical {
			logical = append(logical, f.name)
		} else {
			structural = append(structural, f.name)
		}
	}
	return logical, structural, nil
}

func find(name string) (*category, error) {
	i := slices.IndexFunc(categories, func(c category) bool { return c.name == name })
	if i < 0 {
		return nil, fmt.Errorf("synth: no category %q; expected one of %s", name, strings.Join(Categories(), ", "))
	}
	return &categories[i], nil
}

// Options says what Write renders.
type Options struct {
	Categories []string // empty: all
	// Numbers of images per category. Faulty ones show the category's faults in
	// turn, so that a multiple of their number has each equally often.
	Train, Validation, TestGood, TestLogical, TestStructural int
	// Size of the images, 64 to 2048; both 0: the category's natural size, about
	// 320x256 of varying aspect. The scene is fitted into the size undistorted.
	Width, Height int
	Seed          uint32
}

const (
	minSide, maxSide = 64, 2048
	maxImages        = 100000 // per split
)

func (o *Options) check() error {
	for _, n := range []struct {
		name string
		n    int
	}{
		{"Train", o.Train}, {"Validation", o.Validation}, {"TestGood", o.TestGood},
		{"TestLogical", o.TestLogical}, {"TestStructural", o.TestStructural},
	} {
		if n.n < 0 || n.n > maxImages {
			return fmt.Errorf("synth: %s is %d; expected 0 to %d", n.name, n.n, maxImages)
		}
	}
	if o.Width != 0 || o.Height != 0 {
		if min(o.Width, o.Height) < minSide || max(o.Width, o.Height) > maxSide {
			return fmt.Errorf("synth: size is %dx%d; expected %d to %d on each side, or 0x0 for the natural size", o.Width, o.Height, minSide, maxSide)
		}
	}
	for i, name := range o.Categories {
		if _, err := find(name); err != nil {
			return err
		}
		if slices.Contains(o.Categories[:i], name) {
			return fmt.Errorf("synth: category %q is named twice", name)
		}
	}
	return nil
}

// Write renders the categories below dir, each in a folder of its name in MVTec
// LOCO layout:
//
//	train/good/NNN.png, validation/good/NNN.png
//	test/{good,logical_anomalies,structural_anomalies}/NNN.png
//	ground_truth/<type>/NNN/NNN.png   one mask per fault instance
//	defects_config.json
//	labels/<split>/<type>/NNN.png     true component maps, 8-bit grey, 0 = background
//	labels/classes.json               names of the classes 1, 2, ...
//
// A category's folder appears under its name once it is complete; one that
// exists already is an error and stays as it is. progress, if not nil, is called
// after each image, never from two goroutines at once.
func Write(dir string, o Options, progress func(done, total int)) error {
	if err := o.check(); err != nil {
		return err
	}
	if len(o.Categories) == 0 {
		o.Categories = Categories()
	}
	for _, name := range o.Categories {
		switch _, err := os.Lstat(filepath.Join(dir, name)); {
		case err == nil:
			return fmt.Errorf("synth: %s exists already; remove it or choose another folder", filepath.Join(dir, name))
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("synth: %w", err)
		}
	}
	done, total := 0, len(o.Categories)*(o.Train+o.Validation+o.TestGood+o.TestLogical+o.TestStructural)
	step := func() {
		done++
		if progress != nil {
			progress(done, total)
		}
	}
	for _, name := range o.Categories {
		c, err := find(name)
		if err != nil {
			return err
		}
		if err := c.write(dir, o, step); err != nil {
			return fmt.Errorf("synth: %s: %w", name, err)
		}
	}
	return nil
}
