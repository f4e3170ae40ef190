package pipeline

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"

	"aecsad/core/data"
	"aecsad/core/report"
	"aecsad/modelfmt"
)

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
	if err := modelfmt.WriteAtomic(r.path(MetricFile), func(w io.Writer) error { return writeMetrics(w, e) }); err != nil {
		return err
	}
	return report.WritePage(r.path(ReportFile), "aecsad: "+e.Category, "", []report.Section{{Evaluation: e}})
}

// writeMetrics has a row per kind of anomaly, one for the mean of kinds and one
// per defect; a cell is empty where there is no such number.
func writeMetrics(w io.Writer, e *report.Evaluation) error {
	c := csv.NewWriter(w)
	head := []string{
		"category", "level", "name", "kind", "images", "missed", "auroc", "auroc_low", "auroc_high",
		"auroc_structural_branch", "auroc_logical_branch", "aupr", "f1_max", "f1_max_threshold", "regions",
	}
	prefix := map[string]string{report.SPRO: "au_spro_", report.PRO: "au_pro_"}[e.Measure]
	for _, l := range e.Limits {
		head = append(head, prefix+strconv.FormatFloat(l, 'g', -1, 64))
	}
	c.Write(head)
	row := func(level string, k report.Result) {
		cells := []string{e.Category, level, k.Name, k.Kind, strconv.Itoa(k.Images), strconv.Itoa(k.Missed)}
		for _, v := range []*float64{k.AUROC, k.Low, k.High, k.Structural, k.Logical, k.AUPR, k.F1, k.F1Threshold} {
			cells = append(cells, cell(v))
		}
		cells = append(cells, strconv.Itoa(k.Regions))
		for i := range e.Limits {
			if i < len(k.Areas) {
				cells = append(cells, cell(&k.Areas[i]))
			} else {
				cells = append(cells, "")
			}
		}
		c.Write(cells)
	}
	mean := report.Result{Name: "mean", AUROC: e.Mean, Areas: e.MeanAreas}
	for _, k := range e.Kinds {
		row("kind", k)
		mean.Images, mean.Missed, mean.Regions = mean.Images+k.Images, mean.Missed+k.Missed, mean.Regions+k.Regions
	}
	row("mean", mean)
	for _, d := range e.Defects {
		row("defect", d)
	}
	c.Flush()
	return c.Error()
}

func cell(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', 6, 64)
}
