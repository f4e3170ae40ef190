package graph

import (
	"fmt"
	"math"
	"strings"
	"time"

	"aecsad/kernels"
)

// Session is a program loaded on a machine, addressed by names.
type Session struct {
	p *Program
	s kernels.Session
}

// Load prepares the program on a device. The caller closes the session.
func Load(d kernels.Device, p *Program, threads int) (*Session, error) {
	s, err := d.Load(p.Kernels, kernels.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	return &Session{p, s}, nil
}

// Share is another session of the program with the weights of this one, which
// takes no new weights from then on. Without a session and without an error the
// machine cannot share.
func (s *Session) Share() (*Session, error) {
	sharer, ok := s.s.(kernels.Sharer)
	if !ok {
		return nil, nil
	}
	other, err := sharer.Share()
	if err != nil {
		return nil, err
	}
	return &Session{s.p, other}, nil
}

// Close frees the session.
func (s *Session) Close() error { return s.s.Close() }

// Trained reads back the weights that training changed, into a new map.
func (s *Session) Trained() (Weights, error) {
	w := Weights{}
	for _, name := range s.p.Trained {
		t, err := s.read(s.p.Weights[name])
		if err != nil {
			return nil, fmt.Errorf("weight %s: %w", name, err)
		}
		w[name] = t
	}
	return w, nil
}

const momentSuffix = "@adam"

// Moments reads Adam's state; the names are weight names with a suffix.
func (s *Session) Moments() (Weights, error) {
	w := Weights{}
	for name, pair := range s.p.Moments {
		for i, b := range pair {
			t, err := s.read(b)
			if err != nil {
				return nil, fmt.Errorf("moments of %s: %w", name, err)
			}
			w[fmt.Sprintf("%s%s.%d", name, momentSuffix, i)] = t
		}
	}
	return w, nil
}

// SetMoments writes what Moments read.
func (s *Session) SetMoments(w Weights) error {
	for name, pair := range s.p.Moments {
		for i, b := range pair {
			key := fmt.Sprintf("%s%s.%d", name, momentSuffix, i)
			if w[key] == nil || len(w[key].Data) != b.Len() {
				return fmt.Errorf("%s is missing or has the wrong size; expected shape %v", key, b.Shape)
			}
			if err := s.s.Write(b.Slot, w[key].Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// IsMoment tells Adam's state from weights in a checkpoint.
func IsMoment(name string) bool { return strings.Contains(name, momentSuffix) }

func (s *Session) read(b Binding) (*Tensor, error) {
	t := &Tensor{Shape: b.Shape, Data: make([]float32, b.Len())}
	return t, s.s.Read(b.Slot, t.Data)
}

// SetInput writes a whole input.
func (s *Session) SetInput(name string, v []float32) error {
	b, ok := s.p.Inputs[name]
	if !ok {
		return fmt.Errorf("the program has no input %q", name)
	}
	if len(v) != b.Len() {
		return fmt.Errorf("input %s wants %d values (shape %v), got %d", name, b.Len(), b.Shape, len(v))
	}
	return s.s.Write(b.Slot, v)
}

// Output reads a whole output.
func (s *Session) Output(name string) ([]float32, error) {
	b, ok := s.p.Outputs[name]
	if !ok {
		return nil, fmt.Errorf("the program has no output %q", name)
	}
	t, err := s.read(b)
	return t.Data, err
}

// Run runs an inference program.
func (s *Session) Run() error { return s.s.Run() }

// Profile is Run, and returns the time that each of the program's calls took. It
// is an error on a machine that cannot tell.
func (s *Session) Profile() ([]time.Duration, error) {
	p, ok := s.s.(kernels.Profiler)
	if !ok {
		return nil, fmt.Errorf("this machine does not time its calls")
	}
	return p.Profile()
}

// Step runs training step t (0, 1, ...) with a learning rate.
func (s *Session) Step(t int, lr float64) error {
	if s.p.clock >= 0 {
		// Of the betas as the instruction has them, in float32: for 0.999 the
		// share of the newest gradient differs from 1-Beta2 by 1.3e-5, which
		// cancels only against a correction made of the same number.
		n, b1, b2 := float64(t+1), float64(float32(s.p.opt.Beta1)), float64(float32(s.p.opt.Beta2))
		c1, c2 := 1-math.Pow(b1, n), 1-math.Pow(b2, n)
		if err := s.s.Write(s.p.clock, []float32{float32(lr), float32(c1), float32(c2)}); err != nil {
			return err
		}
	}
	if s.p.step >= 0 {
		if err := s.s.Write(s.p.step, []float32{float32(t)}); err != nil {
			return err
		}
	}
	return s.s.Run()
}
