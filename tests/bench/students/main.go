// Command students compares settings of the students' training on rendered
// scenes: each differs from the default in one thing. It trains the structural
// branch alone and prints the image AUROC in percent of its maps for logical and
// structural faults as a table in Markdown: means over the categories, then mean
// and standard deviation over the seeds. A seed renders its own scenes and draws
// its own weights, the same for every setting, so that the last column, the
// difference from the default seed by seed, is free of what they share.
//
//	go run ./tests/bench/students --categories parts_tray,labelled_bottle --seeds 3 --steps 300
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/alecthomas/kong"

	"aecsad/core/data/synth"
	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/core/train"
	"aecsad/core/weights"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

type options struct {
	Categories []string `help:"Categories of rendered scenes." default:"parts_tray,labelled_bottle"`
	Seeds      int      `help:"Number of seeds, from 1 on." default:"3"`
	Steps      int      `help:"Training steps of the students." default:"300"`
	Side       int      `help:"Input side." default:"128"`
	Teacher    string   `help:"formula, random, or a file of encoder weights." default:"formula"`
	Train      int      `help:"Good training images per category." default:"40"`
	Validation int      `help:"Good validation images per category." default:"20"`
	Test       int      `help:"Test images of each kind per category." default:"36"`
	Device     string   `help:"auto, ref or cpu." default:"auto"`
}

func main() {
	var o options
	kong.Parse(&o)
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, "students:", err)
		os.Exit(2)
	}
}

func (o *options) run() error {
	if o.Seeds < 1 || len(o.Categories) < 1 {
		return fmt.Errorf("%d seeds of %d categories; expected at least one of each", o.Seeds, len(o.Categories))
	}
	device, err := devices.Open(o.Device)
	if err != nil {
		return err
	}
	defer device.Close()
	teacher, err := o.teacher()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "students-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := newTable(o.Seeds)
	for seed := range o.Seeds {
		for _, category := range o.Categories {
			s, err := o.scenes(filepath.Join(dir, fmt.Sprint(seed)), category, uint32(seed+1))
			if err != nil {
				return err
			}
			if err := o.compare(device, teacher, s, func(v variant, third float64, a auroc) {
				t.add(seed, v.row(third), a)
				// A run that is stopped leaves what it has measured.
				fmt.Fprintf(os.Stderr, "seed %d, %s, %s: logical %.1f, structural %.1f\n", s.seed, category, v.row(third), a.logical, a.structural)
			}); err != nil {
				return fmt.Errorf("%s, seed %d: %w", category, seed+1, err)
			}
		}
	}
	fmt.Print(t)
	return nil
}

// teacher is nil for weights drawn from the seed.
func (o *options) teacher() (graph.Weights, error) {
	switch o.Teacher {
	case "formula":
		return weights.Formula()
	case "random":
		return nil, nil
	}
	return weights.LoadEncoder(o.Teacher)
}

// compare trains every variant on the scenes and reports how well its maps find
// the faults, without and with the third map.
func (o *options) compare(device kernels.Device, teacher graph.Weights, s *scenes, report func(v variant, third float64, a auroc)) error {
	classes, err := synth.Classes(s.category)
	if err != nil {
		return err
	}
	for _, v := range variants {
		start := time.Now()
		c, err := net.Profile("quick")
		if err != nil {
			return err
		}
		segmentor, students, err := train.Defaults("quick")
		if err != nil {
			return err
		}
		c.Side, c.Segmentor.Classes, students.Steps = o.Side, len(classes)+1, o.Steps
		v.change(&c, &students)
		w, err := train.Structural(context.Background(), c, s.train, teacher, train.Options{
			Seed: s.seed, Segmentor: segmentor, Students: students, Device: device,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		trained := time.Since(start)
		if err := s.measure(device, c, w, func(third float64, a auroc) { report(v, third, a) }); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		fmt.Fprintf(os.Stderr, "seed %d, %s, %s: training %.1f s, maps %.1f s\n",
			s.seed, s.category, v.name, trained.Seconds(), (time.Since(start) - trained).Seconds())
	}
	return nil
}
