package pipeline

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"strconv"

	"aecsad/core/data"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/train"
	"aecsad/core/weights"
	"aecsad/kernels/devices"
)

// Train fits the networks to the labelled images and writes the weights. It goes
// on from the run's checkpoint when there is one.
func (r *Run) Train(ctx context.Context) error {
	maps, trusted, components, err := r.readLabels()
	if err != nil {
		return err
	}
	imported, err := r.importedWeights()
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
	device, err := devices.Open(r.Config.Device)
	if err != nil {
		return err
	}
	defer device.Close()
	losses, err := openLosses(r.path(LossFile))
	if err != nil {
		return err
	}
	defer losses.close()
	w, err := train.Run(ctx, c, train.Data{Images: images, Maps: maps, Trusted: trusted, Penalty: penalty, Digest: r.digest}, imported, train.Options{
		Seed: r.Config.Seed, Segmentor: r.Config.Segmentor, Students: r.Config.Students,
		Device: device, Threads: r.Config.Threads,
		Checkpoint: r.path(CheckpointFile), Every: r.Config.CheckpointEvery,
		Report: func(p train.Progress) {
			losses.add(p)
			r.bar(p.Stage, p.Step, p.Steps)
		},
	})
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
	return m.SaveWeights(r.path(WeightsFile))
}

func (r *Run) importedWeights() (graph.Weights, error) {
	if r.Config.Weights == "" {
		if r.Config.Network.Encoder.Pretrained {
			return nil, &train.WeightsError{Profile: r.Config.Profile}
		}
		return nil, nil
	}
	return weights.LoadEncoder(r.Config.Weights)
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

// lossLog appends losses to a CSV file: stage, step, loss, value.
type lossLog struct {
	f *os.File
	w *csv.Writer
}

func openLosses(path string) (*lossLog, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	l := &lossLog{f, csv.NewWriter(f)}
	if st, err := f.Stat(); err == nil && st.Size() == 0 {
		l.w.Write([]string{"stage", "step", "loss", "value"})
	}
	return l, nil
}

func (l *lossLog) add(p train.Progress) {
	for _, v := range p.Losses {
		l.w.Write([]string{p.Stage, strconv.Itoa(p.Step), v.Name, strconv.FormatFloat(v.Value, 'g', 6, 64)})
	}
	if len(p.Losses) > 0 {
		l.w.Flush()
	}
}

func (l *lossLog) close() error {
	if l.f == nil {
		return nil
	}
	l.w.Flush()
	err := l.w.Error()
	if e := l.f.Close(); err == nil {
		err = e
	}
	l.f = nil
	return err
}
