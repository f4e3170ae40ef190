package modelfmt

import (
	"crypto/sha256"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/golang/snappy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample holds every type, a scalar, a tensor of several blocks, and bits that
// must survive.
func sample() *File {
	r := rand.New(rand.NewPCG(1, 2))
	big := Tensor{Name: "encoder.conv1.weight", Shape: []int{3, 7, 20000}, Data: make([]float32, 3*7*20000)}
	for i := range big.Data {
		big.Data[i] = float32(r.NormFloat64())
	}
	odd := Tensor{Name: "odd", Shape: []int{6}}
	for _, u := range []uint32{0x7fc00001, 0xffa5a5a5, 0x7f800001, 0x80000000, 1, 0xff800000} {
		odd.Data = append(odd.Data, math.Float32frombits(u))
	}
	return &File{Kind: "model", Meta: []byte(`{"a": 1}`), Tensors: []Tensor{
		big, odd,
		{Name: "clock", Data: []float32{7}},
		{Name: "half", DType: F16, Shape: []int{2, 2}, Data: []float32{1, -0.5, 65504, 0}},
		{Name: "brain", DType: BF16, Shape: []int{3}, Data: []float32{1, -2.5, 0x1.5p120}},
		{Name: "zeros", Shape: []int{400000}, Data: make([]float32, 400000)},
	}}
}

// small is a file whose every byte can be damaged in turn.
func small() *File {
	return &File{Kind: "model", Meta: []byte("meta"), Tensors: []Tensor{
		{Name: "w", Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}},
		{Name: "b", DType: F16, Shape: []int{2}, Data: []float32{1, 2}},
	}}
}

func encode(t testing.TB, f *File) []byte {
	b, err := Encode(f)
	require.NoError(t, err)
	return b
}

func bits(v []float32) []uint32 {
	out := make([]uint32, len(v))
	for i, x := range v {
		out[i] = math.Float32bits(x)
	}
	return out
}

func requireEqual(t testing.TB, want, got *File) {
	require.Equal(t, want.Kind, got.Kind)
	require.Equal(t, string(want.Meta), string(got.Meta))
	require.Len(t, got.Tensors, len(want.Tensors))
	for i, w := range want.Tensors {
		g := got.Tensors[i]
		require.Equal(t, w.Name, g.Name)
		require.Equal(t, w.DType, g.DType)
		require.Equal(t, w.Shape, g.Shape)
		require.Equal(t, bits(w.Data), bits(g.Data), w.Name)
	}
}

func TestRoundTrip(t *testing.T) {
	f := sample()
	b := encode(t, f)
	got, err := Decode(b)
	require.NoError(t, err)
	requireEqual(t, f, got) // the big tensor's values are exact, the half ones representable
	assert.Equal(t, b, encode(t, sample()), "equal files give equal bytes")
	assert.Less(t, len(b), 4*3*7*20000, "the zeros and the planes of the high bytes compress")

	empty := &File{Kind: "k"}
	got, err = Decode(encode(t, empty))
	require.NoError(t, err)
	requireEqual(t, empty, got)
}

func TestMetaOfSeveralBlocks(t *testing.T) {
	f := &File{Kind: "k", Meta: []byte(strings.Repeat("0123456789", 250_001))}
	got, err := Decode(encode(t, f))
	require.NoError(t, err)
	requireEqual(t, f, got)
}

// TestEveryByteFlip: no damage of a single bit or byte goes unseen.
func TestEveryByteFlip(t *testing.T) {
	b := encode(t, small())
	for i := range b {
		for _, mask := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 0xff} {
			b[i] ^= mask
			_, err := Decode(b)
			require.Error(t, err, "byte %d ^ %02x", i, mask)
			b[i] ^= mask
		}
	}
	_, err := Decode(b)
	require.NoError(t, err)
}

func TestEveryTruncation(t *testing.T) {
	b := encode(t, small())
	for n := range b {
		_, err := Decode(b[:n:n])
		require.Error(t, err, n)
	}
	_, err := Decode(append(b, 0))
	require.ErrorContains(t, err, "expected")
}

func TestTruncationOfABigFileOnDisk(t *testing.T) {
	b := encode(t, sample())
	path := filepath.Join(t.TempDir(), "cut.aecsad")
	for i := range 100 {
		n := 1 + i*(len(b)-1)/100
		require.NoError(t, os.WriteFile(path, b[:n], 0o666))
		_, err := ReadFile(path)
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "cut off")
		require.ErrorContains(t, err, "expected")
	}
}

func TestFlipsOfABigFile(t *testing.T) {
	b := encode(t, sample())
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		i, mask := r.IntN(len(b)), byte(1<<r.IntN(8))
		b[i] ^= mask
		_, err := Decode(b)
		require.Error(t, err, "byte %d", i)
		b[i] ^= mask
	}
}

