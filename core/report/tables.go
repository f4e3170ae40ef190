package report

import (
	"fmt"
	"slices"
	"strconv"
)

// The limits of published figures: LOCO's of AU-sPRO is in every table, AUPRO
// has its own column among the image scores.
const proLimit = 0.3

// Overview compares evaluations, one table per question; those without an answer
// are left out. A last row averages more than one category.
func Overview(evaluations []*Evaluation) []*Table {
	all := []*Table{
		aurocs(evaluations), plain(evaluations),
		localisation(evaluations, SPRO), localisation(evaluations, PRO),
		branches(evaluations),
	}
	return slices.DeleteFunc(all, func(t *Table) bool { return len(t.Rows) == 0 })
}

// verdicts are the columns about the threshold.
var verdicts = []string{"threshold", "false alarms", "ms/image"}

func (e *Evaluation) verdicts() []string {
	return []string{
		fmt.Sprintf("%.3f", e.Threshold), fmt.Sprintf("%d of %d", e.FalseAlarms, e.Good), fmt.Sprintf("%.1f", e.Milliseconds),
	}
}

// aurocs is the table of MVTec LOCO's publications.
func aurocs(evaluations []*Evaluation) *Table {
	t := &Table{
		Title: "Image AUROC in %", Left: 1,
		Head: append([]string{"category", "logical", "structural", "mean"}, verdicts...),
	}
	var logical, structural, mean average
	for _, e := range evaluations {
		l, s := e.kind("logical"), e.kind("structural")
		if l == nil && s == nil {
			continue
		}
		row := []string{e.Category, logical.add(l.auroc()), structural.add(s.auroc()), mean.add(e.Mean)}
		t.add(append(row, e.verdicts()...)...)
	}
	if len(t.Rows) > 1 {
		t.addMean("mean", logical.String(), structural.String(), mean.String(), "", "", "")
	}
	return t
}

func (r *Result) auroc() *float64 {
	if r == nil {
		return nil
	}
	return r.AUROC
}

// plain is the table of data sets that do not tell kinds apart.
func plain(evaluations []*Evaluation) *Table {
	t := &Table{
		Title: fmt.Sprintf("Image scores and localisation (AUPRO up to a false-positive rate of %v) in %%", proLimit), Left: 1,
		Head: append([]string{"category", "images", "AUROC", "AUPR", "F1-max", "AUPRO"}, verdicts...),
	}
	var auroc, aupr, f1, pro average
	for _, e := range evaluations {
		k := e.kind("defect")
		if k == nil {
			continue
		}
		row := []string{
			e.Category, strconv.Itoa(k.Images), auroc.add(k.AUROC), aupr.add(k.AUPR), f1.add(k.F1), pro.add(e.area(k.Areas, proLimit)),
		}
		t.add(append(row, e.verdicts()...)...)
	}
	if len(t.Rows) > 1 {
		t.addMean("mean", "", auroc.String(), aupr.String(), f1.String(), pro.String(), "", "", "")
	}
	return t
}

// localisation has the areas of every kind, of the evaluations with a measure.
func localisation(evaluations []*Evaluation, measure string) *Table {
	var of []*Evaluation
	for _, e := range evaluations {
		if e.Measure == measure {
			of = append(of, e)
		}
	}
	t := &Table{Title: "Localisation by the fused maps: " + measure + " in % up to a false-positive rate of", Left: 2}
	if len(of) == 0 {
		return t
	}
	limits := of[0].Limits
	t.Head = append([]string{"category", "anomalies", "defects"}, numbers(limits)...)
	sums := map[string][]average{}
	var names []string // in order of appearance
	row := func(e *Evaluation, name, regions string, areas []float64) {
		if areas == nil {
			return
		}
		if sums[name] == nil {
			names, sums[name] = append(names, name), make([]average, len(limits))
		}
		cells := []string{e.Category, name, regions}
		for i, l := range limits {
			cells = append(cells, sums[name][i].add(e.area(areas, l)))
		}
		t.add(cells...)
	}
	for _, e := range of {
		for _, k := range e.Kinds {
			row(e, k.Name, strconv.Itoa(k.Regions), k.Areas)
		}
		row(e, "mean", "", e.MeanAreas)
	}
	if len(of) > 1 {
		for _, name := range names {
			cells := []string{"mean", name, ""}
			for i := range sums[name] {
				cells = append(cells, sums[name][i].String())
			}
			t.addMean(cells...)
		}
	}
	return t
}

func numbers(values []float64) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return out
}

// branches tells what each branch achieves alone.
func branches(evaluations []*Evaluation) *Table {
	t := &Table{
		Title: "Image AUROC in % of the anomaly maps alone and of the components alone", Left: 2,
		Head: []string{"category", "anomalies", "images", "both", "95 % interval", "maps", "components", "missed"},
	}
	for _, e := range evaluations {
		for i := range e.Kinds {
			k := &e.Kinds[i]
			t.add(e.Category, k.Name, strconv.Itoa(k.Images), percent(k.AUROC), k.interval(),
				percent(k.Structural), percent(k.Logical), strconv.Itoa(k.Missed))
		}
	}
	return t
}

func (r *Result) interval() string {
	if r.Low == nil || r.High == nil {
		return "-"
	}
	return percent(r.Low) + " - " + percent(r.High)
}

// DefectTable has a row per named defect of an evaluation; it is nil when there
// are none.
func DefectTable(e *Evaluation) *Table {
	if len(e.Defects) == 0 {
		return nil
	}
	t := &Table{
		Title: "By defect: image AUROC in %", Left: 2,
		Head: []string{"defect", "anomalies", "images", "missed", "AUROC"},
	}
	if e.Measure != "" {
		t.Title += "; localisation: " + e.Measure + " in % up to a false-positive rate of"
		t.Head = append(append(t.Head, "defects"), numbers(e.Limits)...)
	}
	for i := range e.Defects {
		d := &e.Defects[i]
		row := []string{d.Name, d.Kind, strconv.Itoa(d.Images), strconv.Itoa(d.Missed), percent(d.AUROC)}
		if e.Measure != "" {
			row = append(row, strconv.Itoa(d.Regions))
			for _, l := range e.Limits {
				row = append(row, percent(e.area(d.Areas, l)))
			}
		}
		t.add(row...)
	}
	return t
}
