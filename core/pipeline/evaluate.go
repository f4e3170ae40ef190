package pipeline

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"time"

	"aecsad/core/data"
	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/report"
	"aecsad/core/stats"
	"aecsad/modelfmt"
)

// scored is a test image with its verdict.
type scored struct {
	item    data.Item
	verdict *detect.Verdict
	w, h    int // of the image
}

// Evaluate judges the test images with the run's model and writes scores,
// metrics and the page.
func (r *Run) Evaluate(ctx context.Context) (*report.Evaluation, error) {
	if len(r.Set.Test) == 0 {
		return nil, fmt.Errorf("data set %s has no test images; expected test/good and test/<defect>", r.Set.Root)
	}
	d, err := detect.Open(r.path(ModelFile), detect.Options{Device: r.Config.Device, Threads: r.Config.Threads})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	results, ms, err := r.judge(ctx, d)
	if err != nil {
		return nil, err
	}
	e := summarise(d.Info(), results)
	e.Milliseconds = ms
	if e.Localisation, err = r.localisation(results); err != nil {
		return nil, err
	}
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
	for _, k := range e.Kinds {
		if k.AUROC != nil {
			r.Logf("eval: %s AUROC %.4f, %d of %d missed", k.Name, *k.AUROC, k.Missed, k.Images)
		}
	}
	r.Logf("eval: %d of %d good images called anomalous", e.FalseAlarms, e.Good)
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
		results = append(results, scored{it, v, im.Width, im.Height})
		r.bar("evaluate", i+1, len(r.Set.Test))
	}
	return results, stats.Quantile(times, 0.5), nil
}

// kinds are the kinds of anomalies in reports, in order.
var kinds = []data.Kind{data.KindLogical, data.KindStructural, data.KindDefect}

func summarise(info detect.Info, results []scored) *report.Evaluation {
	e := &report.Evaluation{
		Category: info.Category, Profile: info.Profile,
		Threshold: info.Threshold, Rate: info.FalseAlarmRate, Validation: info.Validation,
	}
	good := pick(results, data.KindGood)
	e.Good = len(good)
	for _, g := range good {
		if g.verdict.Decision == detect.Anomalous {
			e.FalseAlarms++
		}
	}
	var aurocs []float64
	for _, kind := range kinds {
		bad := pick(results, kind)
		if len(bad) == 0 {
			continue
		}
		k := report.Kind{Name: string(kind), Images: len(bad)}
		for _, b := range bad {
			if b.verdict.Decision != detect.Anomalous {
				k.Missed++
			}
		}
		if len(good) > 0 {
			g, b := scores(good, total), scores(bad, total)
			auroc := stats.AUROC(g, b)
			k.AUROC = &auroc
			lo, hi := stats.AUROCInterval(g, b, 0.95)
			k.Low, k.High = finite(lo), finite(hi)
			k.Structural = finite(stats.AUROC(scores(good, structural), scores(bad, structural)))
			k.Logical = finite(stats.AUROC(scores(good, logical), scores(bad, logical)))
			aurocs = append(aurocs, auroc)
		}
		e.Kinds = append(e.Kinds, k)
	}
	if len(aurocs) > 0 {
		mean := 0.0
		for _, a := range aurocs {
			mean += a / float64(len(aurocs))
		}
		e.Mean = &mean
	}
	return e
}

func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

func total(v *detect.Verdict) float64      { return v.Score }
func structural(v *detect.Verdict) float64 { return v.Structural }
func logical(v *detect.Verdict) float64    { return v.Logical }

func scores(s []scored, f func(*detect.Verdict) float64) []float64 {
	out := make([]float64, len(s))
	for i := range s {
		out[i] = f(s[i].verdict)
	}
	return out
}

func pick(results []scored, kind data.Kind) []scored {
	var out []scored
	for _, s := range results {
		if s.item.Kind == kind {
			out = append(out, s)
		}
	}
	return out
}

// writeScores lists every image with all its scores, exactly.
func (r *Run) writeScores(results []scored) error {
	return modelfmt.WriteAtomic(r.path(ScoreFile), func(w io.Writer) error {
		c := csv.NewWriter(w)
		c.Write([]string{"image", "kind", "defect", "decision", "score", "structural", "logical", "p_value"})
		for _, s := range results {
			v := s.verdict
			row := []string{r.Set.Rel(s.item.Path), string(s.item.Kind), s.item.Defect, string(v.Decision)}
			for _, x := range []float64{v.Score, v.Structural, v.Logical, v.PValue} {
				row = append(row, strconv.FormatFloat(x, 'g', -1, 64))
			}
			c.Write(row)
		}
		c.Flush()
		return c.Error()
	})
}

