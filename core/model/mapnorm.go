package model

import (
	"fmt"
	"math"
)

// MapNorm normalises an anomaly map, so that maps can be compared and added:
// place by place where the model knows what good images show there, then by the
// quantiles of the whole map.
type MapNorm struct {
	Scale
	// Mean and Deviation of good training images at every place of the map, nil
	// where places are not told apart. A student never learns some places well,
	// such as sharp edges beyond its receptive field; what it always misses there
	// is no sign of a fault.
	Mean      []float32 `json:"-"`
	Deviation []float32 `json:"-"`
}

// Apply normalises the value v at place i.
func (m *MapNorm) Apply(i int, v float32) float32 { return m.Scale.Apply(m.Standardize(i, v)) }

// Standardize is the step of Apply before the quantiles.
func (m *MapNorm) Standardize(i int, v float32) float32 {
	if m.Mean == nil {
		return v
	}
	return float32((float64(v) - float64(m.Mean[i])) / float64(m.Deviation[i]))
}

func (m *MapNorm) check(name string, side int) error {
	if n := side * side; m.Mean != nil || m.Deviation != nil {
		if len(m.Mean) != n || len(m.Deviation) != n {
			return fmt.Errorf("calibration: %s has a mean of %d and a deviation of %d numbers, expected %d each", name, len(m.Mean), len(m.Deviation), n)
		}
	}
	for i, d := range m.Deviation {
		if v := float64(m.Mean[i]); math.IsNaN(v) || math.IsInf(v, 0) || !(d > 0) || math.IsInf(float64(d), 0) {
			return fmt.Errorf("calibration: %s has mean %v and deviation %v at place %d; expected finite numbers and a positive deviation", name, v, d, i)
		}
	}
	return nil
}

// namedNorm is a map with the name that its description and tensors have.
type namedNorm struct {
	name string
	norm *MapNorm
}

func (c *Calibration) maps() []namedNorm {
	return []namedNorm{{"local_map", &c.Local}, {"global_map", &c.Global}, {"third_map", &c.Third}}
}

// Scale maps the 90 % quantile of good images to 0 and their 99.5 % quantile to
// 0.1 (spec 3.3); the identity when the two are the same.
type Scale struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// Identity tells whether the two quantiles are the same.
func (s Scale) Identity() bool { return s.End-s.Start <= 1e-6 }

// Apply scales one map value.
func (s Scale) Apply(v float32) float32 {
	if s.Identity() {
		return v
	}
	return float32(0.1 * (float64(v) - s.Start) / (s.End - s.Start))
}
