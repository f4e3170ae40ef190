package detect

import (
	"fmt"
	"math"

	"aecsad/core/model"
	"aecsad/core/shape"
)

// strangeShape is the z-score from which on a shape is worth a finding.
const strangeShape = 3

// shapeFindings are the regions that look like none on good images, by their share
// of the squared distance.
func shapeFindings(m *model.Model, r *Raw, w, h int) []Finding {
	known := m.Calibration.Shapes
	if known == nil {
		return nil
	}
	var all []Finding
	total, side := 0.0, int(math.Round(math.Sqrt(float64(len(r.Classes)))))
	for _, region := range r.Regions() {
		distance, nearest := known.Distance(region)
		if known.Z.Apply(distance) < strangeShape {
			continue
		}
		f := Finding{
			Kind: Logical, Component: m.Components[region.Class-1],
			Observed:     float64(region.Pixels) / float64(side*side),
			Contribution: distance * distance,
		}
		if nearest != (shape.Shape{}) {
			f.Expected = math.Exp(float64(nearest[0])) / float64(side*side)
		}
		f.X, f.Y = region.X0*w/side, region.Y0*h/side
		f.W, f.H = (region.X1+1)*w/side-f.X, (region.Y1+1)*h/side-f.Y
		f.Sentence = shapeSentence(f, region.Shape, nearest)
		total += f.Contribution
		all = append(all, f)
	}
	for i := range all {
		all[i].Contribution /= total * float64(len(DistanceNorms(&m.Calibration)))
	}
	return all
}

func shapeSentence(f Finding, s, nearest shape.Shape) string {
	where := fmt.Sprintf("%s of about %d x %d pixels at (%d, %d)", f.Component, f.W, f.H, f.X, f.Y)
	if nearest == (shape.Shape{}) {
		return where + ": good images have none in one piece"
	}
	times := func(i int) float64 { return math.Exp(float64(s[i] - nearest[i])) }
	return fmt.Sprintf("%s has a shape of its own: %.2f times the area, %.2f times the length and %.2f times the width of the most similar one in good images",
		where, times(0), times(1), times(2))
}