// TestDamageIsNamed: a message tells which part is damaged.
func TestDamageIsNamed(t *testing.T) {
	b := encode(t, sample())
	start := preamble + int(le.Uint32(b[atHeader:]))
	for at, want := range map[int]string{
		start + 1:       "meta: block 0 has checksum",
		start + 100:     "tensor encoder.conv1.weight: block 0 has checksum",
		start + 1200000: "tensor encoder.conv1.weight: block 1 has checksum",
		len(b) - 1:      "SHA-256",
		preamble + 3:    "header has checksum",
	} {
		c := append([]byte{}, b...)
		c[at] ^= 16
		_, err := Decode(c)
		assert.ErrorContains(t, err, want)
	}
}

func TestOtherFiles(t *testing.T) {
	newer := encode(t, small())
	le.PutUint32(newer[atVersion:], 2)
	dir := t.TempDir()
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"empty":     {nil, "is empty, expected an aecsad file"},
		"text":      {[]byte("hello, world\n"), `is not an aecsad file: it begins with "hello, w", expected`},
		"one.byte":  {[]byte{'P'}, `begins with "P"`},
		"beginning": {[]byte(magic), "is cut off: it has 8 bytes, expected at least 60"},
		"newer":     {newer, "has format version 2, expected 1: it was written by a newer aecsad"},
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, c.bytes, 0o666))
		_, err := ReadFile(path)
		assert.ErrorContains(t, err, path+": ")
		assert.ErrorContains(t, err, c.want)
	}
	_, err := ReadFile(filepath.Join(dir, "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = ReadFile(dir)
	assert.ErrorContains(t, err, "is a folder")
	_, err = ReadFile(os.DevNull)
	assert.ErrorContains(t, err, "is a device")
}

func TestEncodeRefuses(t *testing.T) {
	one := []float32{1}
	many := make([]Tensor, MaxTensors+1)
	long := make([]Tensor, MaxTensors)
	for i := range long {
		long[i] = Tensor{Name: strings.Repeat("n", 245) + string(rune('a'+i/1000)) + strings.Repeat("m", i%1000%5) + string(rune(0x4e00+i)), Data: one}
	}
	for want, f := range map[string]*File{
		"the kind has 0 bytes":                    {},
		`the kind "a\n" holds`:                    {Kind: "a\n"},
		"is not UTF-8":                            {Kind: "\xff"},
		"holds 4097 tensors":                      {Kind: "k", Tensors: many},
		"header has":                              {Kind: "k", Tensors: long},
		"the name of tensor 0 has 0 bytes":        {Kind: "k", Tensors: []Tensor{{Data: one}}},
		"tensor a is there twice":                 {Kind: "k", Tensors: []Tensor{{Name: "a", Data: one}, {Name: "a", Data: one}}},
		"tensor a has dtype 3, expected f32":      {Kind: "k", Tensors: []Tensor{{Name: "a", DType: 3, Data: one}}},
		"tensor a has 1 elements, its shape [2]":  {Kind: "k", Tensors: []Tensor{{Name: "a", Shape: []int{2}, Data: one}}},
		"tensor a has shape [0]":                  {Kind: "k", Tensors: []Tensor{{Name: "a", Shape: []int{0}}}},
		"tensor a has shape [-1]":                 {Kind: "k", Tensors: []Tensor{{Name: "a", Shape: []int{-1}}}},
		"tensor a has shape [4294967296 42949672": {Kind: "k", Tensors: []Tensor{{Name: "a", Shape: []int{1 << 32, 1 << 32}}}},
		"tensor a has 9 dimensions":               {Kind: "k", Tensors: []Tensor{{Name: "a", Shape: make([]int, 9)}}},
		"element 1 is 65520, beyond the range of f16": {Kind: "k", Tensors: []Tensor{
			{Name: "a", DType: F16, Shape: []int{2}, Data: []float32{65519, 65520}}}},
		"element 0 is 3.4028235e+38, beyond the range of bf16": {Kind: "k", Tensors: []Tensor{
			{Name: "a", DType: BF16, Shape: []int{1}, Data: []float32{math.MaxFloat32}}}},
	} {
		_, err := Encode(f)
		assert.ErrorContains(t, err, want)
	}
}

// TestBombs: headers that promise much and bring little are refused before
// memory is set aside. Their checksums are right.
func TestBombs(t *testing.T) {
	huge := header{kind: "k", tensors: []Tensor{{Name: "a", Shape: []int{1 << 14, 1 << 14}}}}
	for range huge.sections()[1].blocks() {
		huge.blocks = append(huge.blocks, block{stored: 12})
	}
	full := huge.append(nil)
	count := header{kind: "k"}
	manyTensors := count.append(nil)
	le.PutUint32(manyTensors[6:], 4096)
	wrap := header{kind: "k", tensors: []Tensor{{Name: "a", Shape: []int{1 << 31, 1 << 31, 4}}}}
	meta := header{kind: "k", meta: 1 << 31}
	mostMeta := header{kind: "k", meta: MaxMeta}
	sum := header{kind: "k", tensors: []Tensor{
		{Name: "a", Shape: []int{MaxElements}}, {Name: "b", Shape: []int{MaxElements}}}}
	for name, c := range map[string]struct {
		header, blocks []byte
		want           string
	}{
		"blocks too small":       {full, make([]byte, 12*1024), "stored bytes for 1048576, expected 47663"},
		"no block table":         {full[:22], nil, "has 0 bytes for its table of blocks, expected 8192"},
		"tensors":                {manyTensors, nil, "says 4096 tensors, expected at most 0"},
		"product":                {wrap.append(nil), nil, "has shape"},
		"meta":                   {meta.append(nil), nil, "the meta part has 2147483648 bytes"},
		"meta without blocks":    {mostMeta.append(nil), nil, "expected 128 for 16 blocks"},
		"sum":                    {sum.append(nil), nil, "together, expected at most"},
		"end within description": {full[:20], nil, "ends within"},
	} {
		b := assemble(c.header, c.blocks)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(b)
		runtime.ReadMemStats(&after)
		assert.ErrorContains(t, err, c.want, name)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<16+4*len(b)), name)
	}
}

