package ref

import (
	"math"

	"aecsad/kernels"
)

// tap is where an output of a bilinear resize reads along one axis: the inputs
// i0 and i1 with weights 1-t and t.
type tap struct {
	i0, i1 int
	t      float64
}

func bilinear(in, out int) []tap {
	taps := make([]tap, out)
	for i := range taps {
		src := max(0, (float64(i)+0.5)*float64(in)/float64(out)-0.5)
		i0 := int(math.Floor(src))
		taps[i] = tap{i0, min(i0+1, in-1), src - float64(i0)}
	}
	return taps
}

// corners calls f for the four inputs of every output j of a channel.
func corners(h, w, p, q int, f func(j, i int, weight float64)) {
	rows, columns := bilinear(h, p), bilinear(w, q)
	for y, r := range rows {
		for x, c := range columns {
			j := y*q + x
			f(j, r.i0*w+c.i0, (1-r.t)*(1-c.t))
			f(j, r.i0*w+c.i1, (1-r.t)*c.t)
			f(j, r.i1*w+c.i0, r.t*(1-c.t))
			f(j, r.i1*w+c.i1, r.t*c.t)
		}
	}
}

func resize(o kernels.Resize, a args) {
	y, x := a.shaped(0, o.N*o.C, o.P*o.Q), a.shaped(1, o.N*o.C, o.H*o.W)
	for n := 0; n < o.N*o.C; n++ {
		sum, in := make([]float64, o.P*o.Q), part(x, n)
		corners(o.H, o.W, o.P, o.Q, func(j, i int, weight float64) { sum[j] += weight * float64(in[i]) })
		store(part(y, n), sum)
	}
}

func resizeBackward(o kernels.ResizeBackward, a args) {
	dx, dy := a.shaped(0, o.N*o.C, o.H*o.W), a.shaped(1, o.N*o.C, o.P*o.Q)
	for n := 0; n < o.N*o.C; n++ {
		sum, d := make([]float64, o.H*o.W), part(dy, n)
		corners(o.H, o.W, o.P, o.Q, func(j, i int, weight float64) { sum[i] += weight * float64(d[j]) })
		store(part(dx, n), sum)
	}
}
