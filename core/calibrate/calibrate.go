// Package calibrate measures on good images what the networks' outputs mean:
// histogram Gaussians on training images; map scaling, normalisation of both
// branches and the threshold on validation images (spec sections 3.3, 6, 7).
//
// It runs the same program as inspection and calls the same scoring functions,
// one after the other as their constants become known.
package calibrate

import (
	"context"
	"fmt"
	"sort"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/shape"
	"aecsad/core/stats"
	"aecsad/kernels"
)

// Options of Run.
type Options struct {
	// FalseAlarmRate sets the threshold: this share of good images exceeds it.
	FalseAlarmRate float64
	// Extrapolate allows a rate for which there are too few validation images.
	Extrapolate bool
	// Pixelwise compares every place of an anomaly map with what good training
	// images show there.
	Pixelwise bool
	// Shapes compares the shape of every region of a component with those on good
	// training images.
	Shapes  bool
	Device  kernels.Device
	Threads int
	// Precision to calibrate for; empty for that of Device, else Device is in float32. In
	// int8, and on a CPU in bf16, the stages that it harms too much are found and recorded, in
	// int8 also what convolutions see.
	Precision string
	// Tolerance is what that may change, as a share of the spread of what scores are made
	// of; 0 means DefaultTolerance. Classes of pixels may hardly change, whatever it is.
	Tolerance float64
	// Report is called after every image; may be nil.
	Report func(stage string, done, total int)
}

func (o Options) tolerance() float64 {
	if o.Tolerance > 0 {
		return o.Tolerance
	}
	return DefaultTolerance
}

// MinValidation is the smallest number of validation images: the trimmed
// normalisation keeps the middle 60 % of them.
const MinValidation = 5

// Source hands out image i of a list; images need not be in memory together.
type Source struct {
	Count int
	Image func(i int) (*image.RGB, error)
}

// Run fills m.Calibration from good training and validation images.
func Run(ctx context.Context, m *model.Model, train, validation Source, o Options) error {
	if train.Count < 2 || validation.Count < MinValidation {
		return fmt.Errorf("calibration wants at least 2 training and %d validation images, got %d and %d",
			MinValidation, train.Count, validation.Count)
	}
	return run(ctx, m, train, validation, o)
}

func run(ctx context.Context, m *model.Model, train, validation Source, o Options) error {
	m.Calibration = model.Calibration{Precision: o.Precision}
	if o.Precision == kernels.BF16x6 { // the scores are those of float32
		m.Calibration.Precision = kernels.Float32
	}
	e, err := engine(ctx, m, train, validation, o)
	if err != nil {
		return err
	}
	defer e.Close()
	fit, err := look(ctx, e, train, "training images", o.Report)
	if err != nil {
		return err
	}
	if err := gaussians(&m.Calibration, fit); err != nil {
		return err
	}
	raws, err := look(ctx, e, validation, "validation images", o.Report)
	if err != nil {
		return err
	}
	if o.Pixelwise {
		Places(m, fit)
	}
	if o.Shapes {
		m.Calibration.Shapes = shapes(m, fit)
	}
	if err := Maps(m, raws); err != nil {
		return err
	}
	if err := logical(&m.Calibration, raws); err != nil {
		return err
	}
	return threshold(m, raws, o)
}

// engine loads the networks, in less than float32 after it has found what that wants.
func engine(ctx context.Context, m *model.Model, train, validation Source, o Options) (*detect.Engine, error) {
	c, precision := &m.Calibration, o.Precision
	if precision == kernels.Int8 {
		if err := ranges(ctx, m, train, o); err != nil {
			return nil, err
		}
	}
	if precision == kernels.Int8 || precision == kernels.BFloat16 && o.Device.Name() == "cpu" {
		plain, err := inFloat32(ctx, m, train, validation, o)
		if err != nil {
			return nil, err
		}
		if err := wider(ctx, m, plain, validation, o); err != nil {
			return nil, err
		}
	}
	return detect.NewEngineAt(precision, c.Ranges, c.Wider, m.Config, m.Weights, o.Device, o.Threads)
}

// inFloat32 is the model as it is calibrated in float32.
func inFloat32(ctx context.Context, m *model.Model, train, validation Source, o Options) (*model.Model, error) {
	plain, report := *m, o.Report
	o.Precision = kernels.Float32
	if report != nil {
		o.Report = func(stage string, done, total int) { report(stage+" in float32", done, total) }
	}
	return &plain, run(ctx, &plain, train, validation, o)
}

// ranges measures the smallest and the largest numbers that convolutions see on any of the
// images, and on the same with something foreign: what an anomaly shows is larger than what
// good products show, and must not be cut off.
func ranges(ctx context.Context, m *model.Model, s Source, o Options) error {
	e, err := detect.NewEngine(m.Config, m.Weights, o.Device, o.Threads)
	if err != nil {
		return err
	}
	defer e.Close()
	all := &m.Calibration.Ranges
	n := 0
	return each(ctx, s, "training images for int8", o.Report, func(im *image.RGB) error {
		for _, shown := range []*image.RGB{im, foreign(im, n)} {
			r, err := e.Ranges(Pixels(shown))
			if err != nil {
				return err
			}
			*all = all.With(r)
		}
		n++
		return nil
	})
}

