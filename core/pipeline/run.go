package pipeline

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"aecsad/core/data"
	"aecsad/core/image"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// Files of a run folder.
const (
	ConfigFile      = "config.yaml"
	LogFile         = "log.txt"
	LabelFolder     = "labels"
	LabelFile       = "labels/labels.json"
	SheetFile       = "labels/sheet.png"
	LossFile        = "losses.csv"
	CheckpointFile  = "checkpoint.aecsad"
	CandidateFolder = "candidates"
	WeightsFile     = "weights.aecsad"
	ModelFile       = "model.aecsad"
	ScoreFile       = "scores.csv"
	MetricFile      = "metrics.csv"
	ReportFile      = "report.html"
	EvaluationFile  = "evaluation.json"
	ExampleFolder   = "examples"
)

// Run is a run folder with a data set and settings.
type Run struct {
	Dir    string
	Config Config
	Set    *data.Set
	// Version of the tool, for the model's provenance.
	Version string
	// Bar is told how far a long step is; may be nil.
	Bar func(stage string, done, total int)

	log    io.WriteCloser
	digest string
}

// Open opens (and makes) the run folder dir for the data set below root.
func Open(dir, root string, c Config, version string) (*Run, error) {
	// Before any work: a device that is not there fails at once.
	device, err := devices.OpenAt(c.Device, c.floatPrecision())
	if err != nil {
		return nil, err
	}
	device.Close()
	if c.Precision == kernels.Int8 && device.Name() != "cpu" {
		return nil, fmt.Errorf("precision is %s and the device is %s; expected the device cpu", c.Precision, device.Name())
	}
	set, err := data.Open(root)
	if err != nil {
		return nil, err
	}
	if err := c.Calibrate.possible(len(set.Validation)); err != nil {
		return nil, fmt.Errorf("data set %s: %w", root, err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	r := &Run{Dir: dir, Config: c, Set: set, Version: version}
	if err := c.write(r.path(ConfigFile)); err != nil {
		return nil, err
	}
	r.log, err = os.OpenFile(r.path(LogFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	if r.digest, err = set.Digest(); err != nil {
		return nil, err
	}
	r.Logf("data set %s (%s): %d training, %d validation, %d test images, sha256 %s",
		set.Root, set.Layout, len(set.Train), len(set.Validation), len(set.Test), r.digest)
	for _, w := range set.Warnings {
		r.Logf("warning: %s", w)
	}
	return r, nil
}

// Close closes the log.
func (r *Run) Close() error { return r.log.Close() }

// Logf appends a line to the log.
func (r *Run) Logf(format string, args ...any) {
	fmt.Fprintf(r.log, "%s "+format+"\n", append([]any{time.Now().UTC().Format(time.RFC3339)}, args...)...)
}

func (r *Run) path(name string) string { return filepath.Join(r.Dir, name) }

func (r *Run) bar(stage string, done, total int) {
	if r.Bar != nil {
		r.Bar(stage, done, total)
	}
}

// images reads items and resizes them to the network's side.
func (r *Run) images(stage string, items []data.Item) ([]*image.RGB, error) {
	var out []*image.RGB
	side := r.Config.Network.Side
	for i, it := range items {
		im, err := image.ReadFile(it.Path)
		if err != nil {
			return nil, err
		}
		out = append(out, image.Resize(im, side, side))
		r.bar(stage, i+1, len(items))
	}
	return out, nil
}
