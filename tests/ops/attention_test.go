package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
)

func TestAttentionByHand(t *testing.T) {
	// Four channels, two tokens; only channel 0 of q and k is not zero. Token 0 asks
	// with 2*ln 3, token 1 with 0: scores over sqrt(4) are (ln 3, 0) and (0, 0).
	q := []float32{float32(2 * math.Log(3)), 0, 0, 0, 0, 0, 0, 0}
	k := []float32{1, 0, 0, 0, 0, 0, 0, 0}
	v := []float32{4, 8, 0, 4, 1, 1, -4, 0}
	out := run(t, kernels.Attention{N: 1, C: 4, T: 2, Keep: true}, q, k, v)
	for i, want := range []float64{0.75, 0.25, 0.5, 0.5} {
		assert.InDelta(t, want, out[1][i], 1e-7, "p %d", i)
	}
	for i, want := range []float64{5, 6, 1, 2, 1, 1, -3, -2} {
		assert.InDelta(t, want, out[0][i], 1e-6, "y %d", i)
	}
}

func TestAttentionGradients(t *testing.T) {
	r := seeded()
	n, c, tokens := 2, 3, 4
	values := func() []float32 { return steps(r, n*c*tokens, -1, 1) }
	q, k, v, dy := values(), values(), values(), values()
	forward := func(q, k, v []float32) float64 {
		return dot(dy, run(t, kernels.Attention{N: n, C: c, T: tokens}, q, k, v)[0])
	}
	p := run(t, kernels.Attention{N: n, C: c, T: tokens, Keep: true}, q, k, v)[1]
	d := run(t, kernels.AttentionBackward{N: n, C: c, T: tokens}, dy, p, q, k, v)
	checkGradient(t, "dq", d[0], q, func(q []float32) float64 { return forward(q, k, v) })
	checkGradient(t, "dk", d[1], k, func(k []float32) float64 { return forward(q, k, v) })
	checkGradient(t, "dv", d[2], v, func(v []float32) float64 { return forward(q, k, v) })
}
