// Package eval measures how well anomaly maps point at defects: sPRO as MVTec
// LOCO defines it, and PRO, its special case for plain masks.
package eval

import "math"

// Limits are the false-positive rates up to which areas are usual; LOCO's
// published figure is that of 0.05, PRO is integrated up to ProLimit.
var Limits = []float64{0.01, 0.05, 0.1, 0.3, 1}

// The limits of published figures.
const (
	LocoLimit = 0.05
	ProLimit  = 0.3
)

// Point of a curve: pixels with a score above Threshold count as anomalous.
type Point struct {
	Threshold float64
	FPR       float64 // share of the defect-free pixels that are called anomalous
	Overlap   float64 // mean over regions of min(anomalous pixels / saturation, 1)
}

// Curve lists points in the order of falling thresholds, from +Inf (nothing is
// anomalous) to -Inf (everything is).
type Curve []Point

// Area is the area under the curve up to a false-positive rate, over that rate,
// so that a perfect map has 1: trapezoids, linear interpolation at the limit. It
// is NaN for a limit outside (0, 1].
func (c Curve) Area(limit float64) float64 {
	if !(limit > 0 && limit <= 1) {
		return math.NaN()
	}
	sum := 0.0
	for i := 1; i < len(c); i++ {
		a, b := c[i-1], c[i]
		if a.FPR >= limit {
			break
		}
		if b.FPR > limit {
			b.Overlap = a.Overlap + (b.Overlap-a.Overlap)*(limit-a.FPR)/(b.FPR-a.FPR)
			b.FPR = limit
		}
		sum += (b.FPR - a.FPR) * (a.Overlap + b.Overlap) / 2
	}
	return sum / limit
}

// Uncertainty bounds how far Area can be from that of the curve through every
// distinct score. Both curves rise and share the points of c, so between two of
// them they differ by at most half the rectangle that these span.
func (c Curve) Uncertainty(limit float64) float64 {
	sum := 0.0
	for i := 1; i < len(c) && c[i-1].FPR < limit; i++ {
		sum += (c[i].FPR - c[i-1].FPR) * (c[i].Overlap - c[i-1].Overlap) / 2
	}
	return sum / limit
}
