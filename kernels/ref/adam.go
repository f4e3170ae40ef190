package ref

import (
	"math"

	"aecsad/kernels"
)

func adam(o kernels.Adam, a args) {
	w, m, v, g, clock := a.flat(0), a.flat(1), a.flat(2), a.flat(3), widened(a.flat(4))
	lr, c1, c2 := clock[0], clock[1], clock[2]
	beta1, beta2, eps, decay := float64(o.Beta1), float64(o.Beta2), float64(o.Eps), float64(o.Decay)
	for i := range w {
		gradient := float64(g[i]) + decay*float64(w[i])
		first := beta1*float64(m[i]) + (1-beta1)*gradient
		second := beta2*float64(v[i]) + (1-beta2)*gradient*gradient
		w[i] = float32(float64(w[i]) - lr*(first/c1)/(math.Sqrt(second/c2)+eps))
		m[i], v[i] = float32(first), float32(second)
	}
}
