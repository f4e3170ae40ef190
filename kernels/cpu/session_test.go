package cpu_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cpu"
)

func open(t *testing.T) *cpu.Device {
	d, err := cpu.Open()
	require.NoError(t, err)
	return d
}

// program scales slot 0 into 1 in Setup, and adds both into 2 when run.
var program = kernels.Program{
	Setup: []kernels.Call{{Op: kernels.Scale{Len: 2, Factor: 3}, Bufs: []kernels.Slot{1, 0}}},
	Calls: []kernels.Call{{Op: kernels.Add{Len: 2}, Bufs: []kernels.Slot{2, 1, 0}}},
	Sizes: []int{2, 3, 2},
}

func TestSetupThenRun(t *testing.T) {
	s, err := open(t).Load(&program, kernels.Options{Threads: 2})
	require.NoError(t, err)
	two, three := make([]float32, 2), make([]float32, 3)
	require.NoError(t, s.Read(1, three))
	assert.Equal(t, []float32{0, 0, 0}, three, "slots are zero at first")
	require.NoError(t, s.Write(0, []float32{1, 2}))
	require.NoError(t, s.Setup())
	require.NoError(t, s.Run())
	require.NoError(t, s.Read(2, two))
	assert.Equal(t, []float32{4, 8}, two)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	assert.ErrorContains(t, s.Run(), "closed")
	assert.ErrorContains(t, s.Setup(), "closed")
	assert.ErrorContains(t, s.Write(0, two), "closed")
	assert.ErrorContains(t, s.Read(0, two), "closed")
}

func TestSlotErrors(t *testing.T) {
	s, err := open(t).Load(&program, kernels.Options{Threads: 1})
	require.NoError(t, err)
	defer s.Close()
	assert.EqualError(t, s.Write(3, nil), "cpu: slot 3 does not exist, the program has 3")
	assert.EqualError(t, s.Read(-1, nil), "cpu: slot -1 does not exist, the program has 3")
	assert.EqualError(t, s.Write(1, make([]float32, 4)), "cpu: slot 1 holds 3 elements, got 4 values")
}

func TestEmptyProgram(t *testing.T) {
	s, err := open(t).Load(&kernels.Program{}, kernels.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Setup())
	require.NoError(t, s.Run())
	require.NoError(t, s.Close())
}

type foreign struct{ Len int }

func (o foreign) Buffers() (out, in []int) { return []int{o.Len}, nil }

func TestLoadErrors(t *testing.T) {
	d := open(t)
	_, err := d.Load(&program, kernels.Options{Threads: -1})
	assert.ErrorContains(t, err, "threads is -1; expected 0 to")
	_, err = d.Load(&kernels.Program{Sizes: []int{1, 0}}, kernels.Options{})
	assert.ErrorContains(t, err, "slot 1 holds 0 elements")
	_, err = d.Load(&kernels.Program{Sizes: []int{1 << 61}}, kernels.Options{})
	assert.ErrorContains(t, err, "to fit in memory")
	_, err = d.Load(&kernels.Program{Sizes: []int{1 << 50}}, kernels.Options{})
	assert.ErrorContains(t, err, "no memory for")
	for _, k := range []struct {
		op   kernels.Op
		says string
	}{
		{nil, "no instruction"},
		{foreign{1}, "there is no kernel of foreign"},
		{kernels.Relu{Len: -1}, "Relu: Len is -1"},
		{kernels.ChannelSum{N: -1, C: -1, HW: 1}, "ChannelSum: N is -1"},
		{kernels.Conv2D{ConvShape: kernels.ConvShape{N: 1, C: 1, H: 1, W: 1, K: 1, R: 1, S: 1, Dilation: 1}}, "Conv2D: Stride is 0"},
		{kernels.Conv2D{ConvShape: conv(1, 1, 2, 1, 3, 1, 0, 1)}, "a 3x3 filter with dilation 1 does not fit a 2x2 image"},
		{kernels.Conv2DBackwardData{ConvShape: conv(1, 1, 1<<14, 1, 9, 1, 0, 1)}, "the size of its input rows"},
		{kernels.Conv2DBackwardFilter{ConvShape: conv(1, 1, 40, 1, 33, 1, 0, 1)}, "the filter is 33x33; expected at most 1024 taps"},
		{kernels.MaxPool{PoolShape: kernels.PoolShape{N: 1, C: 1, H: 2, W: 2, R: 3, Stride: 1}}, "a window of 3 does not fit"},
		{kernels.Resize{N: 1, C: 1, H: 1, W: 1, P: 1, Q: 1 << 16}, "the sides is 65536"},
		{kernels.Slice{N: 1, C: 4, HW: 1, First: 3, K: 2}, "First+K is 5; expected at most 4"},
		{kernels.Concat{N: 1, HW: 1}, "C[0] is 0"},
		{kernels.Histogram{N: 1, C: 2, H: 4, W: 5, Grid: 2}, "4x5; expected multiples of Grid 2"},
		{kernels.HardFeature{Len: 1, Quantile: 1.5}, "Quantile is 1.5"},
		{kernels.WeightedSum{Count: 9}, "Count is 9; expected at most 8"},
		{kernels.Dice{N: 1, C: 1 << 13, HW: 1}, "C is 8192; expected at most 4096"},
	} {
		p := &kernels.Program{Calls: []kernels.Call{{Op: k.op, Bufs: []kernels.Slot{0}}}, Sizes: []int{1}}
		_, err := d.Load(p, kernels.Options{})
		assert.ErrorContains(t, err, k.says, fmt.Sprintf("%+v", k.op))
	}
}

// Sessions of one device run at the same time, each with threads of its own.
func TestSessionsAreIndependent(t *testing.T) {
	d := open(t)
	op := kernels.Conv2D{ConvShape: conv(1, 16, 33, 16, 3, 1, 1, 1)}
	x := make([]float32, 16*33*33)
	for i := range x {
		x[i] = float32(i % 7)
	}
	var sessions []kernels.Session
	done := make(chan error)
	for range 4 {
		s := load(t, d, 2, op)
		require.NoError(t, s.Write(1, x))
		require.NoError(t, s.Write(2, x[:16*16*9]))
		sessions = append(sessions, s)
		go func() { done <- s.Run() }()
	}
	for range sessions {
		require.NoError(t, <-done)
	}
	want, got := make([]float32, len(x)), make([]float32, len(x))
	require.NoError(t, sessions[0].Read(0, want))
	assert.NotZero(t, want[len(want)-1])
	for _, s := range sessions[1:] {
		require.NoError(t, s.Read(0, got))
		assert.Equal(t, want, got)
	}
}
