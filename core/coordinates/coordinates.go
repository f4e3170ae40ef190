// Package coordinates changes those that teacher and students are compared in. An
// anomaly map is the mean squared difference of two networks' features, and the last
// thing that each of them does is linear: a change of coordinates goes into their last
// weights, and costs nothing at inspection.
package coordinates

import (
	"gonum.org/v1/gonum/mat"

	"aecsad/core/graph"
	"aecsad/core/net"
)

// The features that maps compare.
const (
	Teacher       = "teacher"
	Local         = "local.conv_st"  // imitates the teacher
	LocalOfGlobal = "local.conv_ae"  // imitates the global student
	Global        = "global.deconv8" // imitates the teacher
)

// Change returns the last weights of these features after a change of coordinates to
// m times the old ones. m is square, of the teacher's channels.
func Change(c net.Config, w graph.Weights, m mat.Matrix, features ...string) graph.Weights {
	out := graph.Weights{}
	for _, name := range features {
		if name == Teacher {
			changeTeacher(out, c, w, m)
			continue
		}
		out[name+".weight"] = times(m, w[name+".weight"])
		out[name+".bias"] = times(m, w[name+".bias"])
	}
	return out
}

// changeTeacher changes (y - mean) / std with a linear y: m/std goes into y and mean,
// and the standardisation keeps a divisor of 1.
func changeTeacher(out graph.Weights, c net.Config, w graph.Weights, m mat.Matrix) {
	channels := c.Teacher.Channels
	standardised := mat.NewDense(channels, channels, nil)
	ones := make([]float32, channels)
	for j, std := range w["teacher.std"].Data {
		for i := range channels {
			standardised.Set(i, j, m.At(i, j)/float64(std))
		}
		ones[j] = 1
	}
	projection := c.Teacher.Weights()
	for _, name := range append(projection[:], "mean") {
		out["teacher."+name] = times(standardised, w["teacher."+name])
	}
	out["teacher.std"] = &graph.Tensor{Shape: []int{channels}, Data: ones}
}

// times is m times t, whose first dimension are the channels.
func times(m mat.Matrix, t *graph.Tensor) *graph.Tensor {
	var y mat.Dense
	y.Mul(m, matrix(t))
	out := &graph.Tensor{Shape: t.Shape, Data: make([]float32, len(t.Data))}
	for i, v := range y.RawMatrix().Data {
		out.Data[i] = float32(v)
	}
	return out
}

// matrix has a row for each output channel.
func matrix(t *graph.Tensor) *mat.Dense {
	x := make([]float64, len(t.Data))
	for i, v := range t.Data {
		x[i] = float64(v)
	}
	return mat.NewDense(t.Shape[0], len(x)/t.Shape[0], x)
}