// look runs the program on every image of a source.
func look(ctx context.Context, e *detect.Engine, s Source, stage string, report func(string, int, int)) ([]*detect.Raw, error) {
	var raws []*detect.Raw
	err := each(ctx, s, stage, report, func(im *image.RGB) error {
		r, err := e.Run(Pixels(im))
		raws = append(raws, r)
		return err
	})
	return raws, err
}

// each calls f for every image of a source.
func each(ctx context.Context, s Source, stage string, report func(string, int, int), f func(*image.RGB) error) error {
	for i := 0; i < s.Count; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		im, err := s.Image(i)
		if err != nil {
			return err
		}
		if err := f(im); err != nil {
			return err
		}
		if report != nil {
			report(stage, i+1, s.Count)
		}
	}
	return nil
}

// Pixels is an image as inspections take it.
func Pixels(im *image.RGB) image.Pixels {
	return image.Pixels{Data: im.Pix, Width: im.Width, Height: im.Height, Stride: 3 * im.Width, Format: image.RGB8}
}

// gaussians fits one Gaussian per grid, with numbers rounded to what the model
// file holds, so that a loaded model scores as it did when it was calibrated.
func gaussians(c *model.Calibration, raws []*detect.Raw) error {
	for i, grid := range detect.Grids {
		rows := make([][]float64, len(raws))
		for j, r := range raws {
			rows[j] = r.Histograms[i]
		}
		g, err := stats.FitGaussian(rows)
		if err != nil {
			return fmt.Errorf("histograms on a %dx%d grid: %w", grid, grid, err)
		}
		roundToFile(g.Mean)
		roundToFile(g.Precision)
		c.Histograms = append(c.Histograms, model.Histogram{Grid: grid, Gaussian: *g})
	}
	return nil
}

func roundToFile(v []float64) {
	for i := range v {
		v[i] = float64(float32(v[i]))
	}
}

// Maps measures on validation images the scaling of the maps, the level of the
// fused one and the normalisation of its peak: all that the structural branch
// wants.
func Maps(m *model.Model, raws []*detect.Raw) error {
	c := &m.Calibration
	for _, a := range anomalyMaps(m) {
		a.norm.Scale = scale(a, raws)
	}
	var fused []float32
	var peaks []float64
	for _, r := range raws {
		_, _, f := detect.Fuse(m, r)
		fused, peaks = append(fused, f...), append(peaks, detect.Peak(f))
	}
	c.Level = stats.QuantileFloat32(fused, 0.995)
	var err error
	c.Structural, err = stats.FitZScore(peaks)
	return err
}

// anomalyMap is one of the maps and its normalisation.
type anomalyMap struct {
	norm *model.MapNorm
	of   func(*detect.Raw) []float32
}

// anomalyMaps are those that the model has.
func anomalyMaps(m *model.Model) []anomalyMap {
	c := &m.Calibration
	maps := []anomalyMap{
		{&c.Local, func(r *detect.Raw) []float32 { return r.Local }},
		{&c.Global, func(r *detect.Raw) []float32 { return r.Global }},
	}
	if m.Config.ThirdMap != 0 {
		maps = append(maps, anomalyMap{&c.Third, func(r *detect.Raw) []float32 { return r.Third }})
	}
	return maps
}

// scale is that of one map over all images.
func scale(a anomalyMap, raws []*detect.Raw) model.Scale {
	var all []float32
	for _, r := range raws {
		for i, v := range a.of(r) {
			all = append(all, a.norm.Standardize(i, v))
		}
	}
	return model.Scale{Start: stats.QuantileFloat32(all, 0.9), End: stats.QuantileFloat32(all, 0.995)}
}

// shapes are those of the components' regions on training images.
func shapes(m *model.Model, train []*detect.Raw) *shape.Known {
	images := make([][]shape.Region, len(train))
	for i, r := range train {
		images[i] = r.Regions()
	}
	return shape.Learn(images, m.Config.Segmentor.Classes)
}

// logical measures the normalisation of each distance, then of their sum.
func logical(c *model.Calibration, raws []*detect.Raw) error {
	distances := make([][]float64, len(raws))
	for i, r := range raws {
		distances[i] = detect.Distances(c, r)
	}
	for k, norm := range detect.DistanceNorms(c) {
		column := make([]float64, len(raws))
		for i := range raws {
			column[i] = distances[i][k]
		}
		z, err := stats.FitZScore(column)
		if err != nil {
			return err
		}
		*norm = z
	}
	odd := make([]float64, len(raws))
	for i := range raws {
		odd[i] = detect.Oddness(c, distances[i])
	}
	var err error
	c.Logical, err = stats.FitZScore(odd)
	return err
}

// threshold scores the validation images and sets the threshold for the rate.
func threshold(m *model.Model, raws []*detect.Raw, o Options) error {
	c := &m.Calibration
	for _, r := range raws {
		c.Scores = append(c.Scores, detect.Judge(m, r).Score)
	}
	sort.Float64s(c.Scores)
	var err error
	c.Threshold, c.Extrapolated, err = detect.Threshold(c.Scores, o.FalseAlarmRate, o.Extrapolate)
	c.Rate = o.FalseAlarmRate
	return err
}
