// Command teachers compares encoders as teachers without training any student:
// the score of an image is the largest distance of one of its patches, in the
// features of stages 2 and 3, from the nearest patch of the good training images
// (as in PatchCore). It prints the image AUROC in percent for logical and
// structural faults (where a data set does not tell them apart, for all) per data
// set, and the means.
//
//	aecsad data synth scenes --test-good 60 --test-logical 60 --test-structural 60
//	go run ./tests/bench/teachers --data scenes/parts_tray --data scenes/... random formula.aecsad
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"aecsad/core/data"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/stats"
	"aecsad/core/weights"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

type options struct {
	Teachers []string `arg:"" help:"random, or files of encoder weights."`
	Data     []string `required:"" help:"A data set; repeatable." sep:"none"`
	Width    int      `help:"Width of the encoder." default:"16"`
	Side     int      `help:"Input side." default:"256"`
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
	fmt.Printf("%-32s %-20s %8s %10s\n", "teacher", "data", "logical", "structural")
	for _, teacher := range o.Teachers {
		var logical, structural []float64
		for _, root := range o.Data {
			set, err := data.Open(root)
			if err != nil {
				return err
			}
			l, s, err := o.compare(device, teacher, set)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", teacher, set.Name, err)
			}
			logical, structural = append(logical, l...), append(structural, s...)
			fmt.Printf("%-32s %-20s %s %s\n", teacher, set.Name, percent(l, 8), percent(s, 10))
		}
		fmt.Printf("%-32s %-20s %s %s\n", teacher, "mean", percent(logical, 8), percent(structural, 10))
	}
	return nil
}

// compare returns the AUROC for logical faults, if there are any, and for the
// others.
func (o *options) compare(device kernels.Device, teacher string, set *data.Set) (logical, structural []float64, err error) {
	train, err := o.images(set.Train)
	if err != nil {
		return nil, nil, err
	}
	var w graph.Weights
	if teacher != "random" {
		if w, err = weights.LoadEncoder(teacher); err != nil {
			return nil, nil, err
		}
	}
	e, err := newEncoder(device, o, w, train)
	if err != nil {
		return nil, nil, err
	}
	defer e.close()
	bank, err := newBank(device, e, train, o.Patches, o.Seed)
	if err != nil {
		return nil, nil, err
	}
	defer bank.close()
	scores := map[data.Kind][]float64{}
	test, err := o.images(set.Test)
	if err != nil {
		return nil, nil, err
	}
	for i, im := range test {
		patches, err := e.patches(im)
		if err != nil {
			return nil, nil, err
		}
		s, err := bank.score(patches)
		if err != nil {
			return nil, nil, err
		}
		scores[set.Test[i].Kind] = append(scores[set.Test[i].Kind], s)
	}
	good := scores[data.KindGood]
	if bad := scores[data.KindLogical]; len(bad) > 0 {
		logical = append(logical, 100*stats.AUROC(good, bad))
	}
	if bad := append(scores[data.KindStructural], scores[data.KindDefect]...); len(bad) > 0 {
		structural = append(structural, 100*stats.AUROC(good, bad))
	}
	return logical, structural, nil
}

func (o *options) images(items []data.Item) ([]*image.RGB, error) {
	var out []*image.RGB
	for _, it := range items {
		im, err := image.ReadFile(it.Path)
		if err != nil {
			return nil, err
		}
		out = append(out, image.Resize(im, o.Side, o.Side))
	}
	return out, nil
}

// percent is the mean of values, right-aligned, or a dash.
func percent(values []float64, width int) string {
	if len(values) == 0 {
		return fmt.Sprintf("%*s", width, "-")
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return fmt.Sprintf("%*.1f", width, sum/float64(len(values)))
}
