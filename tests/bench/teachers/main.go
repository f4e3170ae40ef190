// Command teachers compares encoders as teachers without training any student:
// the anomaly map of an image is the distance of its patches, in the features of
// two stages, from the nearest patch of the good training images, and the
// image's score the largest of them (as in PatchCore). It prints, in percent, the
// image AUROC and the area under the sPRO curve up to a false positive rate of 5 %,
// for logical and for structural faults (where a data set does not tell them
// apart, for all), per data set and as means.
//
//	aecsad data synth scenes --test-good 60 --test-logical 60 --test-structural 60
//	go run ./tests/bench/teachers --data scenes/parts_tray --data scenes/... random formula.aecsad
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"aecsad/core/data"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/weights"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

type options struct {
	Teachers []string `arg:"" help:"random, or files of encoder weights."`
	Data     []string `required:"" help:"A data set; repeatable." sep:"none"`
	Width    int      `help:"Width of the encoder." default:"16"`
	Side     int      `help:"Input side." default:"256"`
	Stage    int      `help:"First of the two stages: 1, as in profile quick, or 2, as in paper." default:"1" enum:"1,2"`
	Seed     uint32   `help:"For random weights and for the choice of patches." default:"1"`
	Patches  int      `help:"Patches of good images to keep at most." default:"16384"`
	Settle   bool     `help:"Take the batch statistics from training images also where a file has some."`
	Device   string   `help:"auto, ref or cpu." default:"auto"`
}

func main() {
	var o options
	kong.Parse(&o)
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, "teachers:", err)
		os.Exit(2)
	}
}

func (o *options) run() error {
	device, err := devices.Open(o.Device)
	if err != nil {
		return err
	}
	defer device.Close()
	fmt.Printf("%-24s %-18s %17s %21s\n", "", "", "image AUROC", "AU-sPRO to 5 % FPR")
	fmt.Printf("%-24s %-18s %7s %10s %9s %11s\n", "teacher", "data", "logical", "structural", "logical", "structural")
	for _, teacher := range o.Teachers {
		var mean quality
		for _, root := range o.Data {
			set, err := data.Open(root)
			if err != nil {
				return err
			}
			q, err := o.compare(device, teacher, set)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", teacher, set.Name, err)
			}
			mean.add(q)
			fmt.Printf("%-24s %-18s %s\n", filepath.Base(teacher), set.Name, q)
		}
		fmt.Printf("%-24s %-18s %s\n", filepath.Base(teacher), "mean", mean)
	}
	return nil
}

// compare scores the test images of a set.
func (o *options) compare(device kernels.Device, teacher string, set *data.Set) (quality, error) {
	train, err := o.images(set.Train)
	if err != nil {
		return quality{}, err
	}
	var w graph.Weights
	if teacher != "random" {
		if w, err = weights.LoadEncoder(teacher); err != nil {
			return quality{}, err
		}
	}
	e, err := newEncoder(device, o, w, train)
	if err != nil {
		return quality{}, err
	}
	defer e.close()
	bank, err := newBank(device, e, train, o.Patches, o.Seed)
	if err != nil {
		return quality{}, err
	}
	defer bank.close()
	distances := make([][]float32, len(set.Test))
	for i, item := range set.Test {
		im, err := o.image(item)
		if err != nil {
			return quality{}, err
		}
		patches, err := e.patches(im)
		if err != nil {
			return quality{}, err
		}
		if distances[i], err = bank.distances(patches); err != nil {
			return quality{}, err
		}
	}
	return measure(set, distances, e.side)
}

func (o *options) images(items []data.Item) ([]*image.RGB, error) {
	var out []*image.RGB
	for _, item := range items {
		im, err := o.image(item)
		if err != nil {
			return nil, err
		}
		out = append(out, im)
	}
	return out, nil
}

func (o *options) image(item data.Item) (*image.RGB, error) {
	im, err := image.ReadFile(item.Path)
	if err != nil {
		return nil, err
	}
	return image.Resize(im, o.Side, o.Side), nil
}
