package ref

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/tensor"

	"aecsad/kernels"
)

func TestEveryInstructionHasAKernel(t *testing.T) {
	for _, op := range kernels.Ops {
		assert.Contains(t, table, reflect.TypeOf(op), kernels.Name(op))
	}
	assert.Len(t, table, len(kernels.Ops))
}

func TestSetupAndRunAreSeparateAndSlotsMayBeLarger(t *testing.T) {
	s, err := Open().Load(&kernels.Program{
		Setup: []kernels.Call{{Op: kernels.Scale{Len: 2, Factor: 3}, Bufs: []kernels.Slot{1, 0}}},
		Calls: []kernels.Call{{Op: kernels.Add{Len: 1}, Bufs: []kernels.Slot{2, 1, 0}}},
		Sizes: []int{3, 3, 2},
	}, kernels.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Write(0, []float32{1, 2, 5}))
	require.NoError(t, s.Setup())
	two, three := make([]float32, 2), make([]float32, 3)
	require.NoError(t, s.Read(2, two))
	assert.Equal(t, []float32{0, 0}, two, "setup ran a call of run, or slots are not zero")
	require.NoError(t, s.Run())
	require.NoError(t, s.Read(1, three))
	assert.Equal(t, []float32{3, 6, 0}, three)
	require.NoError(t, s.Read(2, two))
	assert.Equal(t, []float32{4, 0}, two)
}

func TestErrors(t *testing.T) {
	relu := kernels.Call{Op: kernels.Relu{Len: 4}, Bufs: []kernels.Slot{1, 0}}
	_, err := Open().Load(&kernels.Program{Calls: []kernels.Call{relu}, Sizes: []int{4, 3}}, kernels.Options{})
	assert.ErrorContains(t, err, "wants 4 elements, slot 1 holds 3")
	_, err = Open().Load(&kernels.Program{Sizes: []int{4, 0}}, kernels.Options{})
	assert.ErrorContains(t, err, "slot 1 holds 0 elements, expected at least 1")

	negative := kernels.Call{Op: kernels.ChannelSum{N: -1, C: 2, HW: -2}, Bufs: []kernels.Slot{1, 0}}
	s, err := Open().Load(&kernels.Program{Calls: []kernels.Call{negative}, Sizes: []int{4, 4}}, kernels.Options{})
	require.NoError(t, err)
	assert.ErrorContains(t, s.Run(), "call 0 (ChannelSum): impossible shape")

	assert.ErrorContains(t, s.Write(2, nil), "slot 2 does not exist, the program has 2")
	assert.ErrorContains(t, s.Read(-1, nil), "slot -1 does not exist")
	assert.ErrorContains(t, s.Write(0, make([]float32, 5)), "slot 0 holds 4 elements, got 5 values")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	assert.ErrorContains(t, s.Run(), "closed")
	assert.ErrorContains(t, s.Read(0, make([]float32, 1)), "closed")
}

func TestPart(t *testing.T) {
	x := tensor.New(tensor.WithShape(2, 3, 1, 2), tensor.WithBacking([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}))
	assert.Equal(t, []float32{6, 7, 8, 9, 10, 11}, part(x, 1))
	assert.Equal(t, []float32{8, 9}, part(x, 1, 1))
	assert.Equal(t, []float32{10, 11}, part(x, 1, 2, 0))
	assert.Equal(t, []float32{3}, part(x, 0, 1, 0, 1))
	assert.Len(t, part(x), 12)
	one := tensor.New(tensor.WithShape(1, 1, 1), tensor.WithBacking([]float32{7}))
	assert.Equal(t, []float32{7}, part(one, 0, 0))
}
