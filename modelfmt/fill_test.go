package modelfmt

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadFillsWhatTensorReturns(t *testing.T) {
	r, err := OpenBytes(encode(t, sample()))
	require.NoError(t, err)
	require.NoError(t, r.Verify())
	for _, name := range r.Names() {
		want, err := r.Tensor(name)
		require.NoError(t, err)
		shape, ok := r.Shape(name)
		assert.True(t, ok)
		assert.Equal(t, want.Shape, shape)
		got := make([]float32, len(want.Data))
		require.NoError(t, r.Read(name, got))
		requireEqual(t, &File{Tensors: []Tensor{*want}}, &File{Tensors: []Tensor{{Name: name, DType: want.DType, Shape: shape, Data: got}}})
		assert.ErrorContains(t, r.Read(name, make([]float32, len(got)+1)), "tensor "+name+" has")
	}
	_, ok := r.Shape("none")
	assert.False(t, ok)
	assert.ErrorContains(t, r.Read("none", nil), "has no tensor none")
}

func TestReadAndVerifyFindDamage(t *testing.T) {
	f := &File{Kind: "model", Tensors: []Tensor{{Name: "w", Shape: []int{600_000}, Data: make([]float32, 600_000)}}}
	for i := range f.Tensors[0].Data {
		f.Tensors[0].Data[i] = float32(i)
	}
	path := filepath.Join(t.TempDir(), "f.aecsad")
	require.NoError(t, WriteFile(path, f))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b[len(b)-digest-9] ^= 1
	require.NoError(t, os.WriteFile(path, b, 0o666))
	r, err := Open(path)
	require.NoError(t, err)
	defer r.Close()
	assert.ErrorContains(t, r.Read("w", make([]float32, 600_000)), path+": is damaged: tensor w: block 2 has checksum")
	assert.ErrorContains(t, r.Verify(), path+": is damaged: its SHA-256 is")
	require.NoError(t, os.Truncate(path, int64(len(b))-1000))
	assert.ErrorContains(t, r.Read("w", make([]float32, 600_000)), "shrank while it was read")
	assert.ErrorContains(t, r.Verify(), "shrank while it was read")
}
