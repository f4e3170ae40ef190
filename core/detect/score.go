package detect

import (
	"math"

	"aecsad/core/model"
	"aecsad/core/stats"
)

// The steps from raw outputs to scores. Calibration calls them one after the
// other while it measures each step's constants; Judge runs them all.

// Fuse normalises both maps and adds them (spec 3.3), and the third one with its
// weight where it has one. Ignored places are 0 in all of them.
func Fuse(m *model.Model, r *Raw) (local, global, fused []float32) {
	c, n := &m.Calibration, len(r.Local)
	local, global, fused = make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range fused {
		local[i], global[i] = c.Local.Apply(i, r.Local[i]), c.Global.Apply(i, r.Global[i])
		fused[i] = local[i] + global[i]
	}
	for i, v := range r.Third {
		fused[i] += float32(m.Config.ThirdMap) * c.Third.Apply(i, v)
	}
	for i, ignored := range r.Ignored {
		if ignored {
			local[i], global[i], fused[i] = 0, 0, 0
		}
	}
	return local, global, fused
}

// Peak is the structural score before normalisation: the largest value of the
// fused map at its own size. The reference takes it after upsampling while
// training and before it when exported (spec 3.3 #5); here there is one path.
func Peak(fused []float32) float64 {
	peak := float32(math.Inf(-1))
	for _, v := range fused {
		peak = max(peak, v)
	}
	return float64(peak)
}

// Distances are the Mahalanobis distances of the histograms, one per grid, and
// where the model knows shapes, the distance of the strangest one.
func Distances(c *model.Calibration, r *Raw) []float64 {
	var d []float64
	for i := range c.Histograms {
		d = append(d, c.Histograms[i].Gaussian.Distance(r.Histograms[i]))
	}
	if c.Shapes != nil {
		d = append(d, c.Shapes.Farthest(r.Regions()))
	}
	return d
}

// DistanceNorms normalise the Distances, one each.
func DistanceNorms(c *model.Calibration) []*stats.ZScore {
	var z []*stats.ZScore
	for i := range c.Histograms {
		z = append(z, &c.Histograms[i].Z)
	}
	if c.Shapes != nil {
		z = append(z, &c.Shapes.Z)
	}
	return z
}

// Oddness is the logical score before normalisation: the sum of the distances,
// each z-scored (spec section 6).
func Oddness(c *model.Calibration, distances []float64) float64 {
	sum := 0.0
	for i, z := range DistanceNorms(c) {
		sum += z.Apply(distances[i])
	}
	return sum
}

// Judge scores an image; the verdict has no decision yet.
func Judge(m *model.Model, r *Raw) *Verdict {
	c, v := &m.Calibration, &Verdict{Classes: r.Classes}
	v.Local, v.Global, v.Fused = Fuse(m, r)
	v.Side = int(math.Round(math.Sqrt(float64(len(r.Classes)))))
	v.MapSide = int(math.Round(math.Sqrt(float64(len(r.Local)))))
	v.Structural = c.Structural.Apply(Peak(v.Fused))
	v.Logical = c.Logical.Apply(Oddness(c, Distances(c, r)))
	v.Score = v.Structural + v.Logical
	return v
}
