// Package report shows an evaluation: a table for the terminal, a page for the
// browser. The page is HTML without scripts; its pictures lie beside it.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"aecsad/core/detect"
)

// Evaluation is what one model did on its test images. Rates and AUROCs are
// shares in [0,1], nil where there were no such images.
type Evaluation struct {
	Category   string  `json:"category"`
	Profile    string  `json:"profile"`
	Threshold  float64 `json:"threshold"`
	Rate       float64 `json:"false_alarm_rate"` // asked for
	Validation int     `json:"validation_images"`
	// Images, AUROC and Missed are by kind of anomaly: logical, structural, defect.
	Good        int    `json:"good_images"`
	FalseAlarms int    `json:"false_alarms"`
	Kinds       []Kind `json:"kinds"`
	// Mean AUROC of the kinds.
	Mean *float64 `json:"auroc_mean"`
	// Localisation is the area under the sPRO curve up to a false-positive rate
	// of 5 %, of the fused map; nil without ground-truth masks.
	Localisation *float64  `json:"au_spro_005"`
	Milliseconds float64   `json:"median_ms_per_image"`
	Scores       string    `json:"score_plot"` // file beside the page
	Examples     []Example `json:"examples"`
}

// Kind is the result for one kind of anomaly.
type Kind struct {
	Name   string   `json:"name"`
	Images int      `json:"images"`
	Missed int      `json:"missed"` // not called anomalous
	AUROC  *float64 `json:"auroc"`
	// The 95 % interval of AUROC (DeLong).
	Low  *float64 `json:"auroc_low"`
	High *float64 `json:"auroc_high"`
	// Structural and Logical are the AUROCs of each branch alone.
	Structural *float64 `json:"auroc_structural_branch"`
	Logical    *float64 `json:"auroc_logical_branch"`
}

// Example is an image with its verdict; the pictures are files beside the page.
type Example struct {
	Name       string           `json:"name"`
	Truth      string           `json:"truth"` // folder of the test image
	Decision   detect.Decision  `json:"decision"`
	Kind       detect.Kind      `json:"kind"`
	Score      float64          `json:"score"`
	Structural float64          `json:"structural"`
	Logical    float64          `json:"logical"`
	PValue     float64          `json:"p_value"`
	Findings   []detect.Finding `json:"findings"`
	Pictures   []Picture        `json:"pictures"`
}

// Picture is one image file with its caption.
type Picture struct {
	Caption string `json:"caption"`
	File    string `json:"file"`
}

// Read reads an evaluation that was stored as JSON.
func Read(path string) (*Evaluation, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	e := &Evaluation{}
	if err := json.Unmarshal(b, e); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}

// kind is the result of the named kind, or nil.
func (e *Evaluation) kind(name string) *Kind {
	for i := range e.Kinds {
		if e.Kinds[i].Name == name {
			return &e.Kinds[i]
		}
	}
	return nil
}

// Table prints evaluations side by side: image AUROC in percent.
func Table(evaluations []*Evaluation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %8s %10s %8s %8s %10s %13s %8s\n",
		"category", "logical", "structural", "defect", "mean", "threshold", "false alarms", "ms/image")
	sums := map[string][]float64{}
	for _, e := range evaluations {
		column := func(name string) string {
			if k := e.kind(name); k != nil && k.AUROC != nil {
				sums[name] = append(sums[name], *k.AUROC)
				return fmt.Sprintf("%.1f", 100**k.AUROC)
			}
			return "-"
		}
		mean := "-"
		if e.Mean != nil {
			sums["mean"] = append(sums["mean"], *e.Mean)
			mean = fmt.Sprintf("%.1f", 100**e.Mean)
		}
		fmt.Fprintf(&b, "%-20s %8s %10s %8s %8s %10.3f %6d of %3d %8.1f\n", e.Category,
			column("logical"), column("structural"), column("defect"), mean, e.Threshold, e.FalseAlarms, e.Good, e.Milliseconds)
	}
	if len(evaluations) > 1 {
		average := func(name string) string {
			if len(sums[name]) == 0 {
				return "-"
			}
			total := 0.0
			for _, v := range sums[name] {
				total += v
			}
			return fmt.Sprintf("%.1f", 100*total/float64(len(sums[name])))
		}
		fmt.Fprintf(&b, "%-20s %8s %10s %8s %8s\n", "mean", average("logical"), average("structural"), average("defect"), average("mean"))
	}
	return b.String()
}

// Branches prints what each branch achieves alone.
func Branches(evaluations []*Evaluation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %-11s %7s %10s %16s %18s %7s\n", "category", "anomalies", "images", "AUROC", "95 % interval", "maps / histograms", "missed")
	for _, e := range evaluations {
		for _, k := range e.Kinds {
			fmt.Fprintf(&b, "%-20s %-11s %7d %10s %7s -%7s %8s / %7s %7d\n", e.Category, k.Name, k.Images,
				percent(k.AUROC), percent(k.Low), percent(k.High), percent(k.Structural), percent(k.Logical), k.Missed)
		}
	}
	return b.String()
}

func percent(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100**v)
}
