package modelfmt

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// readInParts reads a whole file through a Reader.
func readInParts(b []byte) (*File, error) {
	r, err := OpenBytes(b)
	if err != nil {
		return nil, err
	}
	f := &File{Kind: r.Kind(), Meta: r.Meta()}
	for _, name := range r.Names() {
		t, err := r.Tensor(name)
		if err != nil {
			return nil, err
		}
		f.Tensors = append(f.Tensors, *t)
	}
	return f, nil
}

func TestReaderReadsInAnyOrder(t *testing.T) {
	f := sample()
	path := filepath.Join(t.TempDir(), "sample.aecsad")
	require.NoError(t, WriteFile(path, f))
	r, err := Open(path)
	require.NoError(t, err)
	defer r.Close()
	assert.Equal(t, "model", r.Kind())
	assert.Equal(t, `{"a": 1}`, string(r.Meta()))
	got := &File{Kind: r.Kind(), Meta: r.Meta(), Tensors: make([]Tensor, len(f.Tensors))}
	var all sync.WaitGroup
	for i, name := range r.Names() {
		all.Go(func() {
			tensor, err := r.Tensor(name)
			if assert.NoError(t, err) {
				got.Tensors[i] = *tensor
			}
		})
	}
	all.Wait()
	requireEqual(t, f, got)

	stored := int64(0)
	for _, name := range r.Names() {
		stored += r.Stored(name)
	}
	st, err := os.Stat(path)
	require.NoError(t, err)
	assert.Less(t, stored, st.Size())
	assert.Greater(t, stored, st.Size()-1000, "the tensors are nearly all of the file")
	assert.Zero(t, r.Stored("none"))
	_, err = r.Tensor("none")
	assert.ErrorContains(t, err, path+": has no tensor none")
}

// A reader opens what Decode accepts and refuses what Decode refuses, but for
// damage in tensors that nobody asks for.
func TestReaderFindsDamageWhereItReads(t *testing.T) {
	b := encode(t, sample())
	start := preamble + int(le.Uint32(b[atHeader:]))
	damaged := func(at int) []byte {
		c := append([]byte{}, b...)
		c[at] ^= 16
		return c
	}
	_, err := OpenBytes(damaged(preamble + 3))
	assert.ErrorContains(t, err, "header has checksum")
	_, err = OpenBytes(damaged(start + 1))
	assert.ErrorContains(t, err, "is damaged: meta: block 0 has checksum")
	r, err := OpenBytes(damaged(start + 1200000))
	require.NoError(t, err)
	_, err = r.Tensor("encoder.conv1.weight")
	assert.ErrorContains(t, err, "is damaged: tensor encoder.conv1.weight: block 1 has checksum")
	clock, err := r.Tensor("clock")
	require.NoError(t, err)
	assert.Equal(t, []float32{7}, clock.Data)
	whole := encode(t, small())
	for n := range whole {
		_, err := OpenBytes(whole[:n])
		assert.Error(t, err, n)
	}
}

func TestReaderNamesWhatItCannotOpen(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(dir)
	assert.ErrorContains(t, err, dir+": is a folder")
	_, err = Open(filepath.Join(dir, "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(dir, "shrinks.aecsad")
	require.NoError(t, WriteFile(path, sample()))
	r, err := Open(path)
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, os.Truncate(path, 5000))
	_, err = r.Tensor("encoder.conv1.weight")
	assert.ErrorContains(t, err, path+": shrank while it was read")
}

// Opening a file takes memory for its table of contents, not for its tensors.
func TestOpeningReadsNoTensor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.aecsad")
	require.NoError(t, WriteFile(path, sample()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := Open(path)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	defer r.Close()
	// One block for the meta part and its scratch, whatever the file holds.
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(3*blockBytes))
	_, err = r.Tensor("clock")
	require.NoError(t, err)
}
