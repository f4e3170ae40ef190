package coordinates

import (
	"maps"

	"gonum.org/v1/gonum/mat"

	"aecsad/core/graph"
	"aecsad/core/net"
)

// Triangular returns the last weights of teacher and students in coordinates in which
// output k of each head of the local student is made of the inputs from k on, which are
// half of them: its other weights are zeros, and machines may leave them out. A rotation
// does not change a sum of squares, so maps stay what they are but for rounding. Each map
// has a rotation of its own, from the QR decomposition of its head: with W = QR,
// |Wx + b - t| = |Rx + Q'(b - t)|.
//
// With a third map, of teacher and global student, all share the rotation of the first.
func Triangular(c net.Config, w graph.Weights) graph.Weights {
	if c.ThirdMap != 0 {
		return triangular(c, w, Local, Teacher, LocalOfGlobal, Global)
	}
	out := triangular(c, w, Local, Teacher)
	maps.Copy(out, triangular(c, w, LocalOfGlobal, Global))
	return out
}

// triangular rotates a head such that its weights become an upper triangle, and others
// with it.
func triangular(c net.Config, w graph.Weights, head string, others ...string) graph.Weights {
	x := matrix(w[head+".weight"])
	rows, cols := x.Dims()
	var qr mat.QR
	qr.Factorize(x.Slice(0, rows, 0, min(rows, cols)))
	var q mat.Dense
	qr.QTo(&q)
	out := Change(c, w, q.T(), append(others, head)...)
	upper := out[head+".weight"].Data
	for i := range rows {
		clear(upper[i*cols : i*cols+min(i, cols)])
	}
	return out
}
