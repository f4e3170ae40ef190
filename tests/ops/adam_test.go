package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

// adamByHand is step t for one weight, all in float64.
func adamByHand(w, m, v, g, lr, t float64) (float64, float64, float64) {
	g += 0.01 * w
	m, v = 0.9*m+0.1*g, 0.999*v+0.001*g*g
	return w - lr*(m/(1-math.Pow(0.9, t)))/(math.Sqrt(v/(1-math.Pow(0.999, t)))+0.5), m, v
}

func TestAdamByHand(t *testing.T) {
	op := kernels.Adam{Len: 3, Beta1: 0.9, Beta2: 0.999, Eps: 0.5, Decay: 0.01}
	w, m, v := []float32{1, -2, 0.5}, make([]float32, 3), make([]float32, 3)
	var hand [3][3]float64
	for i, x := range w {
		hand[i] = [3]float64{float64(x)}
	}
	for step := 1; step <= 5; step++ {
		g := []float32{0.5, -3, float32(step - 3)}
		clock := []float32{0.1, float32(1 - math.Pow(0.9, float64(step))), float32(1 - math.Pow(0.999, float64(step)))}
		out := runOver(t, op, map[int][]float32{0: w, 1: m, 2: v}, g, clock)
		w, m, v = out[0], out[1], out[2]
		for i := range w {
			hand[i][0], hand[i][1], hand[i][2] = adamByHand(hand[i][0], hand[i][1], hand[i][2], float64(g[i]), 0.1, float64(step))
			assert.InDelta(t, hand[i][0], w[i], 1e-5, "w %d at step %d", i, step)
			assert.InDelta(t, hand[i][1], m[i], 1e-6, "m %d at step %d", i, step)
			assert.InDelta(t, hand[i][2], v[i], 1e-6, "v %d at step %d", i, step)
		}
	}
}

// With a small eps and no decay the first step is lr times the sign of g.
func TestTheFirstStepOfAdam(t *testing.T) {
	op := kernels.Adam{Len: 2, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	zero := []float32{0, 0}
	out := runOver(t, op, map[int][]float32{0: {1, 1}, 1: zero, 2: zero}, []float32{1e-3, -50}, []float32{0.25, 0.1, 0.001})
	assert.InDelta(t, 0.75, out[0][0], 1e-5)
	assert.InDelta(t, 1.25, out[0][1], 1e-5)
}
