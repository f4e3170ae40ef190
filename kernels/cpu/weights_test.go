package cpu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
)

// prepared are convolutions whose weights the machine prepares: for Winograd's
// method and as panels.
var prepared = []kernels.Conv2D{
	{ConvShape: conv(1, 32, 24, 32, 3, 1, 1, 1)},
	{ConvShape: conv(1, 20, 9, 30, 1, 1, 0, 1)},
}

func noise(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = r.Float32()*2 - 1
	}
	return v
}

// Weights change when the host writes them, when Setup computes them, and when
// the run itself does; the next convolution must see it.
func TestWeightsMayChange(t *testing.T) {
	for _, op := range prepared {
		out, in := op.Buffers()
		// Slots: y, x, w by the host, w doubled, y of it. Scale is its writer.
		double := kernels.Call{Op: kernels.Scale{Len: in[1], Factor: 2}, Bufs: []kernels.Slot{3, 2}}
		direct := kernels.Call{Op: op, Bufs: []kernels.Slot{0, 1, 2}}
		doubled := kernels.Call{Op: op, Bufs: []kernels.Slot{4, 1, 3}}
		sizes := []int{out[0], in[0], in[1], in[1], out[0]}
		for name, p := range map[string]*kernels.Program{
			"setup": {Setup: []kernels.Call{double}, Calls: []kernels.Call{direct, doubled}, Sizes: sizes},
			"run":   {Calls: []kernels.Call{direct, double, doubled}, Sizes: sizes},
		} {
			s, err := open(t).Load(p, kernels.Options{Threads: 2})
			require.NoError(t, err)
			defer s.Close()
			r := rand.New(rand.NewPCG(5, 6))
			require.NoError(t, s.Write(1, noise(r, in[0])))
			last := make([]float32, out[0])
			for range 3 {
				require.NoError(t, s.Write(2, noise(r, in[1])))
				require.NoError(t, s.Setup())
				require.NoError(t, s.Run())
				y, twice := make([]float32, out[0]), make([]float32, out[0])
				require.NoError(t, s.Read(0, y))
				require.NoError(t, s.Read(4, twice))
				assert.NotEqual(t, last, y, name)
				for i := range y {
					require.Equal(t, 2*y[i], twice[i], "%s: element %d; doubling is exact", name, i)
				}
				last = y
			}
			require.NoError(t, s.Write(2, make([]float32, in[1]))) // without Setup
			require.NoError(t, s.Run())
			require.NoError(t, s.Read(0, last))
			assert.Equal(t, make([]float32, out[0]), last, name)
		}
	}
}

// The error of Winograd's method at the depths of the networks, as a share of the
// result: root mean squares.
func TestWinogradIsAccurate(t *testing.T) {
	const bound = 5e-6
	for _, s := range []kernels.ConvShape{
		conv(1, 512, 16, 16, 3, 1, 1, 1), conv(1, 512, 24, 16, 4, 1, 0, 1), conv(1, 64, 33, 16, 4, 1, 2, 1),
		conv(1, 512, 32, 64, 3, 2, 1, 1), conv(1, 64, 64, 64, 4, 2, 1, 1),
	} {
		op := kernels.Conv2D{ConvShape: s}
		want := runOp(t, ref.Open(), op, 1)[0]
		forEachISA(t, func(t *testing.T, d *cpu.Device) {
			e := rootMeanSquare(runOp(t, d, op, 1)[0], want)
			assert.Less(t, e, bound, "%+v", s)
			t.Logf("%dx%d, %d channels: %.2g", s.R, s.S, s.C, e)
		})
	}
}

// rootMeanSquare is the norm of got-want as a share of that of want.
func rootMeanSquare(got, want []float32) float64 {
	e, sum := 0.0, 0.0
	for i := range want {
		d := float64(got[i]) - float64(want[i])
		e += d * d
		sum += float64(want[i]) * float64(want[i])
	}
	return math.Sqrt(e / sum)
}
