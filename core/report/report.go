// Package report shows evaluations: tables for the terminal, a page for the
// browser. The page is HTML without scripts; its pictures lie beside it.
package report

import (
	"encoding/json"
	"fmt"
	"os"

	"aecsad/core/detect"
)

// Evaluation is what one model did on its test images. Rates and areas are
// shares in [0,1]; pointers are nil where there were no such images.
type Evaluation struct {
	Category   string  `json:"category"`
	Profile    string  `json:"profile"`
	Teacher    string  `json:"teacher"` // a sentence about the encoder's weights
	Threshold  float64 `json:"threshold"`
	Rate       float64 `json:"false_alarm_rate"` // asked for
	Validation int     `json:"validation_images"`

	Good        int      `json:"good_images"`
	FalseAlarms int      `json:"false_alarms"`
	Kinds       []Result `json:"kinds"`   // logical, structural, defect
	Defects     []Result `json:"defects"` // by name, of masks or folders
	Mean        *float64 `json:"auroc_mean"`
	// Measure of localisation: SPRO or PRO; empty without ground-truth masks.
	Measure string `json:"localisation_measure"`
	// Limits are the false-positive rates up to which areas are taken. MeanAreas
	// are those of logical and structural anomalies averaged, LOCO's published
	// figure; nil where one of the kinds is missing.
	Limits    []float64 `json:"localisation_limits"`
	MeanAreas []float64 `json:"localisation_mean"`

	Warnings     []string  `json:"warnings"`
	Milliseconds float64   `json:"median_ms_per_image"`
	Scores       string    `json:"score_plot"` // file beside the page
	Examples     []Example `json:"examples"`
}

// Measures of localisation: areas under curves of the overlap with the defects
// over the false-positive rate. With SPRO a defect is saturated as MVTec LOCO's
// defects_config.json says, with PRO by its whole area.
const (
	SPRO = "AU-sPRO"
	PRO  = "AUPRO"
)

// Result is that of the images of one kind or with one defect, against all good
// images.
type Result struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"` // of a defect
	Images int      `json:"images"`
	Missed int      `json:"missed"` // not called anomalous
	AUROC  *float64 `json:"auroc"`
	// The 95 % interval of AUROC (DeLong).
	Low  *float64 `json:"auroc_low"`
	High *float64 `json:"auroc_high"`
	// Structural and Logical are the AUROCs of each branch alone.
	Structural *float64 `json:"auroc_structural_branch"`
	Logical    *float64 `json:"auroc_logical_branch"`
	// AUPR is the average precision; F1 is the best of any threshold, F1Threshold.
	AUPR        *float64 `json:"aupr"`
	F1          *float64 `json:"f1_max"`
	F1Threshold *float64 `json:"f1_max_threshold"`
	// Regions are the defects in the masks, Areas how well the fused map points at
	// them, one for each of Limits; nil without masks.
	Regions int       `json:"regions"`
	Areas   []float64 `json:"localisation"`
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
func (e *Evaluation) kind(name string) *Result {
	for i := range e.Kinds {
		if e.Kinds[i].Name == name {
			return &e.Kinds[i]
		}
	}
	return nil
}

// area is the one up to limit, or nil.
func (e *Evaluation) area(areas []float64, limit float64) *float64 {
	for i, l := range e.Limits {
		if l == limit && i < len(areas) {
			return &areas[i]
		}
	}
	return nil
}
