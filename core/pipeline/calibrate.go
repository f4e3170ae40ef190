package pipeline

import (
	"context"
	"fmt"
	"maps"

	"aecsad/core/calibrate"
	"aecsad/core/coordinates"
	"aecsad/core/data"
	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/kernels/devices"
)

// Calibrate measures the trained networks on good images and writes the model, in the
// coordinates that cost an inspection least. Images are taken at their own size, as in an
// inspection.
func (r *Run) Calibrate(ctx context.Context) (*model.Model, error) {
	m, err := model.LoadWeights(r.path(WeightsFile))
	if err != nil {
		return nil, err
	}
	if err := detect.Fits(m.Config, m.Weights); err != nil {
		return nil, fmt.Errorf("%s: %w", r.path(WeightsFile), err)
	}
	maps.Copy(m.Weights, coordinates.Triangular(m.Config, m.Weights))
	device, err := devices.Open(r.Config.Device)
	if err != nil {
		return nil, err
	}
	defer device.Close()
	err = r.measure(ctx, m, calibrate.Options{
		FalseAlarmRate: r.Config.Calibrate.rate(len(r.Set.Validation)), Extrapolate: r.Config.Calibrate.Extrapolate,
		Pixelwise: r.Config.Calibrate.Pixelwise, Shapes: r.Config.Calibrate.Shapes, Device: device, Threads: r.Config.Threads,
		Precision: r.Config.Precision, Tolerance: r.Config.Calibrate.Tolerance,
		Report: func(stage string, done, total int) { r.bar("calibrate on "+stage, done, total) },
	})
	if err != nil {
		return nil, err
	}
	c := m.Calibration
	r.Logf("calibrate: threshold %.3f for a false-alarm rate of %.3g from %d validation images", c.Threshold, c.Rate, len(c.Scores))
	if c.Wider.String() != "" {
		r.Logf("calibrate: %s, wider where that would change too much: %s", c.Precision, c.Wider)
	}
	return m, m.Save(r.path(ModelFile))
}

// usualRate is the false-alarm rate to aim at where none is asked for.
const usualRate = 0.05

// rate is the false-alarm rate to calibrate for with n validation images.
func (c Calibrate) rate(n int) float64 {
	if c.FalseAlarmRate > 0 {
		return c.FalseAlarmRate
	}
	return max(usualRate, 1/float64(n+1))
}

// possible tells, before hours of training, whether n validation images can show
// the rate that is asked for.
func (c Calibrate) possible(n int) error {
	if c.Extrapolate {
		return nil
	}
	if _, _, err := detect.Threshold(make([]float64, n), c.rate(n), false); err != nil {
		return fmt.Errorf("calibrate.false_alarm_rate: %w (calibrate.extrapolate=true)", err)
	}
	return nil
}

// measure fills in the model's calibration.
func (r *Run) measure(ctx context.Context, m *model.Model, o calibrate.Options) error {
	return calibrate.Run(ctx, m, source(r.Set.Train), source(r.Set.Validation), o)
}

func source(items []data.Item) calibrate.Source {
	return calibrate.Source{Count: len(items), Image: func(i int) (*image.RGB, error) { return image.ReadFile(items[i].Path) }}
}
