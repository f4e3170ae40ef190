package model

import (
	"fmt"
	"strings"

	"aecsad/core/graph"
	"aecsad/core/shape"
	"aecsad/modelfmt"
)

// What a calibration has many numbers of is stored beside the weights, below
// this name.
const calibrationPrefix = "calibration."

func gaussianName(i int, part string) string {
	return fmt.Sprintf("%shistogram.%d.%s", calibrationPrefix, i, part)
}

func mapName(name, part string) string { return calibrationPrefix + name + "." + part }

func shapesName(class int) string { return fmt.Sprintf("%sshapes.%d", calibrationPrefix, class) }

// tensors lists the Gaussians of the histograms, the known shapes, and of the maps
// what is known about their places.
func (c *Calibration) tensors() []modelfmt.Tensor {
	var all []modelfmt.Tensor
	add := func(name string, data []float32) {
		all = append(all, modelfmt.Tensor{Name: name, Shape: []int{len(data)}, Data: data})
	}
	for i, h := range c.Histograms {
		add(gaussianName(i, "mean"), narrow(h.Gaussian.Mean))
		add(gaussianName(i, "precision"), narrow(h.Gaussian.Precision))
	}
	if c.Shapes != nil {
		for class, all := range c.Shapes.Shapes {
			if len(all) > 0 {
				add(shapesName(class), shape.Numbers(all))
			}
		}
	}
	for _, m := range c.maps() {
		if m.norm.Mean != nil {
			add(mapName(m.name, "mean"), m.norm.Mean)
			add(mapName(m.name, "deviation"), m.norm.Deviation)
		}
	}
	return all
}

// takeTensors moves out of w what tensors had put beside the weights.
func (c *Calibration) takeTensors(w graph.Weights, classes int) {
	data := func(name string) []float32 {
		if t := w[name]; t != nil {
			return t.Data
		}
		return nil
	}
	for i := range c.Histograms {
		g := &c.Histograms[i].Gaussian
		g.Mean, g.Precision = widen(data(gaussianName(i, "mean"))), widen(data(gaussianName(i, "precision")))
	}
	if c.Shapes != nil {
		c.Shapes.Shapes = nil
		for class := range min(classes, 256) {
			c.Shapes.Shapes = append(c.Shapes.Shapes, shape.FromNumbers(data(shapesName(class))))
		}
	}
	for _, m := range c.maps() {
		m.norm.Mean, m.norm.Deviation = data(mapName(m.name, "mean")), data(mapName(m.name, "deviation"))
	}
	for name := range w {
		if strings.HasPrefix(name, calibrationPrefix) {
			delete(w, name)
		}
	}
}

func narrow(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(x)
	}
	return out
}
