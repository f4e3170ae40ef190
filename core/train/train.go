// Package train fits the networks of a model to images of good products: the
// encoder's statistics (only without imported weights), the teacher's
// normalisation, the segmentation network in two stages, the two students, and the
// coordinates that they are compared in.
// The schedule is fixed and the last weights count, so that no test image can
// have a say (spec 9.3 #3); a caller who wants to choose among earlier weights is
// given candidates, and anomalies to judge them by that are made of good images.
//
// Everything random is a function of the seed and the step, so that a run that
// was interrupted goes on from its checkpoint to the same bytes.
package train

import (
	"context"
	"fmt"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
	"aecsad/kernels"
)

// Data is what a model learns from.
type Data struct {
	// Images of good products, resized to Side x Side.
	Images []*image.RGB
	// Maps are their component classes, Side x Side; a class outside
	// [0, Classes) is ignored. Entries that Trusted does not name may be nil.
	Maps []*image.Labels
	// Trusted indexes the images whose maps the segmentor learns from; the
	// others are seen without labels.
	Trusted []int
	// Penalty are pictures of anything else, resized to Side x Side, on which
	// the local student must not imitate (spec 3.1); may be empty.
	Penalty []*image.RGB
	// Digest names the data, for checkpoints.
	Digest string
}

// Options of Run.
type Options struct {
	Seed      uint32
	Segmentor Segmentor
	Students  Students
	Device    kernels.Device
	Threads   int // 0 means all cores; results do not depend on it
	// Checkpoint is a file that is written every Every steps and when the
	// context ends, and that Run goes on from if it exists; empty for none.
	Checkpoint string
	Every      int
	// Report is called after every step; may be nil.
	Report func(Progress)
	// Candidate is given what a stage has trained so far, at several steps of its
	// second half; may be nil. Only Segmenting and Imitating have candidates.
	Candidate func(stage string, step int, trained graph.Weights) error
}

// The stages whose weights are worth a choice: the segmentor's second and the
// students'.
const (
	Segmenting = "segmentor, all images"
	Imitating  = "students"
)

// Progress of a stage. Losses are filled on every tenth and the last step.
type Progress struct {
	Stage       string
	Step, Steps int // Step counts from 1
	Losses      []Loss
}

// Loss is a named value.
type Loss struct {
	Name  string
	Value float64
}

// Defaults returns the training settings of a profile.
func Defaults(profile string) (Segmentor, Students, error) {
	s := Segmentor{
		Steps: 7000, Supervised: 0.42, Batch: 4, Rate: 0.01, FinalRate: 0.01, Decay: 1e-5,
		CrossEntropy: 0.5, Focal: 10, Dice: 1, Histogram: 10, Entropy: 1,
		Anomalies: Anomalies{Probability: 1, MinDistance: 0.2},
	}
	t := Students{
		Steps: 60000, Batch: 2, Rate: 2e-4, Decay: 1e-4, Quantile: 0.999, Input: InputJitter, Jitter: 0.2,
		Local: 1, Global: 1, Fusion: 1,
	}
	switch profile {
	case "paper":
	case "quick":
		s.Steps, s.Rate, s.FinalRate = 240, 0.004, 0.0002
		t.Steps, t.Rate, t.Quantile, t.Input, t.Whitening = 1000, 1e-3, 0.9, InputNone, 0.1
	case "balanced":
		s.Steps, s.Rate, s.FinalRate = 500, 0.004, 0.0002
		t.Steps, t.Rate, t.Quantile, t.Input, t.Whitening = 1000, 1e-3, 0.9, InputNone, 0.1
	default:
		return s, t, fmt.Errorf("no profile %q; there are quick, balanced and paper", profile)
	}
	return s, t, nil
}

// Run trains all networks of c. imported holds encoder weights, or is nil; a
// configuration that demands them fails without. It returns every weight of the
// inference program. When the context ends, Run writes a checkpoint and returns
// the context's error.
func Run(ctx context.Context, c net.Config, d Data, imported graph.Weights, o Options) (graph.Weights, error) {
	return begin(ctx, c, d, imported, o, []stepOf{(*run).settle, (*run).teacher, (*run).segmentSupervised, (*run).segmentAll, (*run).students, (*run).whiten})
}

// Structural trains what the structural branch needs and leaves the segmentor as
// drawn, for comparisons of the students' settings. Its students are those of
// Run. It writes no checkpoint.
func Structural(ctx context.Context, c net.Config, d Data, imported graph.Weights, o Options) (graph.Weights, error) {
	o.Checkpoint = ""
	return begin(ctx, c, d, imported, o, []stepOf{(*run).settle, (*run).teacher, (*run).students, (*run).whiten})
}

// stepOf is one step of a run, a whole training of something.
type stepOf func(*run) error

// begin takes the steps that a checkpoint has not done yet.
func begin(ctx context.Context, c net.Config, d Data, imported graph.Weights, o Options, steps []stepOf) (graph.Weights, error) {
	if err := check(c, d, o); err != nil {
		return nil, err
	}
	w, err := detect.Initialize(c, o.Seed)
	if err != nil {
		return nil, err
	}
	if err := useImported(c, w, imported); err != nil {
		return nil, err
	}
	r := &run{ctx: ctx, c: c, d: d, o: o, w: w, encoder: digest(imported)}
	if err := r.resume(); err != nil {
		return nil, err
	}
	for i, step := range steps {
		if i < r.done {
			continue
		}
		if err := step(r); err != nil {
			return nil, err
		}
		r.done, r.step = i+1, 0
		if err := r.save(); err != nil {
			return nil, err
		}
	}
	return r.w, r.w.Finite()
}

// run is the state of a training run.
type run struct {
	ctx     context.Context
	c       net.Config
	d       Data
	o       Options
	w       graph.Weights // all weights
	encoder string        // digest of the imported encoder weights; empty without
	moments graph.Weights // Adam's state of the stage under way
	done    int           // finished stages
	step    int           // finished steps of the stage under way
}

func check(c net.Config, d Data, o Options) error {
	if err := c.Check(); err != nil {
		return err
	}
	if len(d.Images) < 2 {
		return fmt.Errorf("training wants at least 2 images, got %d", len(d.Images))
	}
	for i, im := range append(append([]*image.RGB{}, d.Images...), d.Penalty...) {
		if im.Width != c.Side || im.Height != c.Side {
			return fmt.Errorf("training image %d is %dx%d, expected %dx%d", i, im.Width, im.Height, c.Side, c.Side)
		}
	}
	if len(d.Trusted) == 0 {
		return fmt.Errorf("no image has a trusted label map; the segmentation network cannot learn")
	}
	for _, i := range d.Trusted {
		if i < 0 || i >= len(d.Images) || i >= len(d.Maps) || d.Maps[i] == nil {
			return fmt.Errorf("trusted image %d has no label map", i)
		}
		if m := d.Maps[i]; m.Width != c.Side || m.Height != c.Side {
			return fmt.Errorf("label map %d is %dx%d, expected %dx%d", i, m.Width, m.Height, c.Side, c.Side)
		}
	}
	if err := o.Segmentor.Check(); err != nil {
		return err
	}
	if err := o.Students.Check(); err != nil {
		return err
	}
	if o.Students.Input.name() == anomalous && o.Segmentor.Anomalies.Probability == 0 {
		return fmt.Errorf("students.input is %s and segmentor.anomalies.probability 0, so that there are none", o.Students.Input)
	}
	return nil
}
