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
	// Error is the largest difference of the outputs, relative to the largest
	// number of the output that it is in. Flips is the share of pixels whose class
	// differs, for programs that have classes.
	Error, Flips float64
}

// Ratio says how many times as fast we are.
func (c Comparison) Ratio() float64 { return c.Theirs.Median().Seconds() / c.Ours.Median().Seconds() }

// Differences beyond these mean that the two sides do not compute the same.
const (
	maxError = 1e-3
	maxFlips = 1e-3
)

// Compare times a subject here and in ONNX Runtime: the same weights, inputs and
// number of threads, one run each in turn. The outputs are compared first, and
// unequal ones are an error.
func Compare(ctx context.Context, peer *Peer, d kernels.Device, s Subject, threads, rounds int) (*Comparison, error) {
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
	session, err := load(d, s, threads)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	c := &Comparison{Name: s.Name}
	if err := c.outputs(peer, session, s.Program); err != nil {
		return nil, err
	}
	return c, c.rounds(ctx, peer, session, rounds)
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
	if !(c.Error <= maxError && c.Flips <= maxFlips) {
		return fmt.Errorf("%s: the outputs differ from ONNX Runtime's by %.2g of their range and in %.2g %% of the classes; expected at most %g and %g %%",
			c.Name, c.Error, 100*c.Flips, maxError, 100*maxFlips)
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

func (c *Comparison) rounds(ctx context.Context, peer *Peer, session *graph.Session, rounds int) error {
	for range rounds {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := time.Now()
		if err := session.Run(); err != nil {
			return err
		}
		c.Ours = append(c.Ours, time.Since(start))
		t, err := peer.Run(c.Name)
		if err != nil {
			return err
		}
		c.Theirs = append(c.Theirs, t)
	}
	return nil
}
