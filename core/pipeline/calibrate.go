package pipeline

import (
	"context"

	"aecsad/core/calibrate"
	"aecsad/core/data"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/kernels/devices"
)

// Calibrate measures the trained networks on good images and writes the model.
// Images are taken at their own size, as in an inspection.
func (r *Run) Calibrate(ctx context.Context) (*model.Model, error) {
	m, err := model.LoadWeights(r.path(WeightsFile))
	if err != nil {
		return nil, err
	}
	device, err := devices.Open(r.Config.Device)
	if err != nil {
		return nil, err
	}
	defer device.Close()
	err = r.measure(ctx, m, calibrate.Options{
		FalseAlarmRate: r.Config.Calibrate.FalseAlarmRate, Extrapolate: r.Config.Calibrate.Extrapolate,
		Device: device, Threads: r.Config.Threads,
		Report: func(stage string, done, total int) { r.bar("calibrate on "+stage, done, total) },
	})
	if err != nil {
		return nil, err
	}
	c := m.Calibration
	r.Logf("calibrate: threshold %.3f for a false-alarm rate of %.3g from %d validation images", c.Threshold, c.Rate, len(c.Scores))
	return m, m.Save(r.path(ModelFile))
}

// measure fills in the model's calibration.
func (r *Run) measure(ctx context.Context, m *model.Model, o calibrate.Options) error {
	return calibrate.Run(ctx, m, source(r.Set.Train), source(r.Set.Validation), o)
}

func source(items []data.Item) calibrate.Source {
	return calibrate.Source{Count: len(items), Image: func(i int) (*image.RGB, error) { return image.ReadFile(items[i].Path) }}
}
