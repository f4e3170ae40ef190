package export

import (
	"fmt"

	"aecsad/core/detect"
	"aecsad/core/model"
	"aecsad/core/stats"
)

// judge writes the steps of core/detect/score.go as operators, each after the
// function of its name. Like there, numbers are float64 wherever they are not
// maps: the export's scores are those of an inspection.
type judge struct {
	*builder
	c     *model.Calibration
	third float64 // the third map's weight
}

// fuse normalises both maps and adds them, and the third one with its weight.
func (j judge) fuse(networks map[string]value) value {
	fused := j.like("Add", j.normalize(&j.c.Local, networks["local"]), j.normalize(&j.c.Global, networks["global"]))
	third, ok := networks["third"]
	if !ok {
		return fused
	}
	weight := j.constant("weight", []int{1}, []float32{float32(j.third)})
	return j.like("Add", fused, j.like("Mul", j.normalize(&j.c.Third, third), weight))
}

// normalize is model.MapNorm.Apply.
func (j judge) normalize(m *model.MapNorm, v value) value {
	if m.Mean != nil {
		d := j.like("Sub", j.cast(v, float64s), j.places("places.mean", v, m.Mean))
		v = j.cast(j.like("Div", d, j.places("places.deviation", v, m.Deviation)), float32s)
	}
	return j.scale(m.Scale, v)
}

// places is a constant of the shape of map v.
func (j judge) places(name string, v value, data []float32) value {
	wide := make([]float64, len(data))
	for i, x := range data {
		wide[i] = float64(x)
	}
	return j.constant(name, v.shape, wide)
}

// scale is model.Scale.Apply: 0.1 (v - start) / (end - start), or the identity.
func (j judge) scale(s model.Scale, v value) value {
	if s.Identity() {
		return v
	}
	d := j.like("Sub", j.cast(v, float64s), j.number("start", s.Start))
	d = j.like("Mul", d, j.number("tenth", 0.1))
	return j.cast(j.like("Div", d, j.number("range", s.End-s.Start)), float32s)
}

// peak is the largest value of the fused map.
func (j judge) peak(fused value) value {
	v := j.node("ReduceMax", float32s, []int{1}, []value{fused}, attrIs("axes", 1, 2, 3), attrI("keepdims", 0))
	return j.cast(v, float64s)
}

// distance is stats.Gaussian.Distance of a histogram [1,n]: sqrt((x-m)' P (x-m)).
func (j judge) distance(g stats.Gaussian, histogram value) value {
	n := len(g.Mean)
	d := j.like("Sub", j.cast(histogram, float64s), j.constant("mean", []int{n}, g.Mean))
	transposed := make([]float64, n*n) // a row times P' is P times a column
	for i := range n {
		for k := range n {
			transposed[k*n+i] = g.Precision[i*n+k]
		}
	}
	p := j.like("MatMul", d, j.constant("precision", []int{n, n}, transposed))
	axis := j.constant("axis", []int{1}, []int64{1})
	square := j.node("ReduceSum", float64s, []int{1}, []value{j.like("Mul", d, p), axis}, attrI("keepdims", 0))
	return j.like("Sqrt", j.like("Max", square, j.number("zero", 0)))
}

// oddness is the sum of the distances, each z-scored.
func (j judge) oddness(distances []value) value {
	var sum value
	for i, d := range distances {
		z := j.zscore(j.c.Histograms[i].Z, d)
		if i == 0 {
			sum = z
		} else {
			sum = j.like("Add", sum, z)
		}
	}
	return sum
}

func (j judge) zscore(z stats.ZScore, v value) value {
	return j.like("Div", j.like("Sub", v, j.number("mean", z.Mean)), j.number("std", z.Std))
}

func (j judge) number(name string, v float64) value { return j.constant(name, []int{1}, []float64{v}) }

// scores adds the outputs that a calibrated model has on top of its networks.
func (j judge) scores(networks map[string]value) ([]output, error) {
	j.path = "judge"
	fused := j.fuse(networks)
	var distances []value
	for _, h := range j.c.Histograms {
		histogram, ok := networks[detect.HistogramName(h.Grid)]
		if !ok {
			return nil, fmt.Errorf("the model counts components on a %dx%d grid, the program on grids %v", h.Grid, h.Grid, detect.Grids)
		}
		distances = append(distances, j.distance(h.Gaussian, histogram))
	}
	structural := j.zscore(j.c.Structural, j.peak(fused))
	logical := j.zscore(j.c.Logical, j.oddness(distances))
	all := j.node("Concat", float64s, []int{len(distances)}, distances, attrI("axis", 0))
	return []output{
		{"anomaly_map", fused}, {"distances", all},
		{"structural", structural}, {"logical", logical}, {"score", j.like("Add", structural, logical)},
	}, nil
}
