package tensorboard

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// records splits a file and checks both checksums of each record.
func records(t *testing.T, b []byte) [][]byte {
	var out [][]byte
	table := crc32.MakeTable(crc32.Castagnoli)
	check := func(data, sum []byte) {
		rotated := binary.LittleEndian.Uint32(sum) - 0xa282ead8
		assert.Equal(t, crc32.Checksum(data, table), rotated<<15|rotated>>17)
	}
	for len(b) > 0 {
		require.GreaterOrEqual(t, len(b), 16)
		n := int(binary.LittleEndian.Uint64(b))
		require.GreaterOrEqual(t, len(b), 16+n)
		check(b[:8], b[8:12])
		check(b[12:12+n], b[12+n:])
		out = append(out, b[12:12+n])
		b = b[16+n:]
	}
	return out
}

// message reads the fields of a protocol buffer, each once: numbers as their bits.
func message(t *testing.T, b []byte) map[int]any {
	out := map[int]any{}
	for len(b) > 0 {
		k, n := binary.Uvarint(b)
		require.Positive(t, n)
		b = b[n:]
		var v any
		switch k & 7 {
		case 0:
			v, n = binary.Uvarint(b)
		case 1:
			v, n = binary.LittleEndian.Uint64(b), 8
		case 2:
			size, skip := binary.Uvarint(b)
			n = skip + int(size)
			v = b[skip:n]
		case 5:
			v, n = binary.LittleEndian.Uint32(b), 4
		default:
			t.Fatalf("wire type %d", k&7)
		}
		require.NotContains(t, out, int(k>>3))
		out[int(k>>3)], b = v, b[n:]
	}
	return out
}

func TestEventsReadBack(t *testing.T) {
	dir, now := t.TempDir(), time.Unix(1700000000, 250e6)
	w, err := Create(dir, now)
	require.NoError(t, err)
	require.NoError(t, w.Scalar("students/hard", 300, 0.125, now.Add(time.Second)))
	require.NoError(t, w.Scalar("students/fusion", 301, -3e-9, now))
	require.NoError(t, w.Close())
	files, err := filepath.Glob(filepath.Join(dir, "*tfevents*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	b, err := os.ReadFile(files[0])
	require.NoError(t, err)
	// Every event file begins so: a record of 24 bytes and its checksum.
	assert.Equal(t, "\x18\x00\x00\x00\x00\x00\x00\x00\xa3\x7f\x4b\x22\x09", string(b[:13]))

	all := records(t, b)
	require.Len(t, all, 3)
	assert.Equal(t, map[int]any{1: math.Float64bits(1700000000.25), 3: []byte("brain.Event:2")}, message(t, all[0]))
	for i, want := range []struct {
		time  float64
		step  uint64
		tag   string
		value float32
	}{{1700000001.25, 300, "students/hard", 0.125}, {1700000000.25, 301, "students/fusion", -3e-9}} {
		e := message(t, all[i+1])
		require.Len(t, e, 3)
		assert.Equal(t, math.Float64bits(want.time), e[1])
		assert.Equal(t, want.step, e[2])
		summary := message(t, e[5].([]byte))
		require.Len(t, summary, 1)
		assert.Equal(t, map[int]any{1: []byte(want.tag), 2: math.Float32bits(want.value)}, message(t, summary[1].([]byte)))
	}
}

func TestSecondFileIsAnother(t *testing.T) {
	dir, now := t.TempDir(), time.Unix(5, 0)
	for range 2 {
		w, err := Create(dir, now)
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, 2)
	_, err = Create(filepath.Join(dir, "none"), now)
	assert.ErrorContains(t, err, "none")
}

func TestChecksumOfTheStandard(t *testing.T) {
	assert.Equal(t, uint32(0xe3069283), crc32.Checksum([]byte("123456789"), castagnoli))
}
