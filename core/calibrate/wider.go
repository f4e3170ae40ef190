package calibrate

import (
	"context"
	"slices"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/kernels"
)

// Some stages of the networks lose more in int8 or bf16 than others: those whose small
// numbers matter. Each stage is tried alone in each precision; then follows the fastest
// combination whose scores and classes are close to those of float32.

// levels are the precisions of a calibration, the fastest first.
func levels(precision string) []string {
	all := []string{kernels.Int8, kernels.BFloat16, kernels.Float32}
	return all[slices.Index(all, precision):]
}

// wider finds the convolutions that keep something wider than the precision. The model
// plain is calibrated in float32.
func wider(ctx context.Context, m, plain *model.Model, s Source, o Options) error {
	e, err := detect.NewEngine(m.Config, m.Weights, o.Device, o.Threads)
	if err != nil {
		return err
	}
	all := e.Convolutions()
	e.Close()
	images, err := probeImages(s)
	if err != nil {
		return err
	}
	precisions := levels(o.Precision)
	look := func(trials []trial) ([]*detect.Raw, error) {
		return seen(ctx, m, images, o, widerOf(trials, precisions, all, m.Calibration.Ranges))
	}
	trials := trialsOf(all, len(precisions)-1)
	want, err := look(trials)
	if err != nil {
		return err
	}
	harmOf := func(trials []trial) (harm, error) {
		got, err := look(trials)
		if err != nil {
			return harm{}, err
		}
		return harmOf(plain, want, got), nil
	}
	for i := range trials {
		alone := slices.Clone(trials)
		for level := range precisions[1:] {
			alone[i].level = level
			h, err := harmOf(alone)
			if err != nil {
				return err
			}
			trials[i].harms = append(trials[i].harms, h)
		}
		trials[i].harms = append(trials[i].harms, harm{})
		if o.Report != nil {
			o.Report("stages for "+o.Precision, i+1, len(trials))
		}
	}
	chosen, err := choose(trials, precisions, o.tolerance(), harmOf)
	m.Calibration.Wider = widerOf(chosen, precisions, all, m.Calibration.Ranges)
	return err
}

// attempts are how often choose looks at all stages together.
const attempts = 12

// choose gives the stages their levels: what all together do, which is measured, stays
// within the budget of the tolerance. Where each alone says too little of that, all are in
// the widest precision.
func choose(trials []trial, precisions []string, tolerance float64, together func([]trial) (harm, error)) ([]trial, error) {
	chosen, all := slices.Clone(trials), budgetOf(tolerance)
	b := all
	for range attempts {
		b.fastest(chosen, precisions)
		h, err := together(chosen)
		share := all.share(h)
		if err != nil || share <= 1 {
			return chosen, err
		}
		b = b.part(min(max(1/share, 0.5), 0.8))
	}
	for i := range chosen {
		chosen[i].level = len(precisions) - 1
	}
	return chosen, nil
}

// trialsOf are the stages, at a level.
func trialsOf(all []graph.Convolution, level int) []trial {
	var trials []trial
	for _, c := range all {
		i := slices.IndexFunc(trials, func(t trial) bool { return t.stage == graph.Stage(c.Path) })
		if i < 0 {
			trials = append(trials, trial{stage: graph.Stage(c.Path), level: level})
			i = len(trials) - 1
		}
		trials[i].work += c.Work
	}
	return trials
}

// widerOf are the convolutions that the levels make wider than the first precision. Signed
// inputs, which bytes do not hold, are never in int8.
func widerOf(trials []trial, precisions []string, all []graph.Convolution, r graph.Ranges) graph.Wider {
	w := r.Signed()
	for _, t := range trials {
		for _, c := range all {
			if t.level > 0 && graph.Stage(c.Path) == t.stage {
				w[c.Path] = precisions[t.level]
			}
		}
	}
	return w
}

// seen is what the networks say with these precisions of the convolutions, all of them: a
// processor computes some in float32 where that is faster, but the model may come to another.
func seen(ctx context.Context, m *model.Model, images []*image.RGB, o Options, w graph.Wider) ([]*detect.Raw, error) {
	e, err := detect.NewEngineAt(o.Precision, m.Calibration.Ranges, w, m.Config, m.Weights, kernels.Rounding(o.Device), o.Threads)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return look(ctx, e, Source{len(images), func(i int) (*image.RGB, error) { return images[i], nil }}, "", nil)
}
