package cpu_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/ref"
	"aecsad/tests/ops"
)

// planesProgram makes slot 8 of slots 0 and 1 plane by plane. Slots 4 to 7 lie between,
// of which a scale at the end reads 6, if it is seen, and writes the others; 9 is its
// result. A plain one ends with the mean.
func planesProgram(n, c, h, w int, small int, seen, plain bool) *kernels.Program {
	resize := func(side int) kernels.Op {
		return kernels.Resize{N: n, C: c, H: side, W: side + 1, P: h, Q: w}
	}
	size := n * c * h * w
	p := &kernels.Program{
		Calls: []kernels.Call{
			{Op: resize(small), Bufs: []kernels.Slot{4, 0}},
			{Op: resize(2 * small), Bufs: []kernels.Slot{5, 1}},
			{Op: kernels.Add{Len: size}, Bufs: []kernels.Slot{6, 4, 5}},
			{Op: kernels.AvgPool{PoolShape: kernels.PoolShape{N: n, C: c, H: h, W: w, R: 3, Stride: 1, Pad: 1}}, Bufs: []kernels.Slot{7, 6}},
			{Op: kernels.Standardize{N: n, C: c, HW: h * w}, Bufs: []kernels.Slot{8, 7, 2, 3}},
		},
		Sizes: []int{n * c * small * (small + 1), n * c * 2 * small * (2*small + 1), c, c, size, size, size, size, size, size},
	}
	if plain {
		p.Calls = p.Calls[:4]
		p.Calls[3].Bufs[0] = 8
	}
	last := kernels.Slot(8)
	if seen {
		last = 6
	}
	for _, to := range []kernels.Slot{4, 5, 7, 9} {
		p.Calls = append(p.Calls, kernels.Call{Op: kernels.Scale{Len: size, Factor: 2}, Bufs: []kernels.Slot{to, last}})
	}
	if !seen {
		p.Calls = append(p.Calls, kernels.Call{Op: kernels.Scale{Len: size, Factor: 2}, Bufs: []kernels.Slot{6, 9}})
	}
	return p
}

func runPlanes(t *testing.T, d kernels.Device, p *kernels.Program, threads int) (out, behind []float32) {
	return runOnNoise(t, d, p, threads, 4, 8, 9)
}

// Calls that are done plane by plane give what they give one after the other, whoever
// reads what lies between.
func TestPlanes(t *testing.T) {
	for _, k := range []struct{ n, c, h, w, small int }{
		{1, 19, 64, 64, 16}, {2, 5, 33, 47, 9}, {1, 3, 70, 70, 40}, {3, 4, 5, 3, 1}, {1, 2, 200, 300, 7},
	} {
		for _, how := range [][2]bool{{false, false}, {true, false}, {false, true}} {
			seen, plain := how[0], how[1]
			p := planesProgram(k.n, k.c, k.h, k.w, k.small, seen, plain)
			want, wantBehind := runPlanes(t, ref.Open(), p, 1)
			forEachISA(t, func(t *testing.T, d *cpu.Device) {
				y, behind := runPlanes(t, d, p, 1)
				for _, pair := range [][2][]float32{{y, want}, {behind, wantBehind}} {
					e, at := ops.RelativeError(pair[0], pair[1])
					assert.LessOrEqual(t, e, ops.Bound, "%+v, seen %t, plain %t, at %d", k, seen, plain, at)
				}
				again, _ := runPlanes(t, d, p, 3)
				assert.Equal(t, y, again, "%+v depends on the threads", k)
			})
		}
	}
}

// A resize of what was just resized is no pair of inputs, though the calls look like the
// teacher's.
func TestPlanesOfPlanes(t *testing.T) {
	const c, side = 5, 24
	size := c * side * side
	resize := func(from int) kernels.Op { return kernels.Resize{N: 1, C: c, H: from, W: from, P: side, Q: side} }
	p := &kernels.Program{
		Calls: []kernels.Call{
			{Op: resize(7), Bufs: []kernels.Slot{1, 0}},
			{Op: resize(side), Bufs: []kernels.Slot{2, 1}},
			{Op: kernels.Add{Len: size}, Bufs: []kernels.Slot{3, 1, 2}},
			{Op: kernels.AvgPool{PoolShape: kernels.PoolShape{N: 1, C: c, H: side, W: side, R: 3, Stride: 1, Pad: 1}}, Bufs: []kernels.Slot{4, 3}},
		},
		Sizes:   []int{c * 7 * 7, size, size, size, size},
		Passing: []kernels.Slot{1, 2, 3},
	}
	want, _ := runOnNoise(t, ref.Open(), p, 1, 1, 4, 4)
	forEachISA(t, func(t *testing.T, d *cpu.Device) {
		got, _ := runOnNoise(t, d, p, 1, 1, 4, 4)
		e, at := ops.RelativeError(got, want)
		assert.LessOrEqual(t, e, ops.Bound, "at %d", at)
	})
}
