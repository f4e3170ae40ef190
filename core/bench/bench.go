// Package bench times inference programs: as a whole, in parts and per layer,
// against what the machine could do at best and against ONNX Runtime.
package bench

import (
	"fmt"
	"slices"
	"time"

	"aecsad/core/graph"
	"aecsad/kernels"
)

// Subject is a program to time. Its inputs and, where they are absent, its
// weights are drawn: times do not depend on values.
type Subject struct {
	Name    string
	Program *graph.Program
	Weights graph.Weights
}

// Times of the rounds of one subject.
type Times []time.Duration

// Median of the times.
func (t Times) Median() time.Duration { return t.Quantile(0.5) }

// Quantile is the time that a share q of the rounds did not exceed.
func (t Times) Quantile(q float64) time.Duration {
	s := slices.Sorted(slices.Values(t))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

// inputs of a program, in [-2, 2) as normalised pictures are.
func inputs(p *graph.Program) map[string][]float32 {
	in := map[string][]float32{}
	for name, b := range p.Inputs {
		v := make([]float32, b.Len())
		for i := range v {
			v[i] = 4*kernels.Uniform(1, uint32(len(name)), uint64(i)) - 2
		}
		in[name] = v
	}
	return in
}

// load prepares a subject on a device with its inputs written.
func load(d kernels.Device, s Subject, threads int) (*graph.Session, error) {
	session, err := graph.Load(d, s.Program, threads)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	err = session.SetWeights(s.Weights)
	for name, v := range inputs(s.Program) {
		if err == nil {
			err = session.SetInput(name, v)
		}
	}
	if err != nil {
		session.Close()
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	return session, nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
