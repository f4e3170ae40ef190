package pipeline

import (
	"context"
	"fmt"
	"time"

	"aecsad/core/calibrate"
	"aecsad/core/data"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/train"
	"aecsad/kernels/devices"
)

// Train fits the networks to the labelled images and writes the weights. It goes
// on from the run's checkpoint when there is one.
func (r *Run) Train(ctx context.Context) error {
	maps, trusted, components, err := r.readLabels()
	if err != nil {
		return err
	}
	imported, err := r.teacher()
	if err != nil {
		return err
	}
	images, err := r.images("read training images", r.Set.Train)
	if err != nil {
		return err
	}
	penalty, err := r.penaltyImages()
	if err != nil {
		return err
	}
	c := r.Config.Network
	c.Segmentor.Classes = len(components) + 1
	device, err := devices.OpenAt(r.Config.Device, r.Config.floatPrecision())
	if err != nil {
		return err
	}
	defer device.Close()
	losses, err := openLosses(r.Dir, r.Config.TensorBoard)
	if err != nil {
		return err
	}
	defer losses.close()
	if err := r.freshCandidates(); err != nil {
		return err
	}
	d := train.Data{Images: images, Maps: maps, Trusted: trusted, Penalty: penalty, Digest: r.digest}
	o := r.trainOptions(losses)
	o.Device = device
	w, err := train.Run(ctx, c, d, imported, o)
	if err != nil {
		return err
	}
	if err := losses.close(); err != nil {
		return err
	}
	r.Logf("train: done")
	m := &model.Model{Config: c, Weights: w, Components: components, Provenance: model.Provenance{
		Category: r.Set.Name, Dataset: r.digest, Tool: r.Version, Seed: r.Config.Seed, Train: len(images),
	}}
	if r.Config.Select == SelectSynthetic {
		if err := r.choose(ctx, m, calibrate.Options{Device: device, Threads: r.Config.Threads}); err != nil {
			return err
		}
	}
	return m.SaveWeights(r.path(WeightsFile))
}

// trainOptions are those of the settings; the device is the caller's.
func (r *Run) trainOptions(losses *lossLog) train.Options {
	var clock stageClock
	o := train.Options{
		Seed: r.Config.Seed, Segmentor: r.Config.Segmentor, Students: r.Config.Students,
		Threads:    r.Config.Threads,
		Checkpoint: r.path(CheckpointFile), Every: r.Config.CheckpointEvery,
		Report: func(p train.Progress) {
			losses.add(p)
			r.bar(p.Stage, p.Step, p.Steps)
			if seconds, ok := clock.step(p, time.Now()); ok {
				r.Logf("train: %s: %d steps, %.3g s each", p.Stage, p.Steps, seconds)
			}
		},
	}
	if r.Config.Select == SelectSynthetic {
		o.Candidate = r.addCandidate
	}
	return o
}

func (r *Run) penaltyImages() ([]*image.RGB, error) {
	if r.Config.Penalty == "" {
		return nil, nil
	}
	s, err := data.Open(r.Config.Penalty)
	if err != nil {
		return nil, fmt.Errorf("penalty: %w", err)
	}
	return r.images("read penalty images", s.All())
}