// TestBlockThatLies: a block whose snappy length differs from the header's.
func TestBlockThatLies(t *testing.T) {
	for _, n := range []int{3, 5, 1 << 30} {
		stored := snappy.Encode(nil, make([]byte, min(n, 5)))
		if n == 1<<30 {
			stored = []byte{0x80, 0x80, 0x80, 0x80, 0x04, 0, 0} // varint 2^30
		}
		h := header{kind: "k", meta: 4, blocks: []block{{uint32(len(stored)), checksum(stored)}}}
		_, err := Decode(assemble(h.append(nil), stored))
		assert.ErrorContains(t, err, "expected 4", n)
	}
}

// assemble makes a file of a header and blocks, with right checksums.
func assemble(head, blocks []byte) []byte {
	b := append(append(make([]byte, preamble), head...), blocks...)
	copy(b, magic)
	le.PutUint32(b[atVersion:], version)
	le.PutUint32(b[atHeader:], uint32(len(head)))
	le.PutUint64(b[atFile:], uint64(len(b)+digest))
	le.PutUint32(b[atChecksum:], checksum(b[:atChecksum], head))
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// repair gives damaged bytes the checksums that they should have, so that the
// fuzzer gets behind them.
func repair(b []byte) []byte {
	if len(b) < preamble+digest {
		return b
	}
	b = append([]byte{}, b...)
	body := b[preamble : len(b)-digest]
	head := body[:min(int(le.Uint32(b[atHeader:])), len(body))]
	if h, err := parseHeader(head, len(body)-len(head)); err == nil {
		at, row := len(head), len(head)-entry*len(h.blocks)
		for _, k := range h.blocks {
			le.PutUint32(head[row+4:], checksum(body[at:at+int(k.stored)]))
			at, row = at+int(k.stored), row+entry
		}
	}
	return assemble(head, body[len(head):])
}

func FuzzDecode(f *testing.F) {
	for _, s := range []*File{small(), {Kind: "k"}, {Kind: "k", Meta: make([]byte, 3000)}} {
		b := encode(f, s)
		f.Add(b)
		f.Add(b[:len(b)/2])
		b = append([]byte{}, b...)
		b[preamble+20] ^= 0x80
		f.Add(b)
	}
	f.Add([]byte("text"))
	f.Add(assemble((&header{kind: "k", meta: MaxMeta}).append(nil), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, b := range [][]byte{b, repair(b)} {
			file, err := Decode(b)
			parts, partsErr := readInParts(b)
			if err != nil {
				// The SHA-256 is what only Decode looks at.
				require.True(t, partsErr != nil || strings.Contains(err.Error(), "SHA-256"), err)
				continue
			}
			require.NoError(t, partsErr)
			requireEqual(t, file, parts)
			again, err := Decode(encode(t, file))
			require.NoError(t, err)
			requireEqual(t, file, again)
		}
	})
}

// TestDamagedSnappy: the public examples of damaged snappy data are refused as
// blocks of a file whose checksums are right.
func TestDamagedSnappy(t *testing.T) {
	paths, err := filepath.Glob("../../shared/data/corpora/*snappy*/testdata/baddata*.snappy")
	require.NoError(t, err)
	if len(paths) == 0 {
		if strings.Contains(os.Getenv("AECSAD_REQUIRE"), "shared") {
			t.Fatal("shared/data/corpora holds no snappy files")
		}
		t.Skip("shared/data/corpora is absent")
	}
	for _, p := range paths {
		stored, err := os.ReadFile(p)
		require.NoError(t, err)
		n, err := snappy.DecodedLen(stored)
		require.NoError(t, err)
		h := header{kind: "k", meta: n, blocks: []block{{uint32(len(stored)), checksum(stored)}}}
		_, err = Decode(assemble(h.append(nil), stored))
		assert.ErrorContains(t, err, "meta: block 0: snappy: corrupt input", p)
	}
}
