package cpu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/tests/ops"
)

// int8Shapes are worth int8: outputs straight from the registers, held back over
// several passes, and in areas of a dilated filter; with remainders everywhere.
var int8Shapes = []kernels.Conv2D{
	{ConvShape: conv(1, 64, 24, 96, 1, 1, 0, 1), Bias: true, Residual: true, Relu: true},
	{ConvShape: conv(2, 70, 19, 145, 1, 2, 0, 1), Bias: true},
	{ConvShape: conv(1, 130, 17, 50, 3, 2, 1, 1), Relu: true},
	{ConvShape: conv(2, 260, 13, 41, 3, 2, 1, 1), Bias: true, Residual: true},
	{ConvShape: conv(1, 129, 16, 40, 3, 1, 12, 12), Bias: true, Residual: true, Relu: true},
	{ConvShape: conv(1, 2100, 5, 33, 1, 1, 0, 1), Bias: true, Relu: true},
}

// int8Case is a convolution with its buffers; x has values beyond the range.
type int8Case struct {
	op      kernels.Conv2D
	in      [][]float32 // x, w, and bias and residual if there are any
	highest float32
}

func newInt8Case(op kernels.Conv2D) int8Case {
	c := int8Case{op: op, highest: 0.9}
	r := rand.New(rand.NewPCG(3, 4))
	_, in := op.Buffers()
	for _, n := range in {
		c.in = append(c.in, noise(r, n))
	}
	for i, v := range c.in[0] {
		c.in[0][i] = max(v, 0)
	}
	clear(c.in[1][:op.C*op.R*op.S]) // an output channel without weights
	leadingZeros(c.in[1], op.K, op.C*op.R*op.S)
	return c
}

// leadingZeros makes the beginnings of rows zeros, longer and longer ones: the last
// quarter of the rows has nothing else.
func leadingZeros(w []float32, rows, columns int) {
	for k := range rows {
		clear(w[k*columns:][:min(4*k*columns/(3*rows), columns)])
	}
}

func (c int8Case) run(t *testing.T, d kernels.Device, precision string, threads int) []float32 {
	p := &kernels.Program{Calls: []kernels.Call{{Op: c.op}}, Ranges: []kernels.Range{{High: c.highest}}}
	out, in := c.op.Buffers()
	for i, n := range append(append([]int{}, out...), in...) {
		p.Calls[0].Bufs = append(p.Calls[0].Bufs, kernels.Slot(i))
		p.Sizes = append(p.Sizes, n)
	}
	s, err := d.Load(p, kernels.Options{Threads: threads, Precision: precision})
	require.NoError(t, err)
	defer s.Close()
	for i, v := range c.in {
		require.NoError(t, s.Write(kernels.Slot(1+i), v))
	}
	require.NoError(t, s.Run())
	y := make([]float32, out[0])
	require.NoError(t, s.Read(0, y))
	return y
}

// expected is what the convolution is in int8, by its definition:
//
//	q[x] = floor(min(x*255/highest + 1/2, 255)),  q[w] = round(w*63/most), most = max |w| of the output channel
//	y = act(sum q[x]*q[w] * (most/63*highest/255) + bias + residual)
func (c int8Case) expected() []float32 {
	o, x := c.op, make([]int, len(c.in[0]))
	for i, v := range c.in[0] {
		x[i] = int(min(math.FMA(float64(v), float64(255/c.highest), 0.5), 255))
	}
	y := make([]float32, 0, o.N*o.K*o.P()*o.Q())
	for n := range o.N {
		for k := range o.K {
			weights, factor := c.weights(k)
			for at := range o.P() * o.Q() {
				v := factor * float64(c.sum(x, weights, n, at/o.Q(), at%o.Q()))
				rest := c.in[2:]
				if o.Bias {
					v += float64(rest[0][k])
					rest = rest[1:]
				}
				if o.Residual {
					v += float64(rest[0][len(y)])
				}
				if o.Relu {
					v = max(v, 0)
				}
				y = append(y, float32(v))
			}
		}
	}
	return y
}

// weights are those of an output channel, and the factor of its sums.
func (c int8Case) weights(k int) (q []int, factor float64) {
	n := c.op.C * c.op.R * c.op.S
	w, most := c.in[1][k*n:(k+1)*n], float32(0)
	for _, v := range w {
		most = max(most, v, -v)
	}
	for _, v := range w {
		step := float32(0)
		if most > 0 {
			step = 63 / most
		}
		q = append(q, int(math.RoundToEven(float64(v*step))))
	}
	return q, float64(most / 63 * c.highest / 255)
}

func (c int8Case) sum(x, w []int, n, p, q int) int {
	o, sum := c.op, 0
	for i, weight := range w {
		ch, r, s := i/(o.R*o.S), i/o.S%o.R, i%o.S
		h, v := p*o.Stride-o.Pad+r*o.Dilation, q*o.Stride-o.Pad+s*o.Dilation
		if h >= 0 && h < o.H && v >= 0 && v < o.W {
			sum += weight * x[((n*o.C+ch)*o.H+h)*o.W+v]
		}
	}
	return sum
}

