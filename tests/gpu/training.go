package main

import (
	"fmt"
	"io"
	"math"
	"time"

	"aecsad/core/graph"
	"aecsad/core/train"
	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/cuda"
	"aecsad/tests/golden"
)

// rate of Adam in the steps.
const rate = 2e-4

// training runs steps of both trainings on the GPU and on the processor, and
// fails where their losses part.
func training(z size, c ceilings, out io.Writer) error {
	segmentor, students, err := train.Defaults("paper")
	if err != nil {
		return err
	}
	segmentor.Batch, students.Batch = z.segmentor, z.students
	config := z.config
	config.Segmentor.Classes = 6 // the background and five parts
	p, q, err := train.Programs(config, segmentor, students)
	if err != nil {
		return err
	}
	gpu, err := cuda.Open("cuda")
	if err != nil {
		return err
	}
	defer gpu.Close()
	processor, err := cpu.Open()
	if err != nil {
		return err
	}
	defer processor.Close()
	fmt.Fprintf(out, "\n## Training, profile %s, side %d, %d steps\n\n", z.config.Profile, z.config.Side, z.steps)
	fmt.Fprintln(out, "Errors are those of the losses against the processor's, the worst of all steps; ms is the median of a step without its inputs.")
	fmt.Fprintln(out, "\n| step | batch | ms | processor, ms | losses |\n|---|---:|---:|---:|---:|")
	var all []*result
	var apart error
	for _, w := range []struct {
		name  string
		batch int
		p     *graph.Program
	}{{"segmentor", z.segmentor, p}, {"students", z.students, q}} {
		want, wantLosses, err := steps(processor, w.p, z.steps)
		if err != nil {
			return err
		}
		got, gotLosses, err := steps(gpu, w.p, z.steps)
		if err != nil {
			return err
		}
		worst := parted(gotLosses, wantLosses)
		fmt.Fprintf(out, "| %s | %d | %.3f | %.3f | %.2g |\n", w.name, w.batch, milliseconds(got.run), milliseconds(want.run), worst)
		if !(worst <= golden.Gradient) {
			apart = fmt.Errorf("%s: the losses are %.2g away from the processor's, expected at most %.2g", w.name, worst, golden.Gradient)
		}
		got.title, got.precision = fmt.Sprintf("A step of the %s, batch %d", w.name, w.batch), kernels.Float32
		all = append(all, got)
	}
	for _, r := range all {
		r.table(c, out)
	}
	return apart
}

// steps trains n steps on fixed inputs; it returns the outputs of each, which are
// its losses.
func steps(d kernels.Device, p *graph.Program, n int) (*result, []map[string][]float32, error) {
	s, err := load(d, p)
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	r := &result{device: d.Name(), calls: p.Kernels.Calls}
	var times []time.Duration
	var losses []map[string][]float32
	for step := range n {
		if err := feed(s, p, step); err != nil {
			return nil, nil, err
		}
		start := time.Now()
		if err := s.Step(step, rate); err != nil {
			return nil, nil, err
		}
		times = append(times, time.Since(start))
		of := map[string][]float32{}
		for name := range p.Outputs {
			if of[name], err = s.Output(name); err != nil {
				return nil, nil, err
			}
		}
		losses = append(losses, of)
	}
	r.run = median(times)
	return r, losses, r.profile(s, 1)
}

// feed writes the inputs of a step: pictures, labels from the background to one
// beyond the classes, shares of classes.
func feed(s *graph.Session, p *graph.Program, step int) error {
	for name, b := range p.Inputs {
		key, n := fmt.Sprintf("training/%s %d", name, step), b.Len()
		v := golden.Tensor(key, n, -2, 2)
		switch name {
		case "labels":
			v = golden.Labels(key, n, 0, 7)
		case "target":
			v = golden.Tensor(key, n, 0, 0.5)
		}
		if err := s.SetInput(name, v); err != nil {
			return err
		}
	}
	return nil
}

// parted is the largest relative error of a loss.
func parted(got, want []map[string][]float32) float64 {
	worst := 0.0
	for step, losses := range want {
		for name, w := range losses {
			e := difference(got[step][name], w)
			if math.IsNaN(e) {
				return e
			}
			worst = max(worst, e)
		}
	}
	return worst
}
