package detect

import (
	"fmt"

	"aecsad/core/model"
	"aecsad/kernels"
)

// Decision is what to do with the product.
type Decision string

const (
	// Good: the score is ordinary among good images.
	Good Decision = "good"
	// Uncertain: the score is rare among good images (rarer than twice the
	// false-alarm rate), but not rare enough to reject.
	Uncertain Decision = "uncertain"
	// Anomalous: the score is above the threshold.
	Anomalous Decision = "anomalous"
)

// Kind is the branch that speaks for an anomaly.
type Kind string

const (
	None       Kind = ""
	Structural Kind = "structural" // scratch, dent, contamination, deformation
	Logical    Kind = "logical"    // part missing, doubled, misplaced, wrong
)

// Verdict is the result of one inspection. Every score is in units of the
// standard deviation of good validation images (trimmed z-score, spec section 7).
type Verdict struct {
	Score      float64 // Structural + Logical
	Structural float64 // z of the largest value of the fused map
	Logical    float64 // z of the distances of component areas and shapes
	Threshold  float64 // anomalous if Score is above it
	PValue     float64 // share of good images that look at least as odd (conformal)
	Decision   Decision
	Kind       Kind // the larger branch, None if Decision is Good

	// MapSide x MapSide, row-major. Local is teacher - local student, Global is
	// global - local student, each scaled on validation; Fused is their sum, with
	// the third map's share where the model weighs one.
	MapSide              int
	Local, Global, Fused []float32

	// Side x Side component classes, row-major; 0 is background.
	Side    int
	Classes []uint8

	// Findings, the most important first; empty if Decision is Good.
	Findings []Finding
}

// Finding is one reason for a verdict.
type Finding struct {
	Kind         Kind
	X, Y, W, H   int     // box in pixels of the inspected image
	Component    string  // component name; empty for structural findings
	Observed     float64 // logical: area share of the box, of the image for a shape, in [0,1]; structural: peak of the fused map
	Expected     float64 // logical: the same on good images; structural: the 99.5 % level of good images
	Contribution float64 // share of the branch's score in [0,1]
	Sentence     string  // for a person: what was expected and what was found
}

// Info describes an open detector.
type Info struct {
	Profile        string // "quick", "balanced", "paper"
	Category       string // name of the product, from the data set's folder
	Side           int    // network input side, pixels
	MapSide        int
	Components     []string // names of classes 1..K
	Threshold      float64
	FalseAlarmRate float64 // the rate the threshold was set for; 0 if it was set by hand
	Extrapolated   bool    // the rate needed more validation images than there were
	Validation     int     // number of validation images
	Parameters     int     // number of weights
	Device         string  // "cpu", "cuda:0 (bf16)"
	Precision      string  // "f32", "bf16x6", "bf16", "int8"
	Calibrated     string  // the precision of the scores that the threshold comes from
	Wider          string  // what stages of the networks compute in instead, where that is less than float32
	Fallback       string  // why the device auto is the processor; empty where it is not
	Threads        int     // threads per inspection
	Sessions       int     // inspections that can run at once
	Memory         int64   // bytes that the detector takes, all sessions together
	ToolVersion    string
	DatasetDigest  string // SHA-256, hex
	Seed           uint32
}

// Mismatch says that scores are computed otherwise than those that the threshold
// comes from; empty where they are not.
func (i Info) Mismatch() string {
	if kernels.Whole(i.Calibrated) || i.Calibrated == i.Precision {
		return ""
	}
	return fmt.Sprintf("the model was calibrated in %s and computes in %s: scores, and what the threshold means, differ by some hundredths of their spread", i.Calibrated, i.Precision)
}

// CalibratedIn is the precision of a calibration. Files of former versions name none.
func CalibratedIn(c *model.Calibration) string {
	switch {
	case c.Precision != "":
		return c.Precision
	case len(c.Ranges) > 0:
		return kernels.Int8
	}
	return kernels.Float32
}
