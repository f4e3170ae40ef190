package bench

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"aecsad/core/export"
	"aecsad/core/graph"
	"aecsad/kernels"
)

// Comparison is a subject on both sides.
type Comparison struct {
	Name         string
	Ours, Theirs Times
	// TheirInt8 are the times of ONNX Runtime's own int8, beside ours in int8.
	TheirInt8 Times
	// Error is the largest difference of the outputs, relative to the largest
	// number of the output that it is in. Flips is the share of pixels whose class
	// differs, for programs that have classes.
	Error, Flips float64
}

// Ratio says how many times as fast we are.
func (c Comparison) Ratio() float64 { return c.Theirs.Median().Seconds() / c.Ours.Median().Seconds() }

// RatioInt8 is Ratio to their int8.
func (c Comparison) RatioInt8() float64 {
	return c.TheirInt8.Median().Seconds() / c.Ours.Median().Seconds()
}

// Differences beyond these mean that the two sides do not compute the same. What
// less than float32 costs depends on the weights: drawn ones say little about it,
// and differences are only reported.
const (
	maxError = 1e-3
	maxFlips = 1e-3
)

// Compare times a subject here and in ONNX Runtime: the same weights, inputs and
// number of threads, one run each in turn. The outputs are compared first, and
// unequal ones are an error.
func Compare(ctx context.Context, peer *Peer, d kernels.Device, s Subject, threads, rounds int) (*Comparison, error) {
	return CompareAt(ctx, peer, d, s, kernels.Float32, threads, rounds)
}

// CompareAt is Compare with a precision on our side. ONNX Runtime computes in float32,
// and in int8 as well where we do.
func CompareAt(ctx context.Context, peer *Peer, d kernels.Device, s Subject, precision string, threads, rounds int) (*Comparison, error) {
	dir, err := os.MkdirTemp("", "aecsad-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "network.onnx")
	if err := export.Network(file, s.Program, s.Weights); err != nil {
		return nil, err
	}
	if _, err := peer.Load(s.Name, file, threads, inputs(s.Program)); err != nil {
		return nil, err
	}
	defer peer.Unload(s.Name)
	session, err := load(kernels.At(d, precision), s, threads)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	c := &Comparison{Name: s.Name}
	if err := c.outputs(peer, session, s.Program); err != nil {
		return nil, err
	}
	if kernels.Whole(precision) && !(c.Error <= maxError && c.Flips <= maxFlips) {
		return nil, fmt.Errorf("%s: the outputs differ from ONNX Runtime's by %.2g of their range and in %.2g %% of the classes; expected at most %g and %g %%",
			c.Name, c.Error, 100*c.Flips, maxError, 100*maxFlips)
	}
	sides := []side{{&c.Ours, ours(session)}, {&c.Theirs, theirs(peer, s.Name)}}
	if precision == kernels.Int8 {
		quantised := s.Name + " in int8"
		if err := peer.loadQuantised(s, quantised, filepath.Join(dir, "int8.onnx"), threads); err != nil {
			return nil, err
		}
		defer peer.Unload(quantised)
		sides = append(sides, side{&c.TheirInt8, theirs(peer, quantised)})
	}
	return c, inTurn(ctx, sides, rounds)
}

func (p *Peer) loadQuantised(s Subject, name, file string, threads int) error {
	if err := p.Quantise(s.Name, file); err != nil {
		return err
	}
	_, err := p.Load(name, file, threads, inputs(s.Program))
	return err
}

// outputs runs both sides once and compares what they put out.
func (c *Comparison) outputs(peer *Peer, session *graph.Session, p *graph.Program) error {
	if err := session.Run(); err != nil {
		return err
	}
	theirs, err := peer.Outputs(c.Name)
	if err != nil {
		return err
	}
	for name := range p.Outputs {
		ours, err := session.Output(name)
		if err != nil {
			return err
		}
		if len(theirs[name]) != len(ours) {
			return fmt.Errorf("%s: output %s has %d numbers in ONNX Runtime, %d here", c.Name, name, len(theirs[name]), len(ours))
		}
		if name == "classes" {
			c.Flips = flips(ours, theirs[name])
		} else {
			c.Error = max(c.Error, difference(ours, theirs[name]))
		}
	}
	return nil
}

func difference(ours []float32, theirs []float64) float64 {
	worst, largest := 0.0, 0.0
	for i, v := range ours {
		worst = max(worst, math.Abs(float64(v)-theirs[i])) // NaN stays NaN
		largest = max(largest, math.Abs(theirs[i]))
	}
	if worst == 0 {
		return 0
	}
	return worst / largest
}

func flips(ours []float32, theirs []float64) float64 {
	n := 0
	for i, v := range ours {
		if float64(v) != theirs[i] {
			n++
		}
	}
	return float64(n) / float64(len(ours))
}

// side is where the times of one side go, and a run of it.
type side struct {
	times *Times
	run   func() (time.Duration, error)
}

func ours(s *graph.Session) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		start := time.Now()
		err := s.Run()
		return time.Since(start), err
	}
}

func theirs(p *Peer, name string) func() (time.Duration, error) {
	return func() (time.Duration, error) { return p.Run(name) }
}

// inTurn runs all sides once in each round.
func inTurn(ctx context.Context, sides []side, rounds int) error {
	for range rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, s := range sides {
			t, err := s.run()
			if err != nil {
				return err
			}
			*s.times = append(*s.times, t)
		}
	}
	return nil
}
