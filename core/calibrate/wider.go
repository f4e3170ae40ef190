package calibrate

import (
	"context"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/kernels"
)

// Some stages of the networks lose more in int8 than others: those whose small numbers
// matter, and those that see numbers on a faulty product which no good one shows, since
// ranges end there. Each stage is tried alone; those that harm most keep bf16.

// What int8 may cost on the probes: half of what it may on other images, a thousandth of
// the classes and a hundredth of the scores' spread.
const (
	mayFlip = 0.0005
	mayMove = 0.005
)

// probes are few, because every stage looks at all of them.
const probes = 4

// harm is what a stage does in int8.
type harm struct {
	stage string
	flips float64 // share of the pixels whose class differs
	moves float64 // RMS of the changes of a map's peak, over the standard deviation of the peaks
}

func (h harm) share() float64 { return max(h.flips/mayFlip, h.moves/mayMove) }

// stage of a convolution is the first two names of its path: encoder.layer1.
func stage(path string) string {
	names := strings.SplitN(path, ".", 3)
	return strings.Join(names[:min(len(names), 2)], ".")
}

// wider finds the convolutions that keep bf16.
func wider(ctx context.Context, m *model.Model, s Source, o Options) error {
	c := &m.Calibration
	images, err := probeImages(s)
	if err != nil {
		return err
	}
	want, err := seen(ctx, m, images, o, nil)
	if err != nil {
		return err
	}
	c.Wider = c.Ranges.Signed()
	stages := map[string]bool{}
	for path := range c.Ranges {
		if c.Wider[path] == "" {
			stages[stage(path)] = true
		}
	}
	var harms []harm
	for name := range stages {
		got, err := seen(ctx, m, images, o, allBut(c.Ranges, name))
		if err != nil {
			return err
		}
		harms = append(harms, harmOf(name, want, got))
		if o.Report != nil {
			o.Report("stages for int8", len(harms), len(stages))
		}
	}
	spare(c, harms)
	return nil
}

// allBut keeps everything in float32 but one stage.
func allBut(r graph.Ranges, name string) graph.Wider {
	w := graph.Wider{}
	for path := range r {
		if stage(path) != name {
			w[path] = kernels.Float32
		}
	}
	return w
}

// spare keeps in bf16 what exceeds the budget, the most harmful stages. The least
// harmful one is in int8 in any case: that was asked for.
func spare(c *model.Calibration, harms []harm) {
	slices.SortFunc(harms, func(a, b harm) int {
		if a.share() != b.share() {
			return int(math.Copysign(1, a.share()-b.share()))
		}
		return strings.Compare(a.stage, b.stage)
	})
	flips, moves, kept := 0.0, 0.0, map[string]bool{}
	for i, h := range harms {
		flips += h.flips
		moves = math.Hypot(moves, h.moves) // roundings of different stages are independent
		kept[h.stage] = i > 0 && !(flips <= mayFlip && moves <= mayMove)
	}
	for path := range c.Ranges {
		if kept[stage(path)] {
			c.Wider[path] = kernels.BFloat16
		}
	}
}

// probeImages are some training images, and the same with a patch of wrong colours, as
// something foreign.
func probeImages(s Source) ([]*image.RGB, error) {
	var images []*image.RGB
	n := min(s.Count, probes)
	for i := range n {
		im, err := s.Image(i * s.Count / n)
		if err != nil {
			return nil, err
		}
		images = append(images, im, foreign(im, i))
	}
	return images, nil
}

// foreign is the image with inverted colours in a quarter of its width and height.
func foreign(im *image.RGB, at int) *image.RGB {
	out := &image.RGB{Width: im.Width, Height: im.Height, Pix: slices.Clone(im.Pix)}
	x, y := (1+at%3)*im.Width/6, (1+at/3%3)*im.Height/6
	for row := y; row < y+im.Height/4; row++ {
		line := out.Pix[3*(row*im.Width+x) : 3*(row*im.Width+x+im.Width/4)]
		for i, v := range line {
			line[i] = 255 - v
		}
	}
	return out
}

// seen is what the networks say, in int8 where wider lets them; nil is float32.
func seen(ctx context.Context, m *model.Model, images []*image.RGB, o Options, wider graph.Wider) ([]*detect.Raw, error) {
	load := func() (*detect.Engine, error) {
		if wider == nil {
			return detect.NewEngine(m.Config, m.Weights, o.Device, o.Threads)
		}
		return detect.NewInt8Engine(m.Config, m.Weights, m.Calibration.Ranges, wider, o.Device, o.Threads)
	}
	e, err := load()
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return look(ctx, e, Source{len(images), func(i int) (*image.RGB, error) { return images[i], nil }}, "", nil)
}

func harmOf(stage string, want, got []*detect.Raw) harm {
	h := harm{stage: stage}
	for i, r := range want {
		for j, class := range r.Classes {
			if class != got[i].Classes[j] {
				h.flips += 1 / float64(len(r.Classes)*len(want))
			}
		}
	}
	for _, of := range []func(*detect.Raw) []float32{
		func(r *detect.Raw) []float32 { return r.Local },
		func(r *detect.Raw) []float32 { return r.Global },
	} {
		var peaks []float64
		square := 0.0
		for i, r := range want {
			peak := detect.Peak(of(r))
			peaks = append(peaks, peak)
			square += math.Pow(detect.Peak(of(got[i]))-peak, 2) / float64(len(want))
		}
		if spread := stat.StdDev(peaks, nil); spread > 0 {
			h.moves = max(h.moves, math.Sqrt(square)/spread)
		}
	}
	return h
}
