// Package modeltest makes small models for tests of what uses models.
package modeltest

import (
	"aecsad/core/detect"
	"aecsad/core/model"
	"aecsad/core/net"
	"aecsad/core/stats"
	"aecsad/kernels"
)

// Classes is the number of component classes of Tiny, background included.
const Classes = 3

// Tiny is a complete model with random weights and an invented calibration: its
// scores mean nothing, but they are reproducible and depend on every pixel.
func Tiny(seed uint32) *model.Model {
	c, err := net.Profile("quick")
	if err != nil {
		panic(err)
	}
	c.Side = 64
	c.Encoder.Width, c.Teacher.Channels = 4, 8
	c.Local, c.Global.Width = net.Local{First: 4, Width: 8}, 4
	c.Segmentor.Low, c.Segmentor.Width = 4, 8
	return Of(c, seed)
}

// Of is a model like Tiny with networks of other sizes.
func Of(c net.Config, seed uint32) *model.Model {
	c.Segmentor.Classes = Classes
	w, err := detect.Initialize(c, seed)
	if err != nil {
		panic(err)
	}
	m := &model.Model{
		Config: c, Weights: w, Components: []string{"bolt", "nut"},
		Provenance: model.Provenance{Category: "tiny", Dataset: "none", Tool: "test", Seed: seed, Train: 1},
		Calibration: model.Calibration{
			Local: model.MapNorm{Scale: model.Scale{Start: 0, End: 1}}, Global: model.MapNorm{Scale: model.Scale{Start: 0, End: 1}}, Level: 0.1,
			Structural: stats.ZScore{Mean: 0, Std: 1}, Logical: stats.ZScore{Mean: 0, Std: 1},
			Threshold: 4, Rate: 0.05,
		},
	}
	for i := 0; i < 40; i++ {
		m.Calibration.Scores = append(m.Calibration.Scores, float64(i)/10)
	}
	for _, grid := range detect.Grids {
		n := grid * grid * Classes
		h := model.Histogram{Grid: grid, Z: stats.ZScore{Mean: 0, Std: 1}}
		h.Gaussian.Mean, h.Gaussian.Precision = make([]float64, n), make([]float64, n*n)
		for i := 0; i < n; i++ {
			h.Gaussian.Mean[i], h.Gaussian.Precision[i*n+i] = 0.125, 4
		}
		m.Calibration.Histograms = append(m.Calibration.Histograms, h)
	}
	return m
}

// Pixels is a reproducible w x h RGB picture of noise.
func Pixels(seed uint32, w, h int) []byte {
	b := make([]byte, 3*w*h)
	for i := range b {
		b[i] = byte(256 * kernels.Uniform(seed, 0, uint64(i)))
	}
	return b
}

// Places are means and deviations of a map that differ from place to place.
func Places(side int) (mean, deviation []float32) {
	for i := range side * side {
		mean, deviation = append(mean, float32(i%7)/10), append(deviation, 0.2+float32(i%5)/4)
	}
	return mean, deviation
}
