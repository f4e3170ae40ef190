package train

import (
	"fmt"
	"math"

	"aecsad/core/graph"
)

// stage is a training program with what it is fed.
type stage struct {
	name    string
	program *graph.Program
	first   int // Adam's clock at the stage's first step
	steps   int
	rate    func(step int) float64
	feed    func(s *graph.Session, step int) error
	losses  []string // outputs to report
	// carry keeps Adam's state for the next stage.
	carry bool
	// choice offers weights of the stage's second half as candidates.
	choice bool
}

// reportEvery is how often losses are read back.
const reportEvery = 10

// train runs a stage from the step that the run has reached.
func (r *run) train(st stage) error {
	s, err := graph.Load(r.o.Device, st.program, r.o.Threads)
	if err != nil {
		return fmt.Errorf("%s: %w", st.name, err)
	}
	defer s.Close()
	if err := s.SetWeights(r.w); err != nil {
		return fmt.Errorf("%s: %w", st.name, err)
	}
	if r.moments != nil {
		if err := s.SetMoments(r.moments); err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
		}
	}
	for r.step < st.steps {
		if err := r.ctx.Err(); err != nil {
			if saved := r.checkpoint(s); saved != nil {
				return saved
			}
			return err
		}
		if err := st.feed(s, r.step); err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
		}
		if err := s.Step(st.first+r.step, st.rate(r.step)); err != nil {
			return fmt.Errorf("%s: %w", st.name, err)
		}
		r.step++
		if err := r.report(st, s); err != nil {
			return err
		}
		if err := r.offer(st, s); err != nil {
			return err
		}
		if r.o.Every > 0 && r.step%r.o.Every == 0 && r.step < st.steps {
			if err := r.checkpoint(s); err != nil {
				return err
			}
		}
	}
	if err := r.collect(s); err != nil {
		return err
	}
	if !st.carry {
		r.moments = nil
	}
	return nil
}

// report reads the losses now and then, and stops a run that has left the
// numbers.
func (r *run) report(st stage, s *graph.Session) error {
	p := Progress{Stage: st.name, Step: r.step, Steps: st.steps}
	if r.step%reportEvery == 0 || r.step == st.steps {
		for _, name := range st.losses {
			v, err := s.Output(name)
			if err != nil {
				return err
			}
			p.Losses = append(p.Losses, Loss{name, float64(v[0])})
			if x := float64(v[0]); math.IsNaN(x) || math.IsInf(x, 0) {
				return fmt.Errorf("%s: loss %s is %v at step %d; a smaller learning rate may help", st.name, name, x, r.step)
			}
		}
	}
	if r.o.Report != nil {
		r.o.Report(p)
	}
	return nil
}

// offer hands out the weights at 6, 7, 8, 9 and 10 tenths of a stage. A run that
// goes on from a checkpoint offers those since the checkpoint again.
func (r *run) offer(st stage, s *graph.Session) error {
	if r.o.Candidate == nil || !st.choice {
		return nil
	}
	for tenths := 6; tenths <= 10; tenths++ {
		if r.step != st.steps*tenths/10 {
			continue
		}
		w, err := s.Trained()
		if err != nil {
			return err
		}
		if st.name == Imitating {
			if w, err = r.whitened(w); err != nil {
				return err
			}
		}
		return r.o.Candidate(st.name, r.step, w)
	}
	return nil
}

// collect takes weights and moments out of a session.
func (r *run) collect(s *graph.Session) error {
	w, err := s.Trained()
	if err != nil {
		return err
	}
	for name, t := range w {
		r.w[name] = t
	}
	r.moments, err = s.Moments()
	return err
}

// tick reports a step of a stage without losses and looks at the context.
func (r *run) tick(name string, step, steps int) error {
	if r.o.Report != nil {
		r.o.Report(Progress{Stage: name, Step: step, Steps: steps})
	}
	return r.ctx.Err()
}

// cosine goes from first to last over steps, half a cosine wave.
func cosine(first, last float64, steps int) func(int) float64 {
	return func(step int) float64 {
		return last + (first-last)*0.5*(1+math.Cos(math.Pi*float64(step)/float64(max(steps, 1))))
	}
}

// stepDown is rate until 95 % of the steps, then a tenth of it (spec 3.2).
func stepDown(rate float64, steps int) func(int) float64 {
	return func(step int) float64 {
		if step >= int(0.95*float64(steps)) {
			return 0.1 * rate
		}
		return rate
	}
}