func (r *Run) plot(e *report.Evaluation, results []scored) error {
	groups := []report.Group{{Name: "good", Scores: scores(pick(results, data.KindGood), total)}}
	for _, k := range e.Kinds {
		groups = append(groups, report.Group{Name: k.Name, Scores: scores(pick(results, data.Kind(k.Name)), total)})
	}
	e.Scores = "scores.svg"
	return report.WriteScores(r.path(e.Scores), groups, e.Threshold)
}

// writeEvaluation writes the evaluation as JSON and CSV, and the run's page.
func (r *Run) writeEvaluation(e *report.Evaluation) error {
	js, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	if err := modelfmt.WriteBytes(r.path(EvaluationFile), js); err != nil {
		return err
	}
	err = modelfmt.WriteAtomic(r.path(MetricFile), func(w io.Writer) error {
		c := csv.NewWriter(w)
		c.Write([]string{"category", "kind", "images", "missed", "auroc", "auroc_low", "auroc_high", "auroc_structural_branch", "auroc_logical_branch"})
		for _, k := range e.Kinds {
			row := []string{e.Category, k.Name, strconv.Itoa(k.Images), strconv.Itoa(k.Missed)}
			for _, v := range []*float64{k.AUROC, k.Low, k.High, k.Structural, k.Logical} {
				if v == nil {
					row = append(row, "")
				} else {
					row = append(row, strconv.FormatFloat(*v, 'g', 6, 64))
				}
			}
			c.Write(row)
		}
		c.Flush()
		return c.Error()
	})
	if err != nil {
		return err
	}
	return report.WritePage(r.path(ReportFile), "aecsad: "+e.Category, r.note(), []report.Section{{Evaluation: e}})
}

// note tells what the numbers on the page are worth.
func (r *Run) note() string {
	if r.Config.Network.Encoder.Pretrained {
		return "Teacher: WideResNet-50-2 with imported ImageNet weights."
	}
	return fmt.Sprintf("Teacher: untrained, weights from seed %d. It carries the component histograms well; structural faults are found only roughly.", r.Config.Seed)
}

// perKind is how many examples of each folder of test images the page shows.
const perKind = 4

// examples chooses images evenly over each kind and writes their pictures.
func (r *Run) examples(e *report.Evaluation, results []scored) error {
	if err := os.MkdirAll(r.path(ExampleFolder), 0o777); err != nil {
		return err
	}
	for _, kind := range slices.Concat([]data.Kind{data.KindGood}, kinds) {
		of := pick(results, kind)
		n := min(perKind, len(of))
		for i := 0; i < n; i++ {
			x, err := r.example(of[i*len(of)/n])
			if err != nil {
				return err
			}
			e.Examples = append(e.Examples, x)
		}
	}
	return nil
}

func (r *Run) example(s scored) (report.Example, error) {
	v := s.verdict
	truth := string(s.item.Kind)
	if s.item.Defect != "" {
		truth = s.item.Defect
	}
	x := report.Example{
		Name: s.item.Name(), Truth: truth, Decision: v.Decision, Kind: v.Kind,
		Score: v.Score, Structural: v.Structural, Logical: v.Logical, PValue: v.PValue, Findings: v.Findings,
	}
	im, err := image.ReadFile(s.item.Path)
	if err != nil {
		return x, err
	}
	side := v.Side
	picture := image.Resize(im, side, side)
	heat := func(m []float32) *image.RGB { return image.Resize(image.Heat(m, v.MapSide, 0, 0.6), side, side) }
	classes := image.Colors(&image.Labels{Width: side, Height: side, Pix: v.Classes})
	for _, p := range []struct {
		caption, suffix string
		im              *image.RGB
	}{
		{"picture, as the networks see it", "picture", picture},
		{"local map", "local", heat(v.Local)},
		{"global map", "global", heat(v.Global)},
		{"both, over the picture", "fused", image.Blend(picture, heat(v.Fused), 0.5)},
		{"components", "components", image.Blend(picture, classes, 0.65)},
	} {
		file := fmt.Sprintf("%s/%s_%s_%s.png", ExampleFolder, truth, x.Name, p.suffix)
		if err := p.im.WriteFile(r.path(file)); err != nil {
			return x, err
		}
		x.Pictures = append(x.Pictures, report.Picture{Caption: p.caption, File: file})
	}
	return x, nil
}
