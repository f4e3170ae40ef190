package calibrate

import (
	"math"

	"aecsad/core/detect"
	"aecsad/core/model"
)

// varianceFloor is the share of a map's mean variance that every place is given
// on top of its own: a few images tell little about a place that hardly varies.
const varianceFloor = 0.5

// Places measures what the maps of good training images show place by place.
// Not on validation images, which the scale and the threshold come from: they
// would look better than images that are seen later.
func Places(m *model.Model, train []*detect.Raw) {
	for _, a := range anomalyMaps(m) {
		n, images := len(a.of(train[0])), float64(len(train))
		mean, variance, usual := make([]float64, n), make([]float64, n), 0.0
		for _, r := range train {
			for i, v := range a.of(r) {
				mean[i] += float64(v) / images
			}
		}
		for _, r := range train {
			for i, v := range a.of(r) {
				d := float64(v) - mean[i]
				variance[i] += d * d / images
				usual += d * d / images / float64(n)
			}
		}
		a.norm.Mean, a.norm.Deviation = make([]float32, n), make([]float32, n)
		for i := range mean {
			a.norm.Mean[i] = float32(mean[i])
			a.norm.Deviation[i] = max(float32(math.Sqrt(variance[i]+varianceFloor*usual)), minDeviation)
		}
	}
}

// minDeviation keeps the division finite for maps that do not vary at all.
const minDeviation = 1e-12
