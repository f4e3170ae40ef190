// Package model is everything that a trained model is: network sizes, weights,
// calibration, component names and where it came from; and its file.
package model

import (
	"errors"
	"fmt"
	"math"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/core/shape"
	"aecsad/core/stats"
)

// Model is a trained and calibrated model of one product.
type Model struct {
	Config net.Config
	// Weights of all networks by full name: encoder.*, teacher.*, segmentor.*,
	// local.*, global.*.
	Weights     graph.Weights
	Calibration Calibration
	// Components are the names of the classes 1, 2, ...; class 0 is background.
	Components []string
	Provenance Provenance
}

// Calibration turns what the networks put out into a verdict. All of it is
// measured on good images: Gaussians on training images, the rest on validation
// images (spec sections 3.3, 6, 7).
type Calibration struct {
	// Local and Global normalise the two anomaly maps; Third the third one where
	// the configuration gives it a weight.
	Local  MapNorm `json:"local_map"`
	Global MapNorm `json:"global_map"`
	Third  MapNorm `json:"third_map,omitzero"`
	// Level is the 99.5 % quantile of the fused maps of validation images.
	Level float64 `json:"fused_level"`
	// Histograms judge the component areas, one entry per grid.
	Histograms []Histogram `json:"histograms"`
	// Shapes judge the connected regions of the components; nil where only areas
	// count.
	Shapes *shape.Known `json:"shapes,omitempty"`
	// Precision that the scores were computed in: f32 where it is empty.
	Precision string `json:"precision,omitempty"`
	// Ranges of what convolutions see, measured on training images and the same with something
	// foreign; for the precision int8, in which the model was calibrated if they are there.
	Ranges graph.Ranges `json:"ranges,omitempty"`
	// Wider are the convolutions that Precision would harm, with what they compute in instead.
	Wider graph.Wider `json:"wider,omitempty"`
	// Structural and Logical bring the branches to one scale.
	Structural stats.ZScore `json:"structural"`
	Logical    stats.ZScore `json:"logical"`
	// Scores of the validation images, ascending.
	Scores []float64 `json:"validation_scores"`
	// Threshold: anomalous above it. Rate is the false-alarm rate that it was
	// chosen for, Extrapolated tells that the rate is beyond what the number of
	// validation images can show.
	Threshold    float64 `json:"threshold"`
	Rate         float64 `json:"false_alarm_rate"`
	Extrapolated bool    `json:"extrapolated"`
}

// Histogram judges the areas of the components in each cell of a Grid x Grid
// partition. Gaussian numbers are float32 values, so that the file holds them
// exactly.
type Histogram struct {
	Grid     int            `json:"grid"`
	Gaussian stats.Gaussian `json:"-"`
	Z        stats.ZScore   `json:"z"`
}

// Provenance says where a model came from.
type Provenance struct {
	Category string `json:"category"`
	Dataset  string `json:"dataset_sha256"`
	Tool     string `json:"tool_version"`
	Seed     uint32 `json:"seed"`
	Train    int    `json:"train_images"`
}

// Parameters counts the numbers in all weights.
func (m *Model) Parameters() int {
	n := 0
	for _, t := range m.Weights {
		n += len(t.Data)
	}
	return n
}

// Check tells whether the parts fit each other and all numbers are finite.
func (m *Model) Check() error {
	if err := m.Config.Check(); err != nil {
		return fmt.Errorf("model configuration: %w", err)
	}
	if want := m.Config.Segmentor.Classes - 1; len(m.Components) != want {
		return fmt.Errorf("model has %d component names, expected %d", len(m.Components), want)
	}
	if err := m.Weights.Finite(); err != nil {
		return err
	}
	return m.Calibration.check(m.Config)
}

func (c *Calibration) check(config net.Config) error {
	classes := config.Segmentor.Classes
	if err := errors.Join(c.Ranges.Check(), c.Wider.Check()); err != nil {
		return fmt.Errorf("calibration: %w", err)
	}
	if len(c.Scores) == 0 || len(c.Histograms) == 0 {
		return fmt.Errorf("model is not calibrated: %d validation scores, %d histograms; run the calibrate step",
			len(c.Scores), len(c.Histograms))
	}
	numbers := []float64{
		c.Local.Start, c.Local.End, c.Global.Start, c.Global.End, c.Third.Start, c.Third.End, c.Level, c.Threshold, c.Rate,
		c.Structural.Mean, c.Structural.Std, c.Logical.Mean, c.Logical.Std,
	}
	numbers = append(numbers, c.Scores...)
	for _, m := range c.maps() {
		if err := m.norm.check(m.name, config.MapSide()); err != nil {
			return err
		}
	}
	if c.Shapes != nil {
		if err := c.Shapes.Check(classes); err != nil {
			return fmt.Errorf("calibration: %w", err)
		}
	}
	for _, h := range c.Histograms {
		n := h.Grid * h.Grid * classes
		if h.Grid < 1 || h.Grid > 16 || len(h.Gaussian.Mean) != n || len(h.Gaussian.Precision) != n*n {
			return fmt.Errorf("calibration: the %dx%d histogram has a mean of %d and a precision of %d numbers, expected %d and %d",
				h.Grid, h.Grid, len(h.Gaussian.Mean), len(h.Gaussian.Precision), n, n*n)
		}
		numbers = append(append(append(numbers, h.Z.Mean, h.Z.Std), h.Gaussian.Mean...), h.Gaussian.Precision...)
	}
	for _, v := range numbers {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("calibration holds %v; expected finite numbers", v)
		}
	}
	if c.Structural.Std <= 0 || c.Logical.Std <= 0 {
		return fmt.Errorf("calibration has standard deviations %v and %v; expected positive ones", c.Structural.Std, c.Logical.Std)
	}
	return nil
}
