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
	"aecsad/core/shape"
	"aecsad/kernels"
)

// Some stages of the networks lose more in int8 or bf16 than others: those whose small
// numbers matter, and in int8 those that see numbers on a faulty product which no good
// one shows, since ranges end there. Each stage is tried alone in each precision; those
// that harm most compute in something wider.

// What a precision may cost on the probes: half of what it may on other images in
// classes, a thousandth, and a hundredth of the spread of what scores are made of.
const (
	mayFlip = 0.0005
	mayMove = 0.01
)

// probes are few, because every stage looks at all of them. They are validation images:
// training images never leave the ranges.
const probes = 8

// harm is what a stage does in a precision.
type harm struct {
	flips float64 // share of the pixels whose class differs
	moves float64 // RMS of the changes of what a score is made of, over its standard deviation
}

func (h harm) share() float64 { return max(h.flips/mayFlip, h.moves/mayMove) }

// trial is a stage, what it does in each precision, and the one that it has.
type trial struct {
	stage string
	harms []harm
	level int
}

// levels are the precisions of a calibration, the fastest first.
func levels(precision string) []string {
	all := []string{kernels.Int8, kernels.BFloat16, kernels.Float32}
	return all[slices.Index(all, precision):]
}

// stage of a convolution: the first two names of its path in the large networks, such as
// encoder.layer1, and the whole of the others.
func stage(path string) string {
	names := strings.SplitN(path, ".", 3)
	if len(names) > 1 && (names[0] == "encoder" || names[0] == "local") {
		return names[0] + "." + names[1]
	}
	return names[0]
}

// wider finds the convolutions that keep something wider than the precision.
func wider(ctx context.Context, m *model.Model, s Source, o Options) error {
	e, err := detect.NewEngine(m.Config, m.Weights, o.Device, o.Threads)
	if err != nil {
		return err
	}
	paths := e.Convolutions()
	e.Close()
	images, err := probeImages(s)
	if err != nil {
		return err
	}
	want, err := seen(ctx, m, images, o, all(paths, kernels.Float32))
	if err != nil {
		return err
	}
	trials, done := trialsOf(paths), 0
	precisions := levels(o.Precision)
	for i := range trials {
		t := &trials[i]
		for _, precision := range precisions[:len(precisions)-1] {
			got, err := seen(ctx, m, images, o, onlyIn(t.stage, precision, paths, m.Calibration.Ranges))
			if err != nil {
				return err
			}
			t.harms = append(t.harms, harmOf(want, got, o.Shapes))
		}
		t.harms = append(t.harms, harm{})
		if done++; o.Report != nil {
			o.Report("stages for "+o.Precision, done, len(trials))
		}
	}
	spare(trials)
	w := m.Calibration.Ranges.Signed()
	for _, t := range trials {
		for _, path := range paths {
			if t.level > 0 && stage(path) == t.stage {
				w[path] = precisions[t.level]
			}
		}
	}
	m.Calibration.Wider = w
	return nil
}

// spare widens the stages that harm most until all of them together stay within the
// budget: flips add up, roundings of different stages are independent.
func spare(trials []trial) {
	for {
		sum, worst := harm{}, 0
		for i, t := range trials {
			h := t.harms[t.level]
			sum.flips += h.flips
			sum.moves = math.Hypot(sum.moves, h.moves)
			if h.share() > trials[worst].harms[trials[worst].level].share() {
				worst = i
			}
		}
		if sum.share() <= 1 {
			return
		}
		trials[worst].level++
	}
}

func trialsOf(paths []string) []trial {
	var trials []trial
	for _, path := range paths {
		if !slices.ContainsFunc(trials, func(t trial) bool { return t.stage == stage(path) }) {
			trials = append(trials, trial{stage: stage(path)})
		}
	}
	return trials
}

func all(paths []string, precision string) graph.Wider {
	w := graph.Wider{}
	for _, path := range paths {
		w[path] = precision
	}
	return w
}

// onlyIn keeps everything in float32 but one stage.
func onlyIn(name, precision string, paths []string, r graph.Ranges) graph.Wider {
	w, signed := all(paths, kernels.Float32), r.Signed()
	for _, path := range paths {
		if stage(path) != name {
			continue
		}
		delete(w, path)
		if precision == kernels.BFloat16 || signed[path] != "" {
			w[path] = kernels.BFloat16
		}
	}
	return w
}

// probeImages are some of the images, and the same with a patch of wrong colours, as
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

// seen is what the networks say with these precisions of the convolutions.
func seen(ctx context.Context, m *model.Model, images []*image.RGB, o Options, w graph.Wider) ([]*detect.Raw, error) {
	e, err := detect.NewEngineAt(o.Precision, m.Calibration.Ranges, w, m.Config, m.Weights, o.Device, o.Threads)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return look(ctx, e, Source{len(images), func(i int) (*image.RGB, error) { return images[i], nil }}, "", nil)
}

func harmOf(want, got []*detect.Raw, shapes bool) harm {
	h := harm{}
	for i, r := range want {
		for j, class := range r.Classes {
			if class != got[i].Classes[j] {
				h.flips += 1 / float64(len(r.Classes)*len(want))
			}
		}
	}
	for _, measure := range measures(want, shapes) {
		var values []float64
		square := 0.0
		for i, r := range want {
			v := measure(i, r)
			values = append(values, v)
			square += math.Pow(measure(i, got[i])-v, 2) / float64(len(want))
		}
		if spread := stat.StdDev(values, nil); spread > 0 {
			h.moves = max(h.moves, math.Sqrt(square)/spread)
		}
	}
	return h
}

// measures are the numbers of probe i that scores are made of: the maps' peaks and,
// where shapes count, how far its shapes are from those of the other images.
func measures(want []*detect.Raw, shapes bool) []func(i int, r *detect.Raw) float64 {
	all := []func(i int, r *detect.Raw) float64{
		func(_ int, r *detect.Raw) float64 { return detect.Peak(r.Local) },
		func(_ int, r *detect.Raw) float64 { return detect.Peak(r.Global) },
	}
	if !shapes {
		return all
	}
	regions, classes := make([][]shape.Region, len(want)), 0
	for i, r := range want {
		regions[i] = r.Regions()
		classes = max(classes, int(slices.Max(r.Classes))+1)
	}
	return append(all, func(i int, r *detect.Raw) float64 {
		var others [][]shape.Region
		for j := range regions {
			if j/2 != i/2 { // probes come in pairs
				others = append(others, regions[j])
			}
		}
		return shape.Learn(others, max(classes, int(slices.Max(r.Classes))+1)).Farthest(r.Regions())
	})
}
