package pipeline

import (
	"context"
	"fmt"
	"maps"

	"aecsad/core/calibrate"
	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/stats"
	"aecsad/core/train"
)

// Selections say which weights of a training count.
const (
	// SelectSchedule takes the last ones.
	SelectSchedule = "schedule"
	// SelectSynthetic takes those of the candidates that best tell validation images
	// from anomalies that are made of them.
	SelectSynthetic = "synthetic"
)

// trial is what candidates are judged by, at the networks' side.
type trial struct{ good, logical, structural []*image.RGB }

// choose puts the best candidate of each stage into the model: first of the
// segmentor, then of the students. Of equally good ones the latest counts. The
// options say where calibration runs.
func (r *Run) choose(ctx context.Context, m *model.Model, o calibrate.Options) error {
	t, err := r.newTrial(ctx, m, o)
	if err != nil {
		return err
	}
	found := 0
	for _, stage := range []string{train.Segmenting, train.Imitating} {
		files, err := r.candidates(stage)
		if err != nil {
			return err
		}
		found += len(files)
		best, chosen := -1.0, m.Weights
		for i, file := range files {
			c := *m
			c.Weights = maps.Clone(m.Weights)
			if err := readCandidate(file, c.Weights); err != nil {
				return err
			}
			rank, err := r.rank(ctx, &c, o, t)
			if err != nil {
				return err
			}
			r.Logf("select: %s: mean AUROC on synthetic anomalies %.4f", file, rank)
			r.bar("choose among "+stage, i+1, len(files))
			if rank >= best {
				best, chosen = rank, c.Weights
			}
		}
		m.Weights = chosen
	}
	if found == 0 {
		return fmt.Errorf("select is %s and %s holds no candidates: the training ended before it was asked for them; delete %s to train anew",
			SelectSynthetic, r.path(CandidateFolder), r.path(CheckpointFile))
	}
	return nil
}

// newTrial makes one anomaly of each kind of every validation image. Where the
// components are is what the trained segmentor sees.
func (r *Run) newTrial(ctx context.Context, m *model.Model, o calibrate.Options) (*trial, error) {
	t := &trial{}
	var err error
	if t.good, err = r.images("read validation images", r.Set.Validation); err != nil {
		return nil, err
	}
	d, err := r.calibrated(ctx, m, o)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	for k, im := range t.good {
		v, err := d.Inspect(im.Pixels())
		if err != nil {
			return nil, err
		}
		labels := &image.Labels{Width: v.Side, Height: v.Side, Pix: v.Classes}
		t.logical = append(t.logical, train.LogicalAnomaly(im, labels, r.Config.Seed, k))
		t.structural = append(t.structural, train.StructuralAnomaly(im, labels, r.Config.Seed, k))
	}
	return t, nil
}

// rank is the mean AUROC of both kinds of anomalies.
func (r *Run) rank(ctx context.Context, m *model.Model, o calibrate.Options, t *trial) (float64, error) {
	d, err := r.calibrated(ctx, m, o)
	if err != nil {
		return 0, err
	}
	defer d.Close()
	var s [3][]float64
	for i, images := range [][]*image.RGB{t.good, t.logical, t.structural} {
		for _, im := range images {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			v, err := d.Inspect(im.Pixels())
			if err != nil {
				return 0, err
			}
			s[i] = append(s[i], v.Score)
		}
	}
	return (stats.AUROC(s[0], s[1]) + stats.AUROC(s[0], s[2])) / 2, nil
}

// calibrated is a detector of weights that are not final.
func (r *Run) calibrated(ctx context.Context, m *model.Model, o calibrate.Options) (*detect.Detector, error) {
	c := *m
	// Only scores count here, no threshold; any number of images suffices for this one.
	o.FalseAlarmRate = 0.5
	if err := r.measure(ctx, &c, o); err != nil {
		return nil, err
	}
	return detect.New(&c, detect.Options{Device: r.Config.Device, Precision: r.Config.floatPrecision(), Threads: r.Config.Threads})
}
