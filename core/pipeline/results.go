package pipeline

import (
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"aecsad/core/data"
	"aecsad/core/detect"
	"aecsad/core/report"
	"aecsad/core/stats"
)

// kinds are the kinds of anomalies in reports, in order.
var kinds = []data.Kind{data.KindLogical, data.KindStructural, data.KindDefect}

// evaluation computes every figure of the scored test images.
func (r *Run) evaluation(info detect.Info, results []scored) *report.Evaluation {
	e := &report.Evaluation{
		Category: info.Category, Profile: info.Profile, Teacher: r.Config.TeacherNote(),
		Threshold: info.Threshold, Rate: info.FalseAlarmRate, Validation: info.Validation,
	}
	local := r.localise(e, results) // first: it learns the defects' names from the masks
	good := pick(results, data.KindGood)
	e.Good, e.FalseAlarms = len(good), len(good)-missed(good)
	var aurocs []float64
	for _, kind := range kinds {
		bad := pick(results, kind)
		if len(bad) == 0 {
			continue
		}
		k := compare(good, bad)
		k.Name = string(kind)
		local.of(kind, &k)
		if k.AUROC != nil {
			aurocs = append(aurocs, *k.AUROC)
		}
		e.Kinds = append(e.Kinds, k)
		e.Defects = append(e.Defects, byDefect(local, good, bad)...)
	}
	e.Mean = finite(stat.Mean(aurocs, nil))
	e.MeanAreas = local.mean()
	return e
}

// byDefect compares the images with each named defect with all good ones.
func byDefect(local *localisation, good, bad []scored) []report.Result {
	with := map[string][]scored{}
	for _, b := range bad {
		for _, name := range b.defects {
			with[name] = append(with[name], b)
		}
	}
	var out []report.Result
	for _, name := range slices.Sorted(maps.Keys(with)) {
		d := compare(good, with[name])
		d.Name, d.Kind = name, string(bad[0].item.Kind)
		local.ofDefect(name, &d)
		out = append(out, d)
	}
	return out
}

// compare measures how well scores tell anomalous images from good ones.
func compare(good, bad []scored) report.Result {
	k := report.Result{Images: len(bad), Missed: missed(bad)}
	if len(good) == 0 {
		return k
	}
	g, b := scores(good, total), scores(bad, total)
	k.AUROC = finite(stats.AUROC(g, b))
	lo, hi := stats.AUROCInterval(g, b, 0.95)
	k.Low, k.High = finite(lo), finite(hi)
	k.Structural = finite(stats.AUROC(scores(good, structural), scores(bad, structural)))
	k.Logical = finite(stats.AUROC(scores(good, logical), scores(bad, logical)))
	k.AUPR = finite(stats.AUPR(g, b))
	f1, threshold := stats.F1Max(g, b)
	k.F1, k.F1Threshold = finite(f1), finite(threshold)
	return k
}

// missed counts the images that are not called anomalous.
func missed(s []scored) int {
	n := 0
	for i := range s {
		if s[i].verdict.Decision != detect.Anomalous {
			n++
		}
	}
	return n
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
