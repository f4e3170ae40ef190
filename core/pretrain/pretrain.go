// Package pretrain trains an encoder on pictures drawn from formulas (package
// formula) to say, cell by cell after each of its stages, which formulas drew
// what it sees. The result is a teacher that has seen no photograph, so that it
// carries nobody's licence.
//
// The pictures never repeat, so the loss on the next batch is the loss on unseen
// pictures. Everything random is a function of the seed and the step: a run that
// was interrupted goes on from its checkpoint to the same bytes.
package pretrain

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"strings"

	"aecsad/core/checkpoint"
	"aecsad/core/graph"
	"aecsad/kernels"
)

// Options of Run.
type Options struct {
	Settings
	Device  kernels.Device
	Threads int // 0 means all cores; results do not depend on it
	// Checkpoint is a file that is written every Every steps and when the
	// context ends, and that Run goes on from if it exists; empty for none.
	Checkpoint string
	Every      int
	// Report is called after every step; may be nil.
	Report func(Progress)
}

// momentum is the share of the newest batch in the encoder's batch statistics.
const momentum = 0.05

// Progress of a run. Losses are filled now and then.
type Progress struct {
	Step, Steps int // Step counts from 1
	Losses      []Loss
}

// Loss is the loss of a target at a stage, "f2.texture".
type Loss struct {
	Name  string
	Value float64
}

// reportEvery is how often losses are read back.
const reportEvery = 20

// run is the state of a run.
type run struct {
	o       Options
	session *graph.Session
	losses  []string
	state   checkpoint.State
}

// Run trains and returns the encoder's weights ("encoder.conv1.weight", ...)
// with its batch statistics. When the context ends, it writes a checkpoint and
// returns the context's error.
func Run(ctx context.Context, o Options) (graph.Weights, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	n, err := newNetwork(o.Settings)
	if err != nil {
		return nil, err
	}
	r := &run{o: o, losses: n.losses}
	r.state.Weights = n.graph.Initialize(o.Seed)
	if err := r.resume(); err != nil {
		return nil, err
	}
	if r.session, err = graph.Load(o.Device, n.program, o.Threads); err != nil {
		return nil, err
	}
	defer r.session.Close()
	if err := r.session.SetWeights(r.state.Weights); err != nil {
		return nil, err
	}
	if r.state.Moments != nil {
		if err := r.session.SetMoments(r.state.Moments); err != nil {
			return nil, err
		}
	}
	if err := r.train(ctx); err != nil {
		return nil, err
	}
	return r.encoder()
}

func (r *run) train(ctx context.Context) error {
	next, stop := batches(r.o.Settings, r.state.Step)
	defer stop()
	for r.state.Step < r.o.Steps {
		if err := ctx.Err(); err != nil {
			if saved := r.save(); saved != nil {
				return saved
			}
			return err
		}
		b, err := next()
		if err != nil {
			return err
		}
		for name, values := range b {
			if err := r.session.SetInput(name, values); err != nil {
				return err
			}
		}
		if err := r.session.Step(r.state.Step, r.o.rate(r.state.Step)); err != nil {
			return err
		}
		r.state.Step++
		if err := r.report(); err != nil {
			return err
		}
		if r.o.Every > 0 && r.state.Step%r.o.Every == 0 {
			if err := r.save(); err != nil {
				return err
			}
		}
	}
	return r.collect()
}

// report reads the losses now and then, and stops a run that has left the
// numbers.
func (r *run) report() error {
	p := Progress{Step: r.state.Step, Steps: r.o.Steps}
	if p.Step%reportEvery == 0 || p.Step == p.Steps {
		for _, name := range r.losses {
			v, err := r.session.Output(name)
			if err != nil {
				return err
			}
			x := float64(v[0])
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("loss %s is %v at step %d; a smaller learning rate may help", name, x, p.Step)
			}
			p.Losses = append(p.Losses, Loss{name, x})
		}
	}
	if r.o.Report != nil {
		r.o.Report(p)
	}
	return nil
}

// collect takes weights and moments out of the session.
func (r *run) collect() error {
	w, err := r.session.Trained()
	if err != nil {
		return err
	}
	maps.Copy(r.state.Weights, w)
	r.state.Moments, err = r.session.Moments()
	return err
}

func (r *run) save() error {
	if r.o.Checkpoint == "" {
		return nil
	}
	if err := r.collect(); err != nil {
		return err
	}
	settings, err := json.Marshal(r.o.Settings)
	if err != nil {
		return err
	}
	return r.state.Save(r.o.Checkpoint, settings)
}

func (r *run) resume() error {
	if r.o.Checkpoint == "" {
		return nil
	}
	settings, err := json.Marshal(r.o.Settings)
	if err != nil {
		return err
	}
	s, err := checkpoint.Load(r.o.Checkpoint, settings, r.state.Weights)
	if s == nil {
		return err
	}
	maps.Copy(r.state.Weights, s.Weights)
	r.state.Step, r.state.Moments = s.Step, s.Moments
	return nil
}

// encoder is the trained weights without the heads.
func (r *run) encoder() (graph.Weights, error) {
	w := graph.Weights{}
	for name, t := range r.state.Weights {
		if strings.HasPrefix(name, encoderScope+".") {
			w[name] = t
		}
	}
	return w, w.Finite()
}