// Sums of integers are exact, so every ISA gives the same bits, and those of the
// definition but for the last roundings.
func TestInt8(t *testing.T) {
	first := map[kernels.Conv2D][]float32{}
	forEachISA(t, func(t *testing.T, d *cpu.Device) {
		for _, op := range int8Shapes {
			c := newInt8Case(op)
			y := c.run(t, d, kernels.Int8, 1)
			if first[op] == nil {
				first[op] = y
				e, at := ops.RelativeError(y, c.expected())
				assert.LessOrEqual(t, e, 1e-6, "%+v at %d", op, at)
			}
			require.Equal(t, first[op], y, "%+v differs from another ISA", op)
			require.Equal(t, y, c.run(t, d, kernels.Int8, 3), "%+v depends on the threads", op)
		}
	})
}

// What is lost, as a share of the outputs' root mean square.
func TestInt8IsClose(t *testing.T) {
	d := open(t)
	for _, op := range int8Shapes {
		c := newInt8Case(op)
		c.highest = 1
		var wrong, all float64
		exact := c.run(t, d, kernels.Float32, 1)
		for i, v := range c.run(t, d, kernels.Int8, 1) {
			wrong += float64(v-exact[i]) * float64(v-exact[i])
			all += float64(exact[i]) * float64(exact[i])
		}
		e := math.Sqrt(wrong / all)
		assert.Less(t, e, 0.02, "%+v", op)
		assert.Greater(t, e, 1e-4, "%+v does not compute in int8", op)
	}
}

// Inputs that may be negative stay in float32, and without matrix tiles convolutions
// that are faster by Winograd's method.
func TestInt8WhereItPays(t *testing.T) {
	t.Setenv("AECSAD_CPU", "scalar")
	d := open(t)
	c := newInt8Case(int8Shapes[0])
	signed := kernels.Range{Low: -0.1, High: 1}
	for name, k := range map[string]struct {
		op    kernels.Conv2D
		r     kernels.Range
		small bool
	}{
		"1x1":      {c.op, kernels.Range{High: 1}, true},
		"signed":   {c.op, signed, false},
		"dark":     {c.op, kernels.Range{}, false},
		"winograd": {kernels.Conv2D{ConvShape: conv(1, 64, 64, 64, 3, 1, 1, 1)}, kernels.Range{High: 1}, false},
	} {
		p := &kernels.Program{Calls: []kernels.Call{{Op: k.op}}, Ranges: []kernels.Range{k.r}}
		out, in := k.op.Buffers()
		for i, n := range append(append([]int{}, out...), in...) {
			p.Calls[0].Bufs = append(p.Calls[0].Bufs, kernels.Slot(i))
			p.Sizes = append(p.Sizes, n)
		}
		whole, err := d.Footprint(p, kernels.Options{Threads: 1})
		require.NoError(t, err, name)
		small, err := d.Footprint(p, kernels.Options{Threads: 1, Precision: kernels.Int8})
		require.NoError(t, err, name)
		assert.Equal(t, k.small, small != whole, name)
	}
}

func TestInt8WantsRanges(t *testing.T) {
	d := open(t)
	op := int8Shapes[0]
	p := &kernels.Program{Calls: []kernels.Call{{Op: op, Bufs: []kernels.Slot{0, 1, 2, 3, 4}}}}
	out, in := op.Buffers()
	p.Sizes = append(append(p.Sizes, out...), in...)
	o := kernels.Options{Threads: 1, Precision: kernels.Int8}
	_, err := d.Load(p, o)
	assert.ErrorContains(t, err, "no ranges of its convolutions' inputs")
	_, err = d.Footprint(p, o)
	assert.ErrorContains(t, err, "no ranges of its convolutions' inputs")
	p.Ranges = []kernels.Range{{High: 1}, {}}
	_, err = d.Load(p, o)
	assert.ErrorContains(t, err, "there are 2 ranges for 1 calls")
	p.Ranges = []kernels.Range{{Low: 1, High: 0}}
	_, err = d.Load(p, o)
	assert.ErrorContains(t, err, "run call 0 (Conv2D): the range is 1 to 0")
}

func TestRangesAreWhatConvolutionsSee(t *testing.T) {
	double := kernels.Call{Op: kernels.Scale{Len: 4, Factor: -2}, Bufs: []kernels.Slot{1, 0}}
	op := kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 1, H: 2, W: 2, K: 1, R: 1, S: 1, Stride: 1, Dilation: 1}}
	p := &kernels.Program{
		Calls: []kernels.Call{double, {Op: op, Bufs: []kernels.Slot{3, 1, 2}}},
		Sizes: []int{4, 40, 1, 4}, // the input's slot is larger than the input
	}
	s, err := open(t).Load(p, kernels.Options{Threads: 1})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Write(0, []float32{1, -3, 0.5, 2}))
	require.NoError(t, s.Write(1, []float32{4: 99}))
	r, err := s.(kernels.Ranger).Ranges()
	require.NoError(t, err)
	assert.Equal(t, []kernels.Range{{}, {Low: -4, High: 6}}, r)
}
