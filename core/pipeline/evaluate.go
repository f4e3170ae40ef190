package pipeline

import (
	"context"
	"fmt"
	"time"

	"aecsad/core/data"
	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/report"
	"aecsad/core/stats"
)

// scored is a test image with its verdict.
type scored struct {
	item    data.Item
	verdict *detect.Verdict
	w, h    int      // of the image
	defects []string // names, where masks or folders tell them
}

// Evaluate judges the test images with the run's model and writes scores,
// metrics and the page.
func (r *Run) Evaluate(ctx context.Context) (*report.Evaluation, error) {
	if len(r.Set.Test) == 0 {
		return nil, fmt.Errorf("data set %s has no test images; expected test/good and test/<defect>", r.Set.Root)
	}
	d, err := detect.Open(r.path(ModelFile), detect.Options{Device: r.Config.Device, Precision: r.Config.Precision, Threads: r.Config.Threads})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	results, ms, err := r.judge(ctx, d)
	if err != nil {
		return nil, err
	}
	e := r.evaluation(d.Info(), results)
	e.Milliseconds = ms
	if err := r.writeScores(results); err != nil {
		return nil, err
	}
	if err := r.plot(e, results); err != nil {
		return nil, err
	}
	if err := r.examples(e, results); err != nil {
		return nil, err
	}
	if err := r.writeEvaluation(e); err != nil {
		return nil, err
	}
	r.logEvaluation(e)
	return e, nil
}

// judge inspects every test image; ms is the median time of an inspection.
func (r *Run) judge(ctx context.Context, d *detect.Detector) (results []scored, ms float64, err error) {
	var times []float64
	for i, it := range r.Set.Test {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		im, err := image.ReadFile(it.Path)
		if err != nil {
			return nil, 0, err
		}
		start := time.Now()
		v, err := d.Inspect(im.Pixels())
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", it.Path, err)
		}
		times = append(times, float64(time.Since(start).Microseconds())/1000)
		results = append(results, scored{item: it, verdict: v, w: im.Width, h: im.Height})
		r.bar("evaluate", i+1, len(r.Set.Test))
	}
	return results, stats.Quantile(times, 0.5), nil
}

func (r *Run) logEvaluation(e *report.Evaluation) {
	for _, w := range e.Warnings {
		r.Logf("eval: warning: %s", w)
	}
	for _, k := range e.Kinds {
		if k.AUROC != nil {
			r.Logf("eval: %s AUROC %.4f, %d of %d missed", k.Name, *k.AUROC, k.Missed, k.Images)
		}
		if k.Areas != nil {
			r.Logf("eval: %s %s up to %v: %.4f over %d defects", k.Name, e.Measure, e.Limits, k.Areas, k.Regions)
		}
	}
	r.Logf("eval: %d of %d good images called anomalous", e.FalseAlarms, e.Good)
}
