package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/tests/golden"
)

// TestStateDicts reads what torch.save wrote in both formats: a module's state
// dict, strided views, other precisions.
func TestStateDicts(t *testing.T) {
	tensor := func(name string, shape ...int) *graph.Tensor {
		n := 1
		for _, d := range shape {
			n *= d
		}
		return &graph.Tensor{Shape: shape, Data: golden.Tensor(name, n, -1, 1)}
	}
	base := tensor("base", 4, 6).Data
	view := func(h, w int, at func(i, j int) int) *graph.Tensor {
		v := &graph.Tensor{Shape: []int{h, w}}
		for i := range h * w {
			v.Data = append(v.Data, base[at(i/w, i%w)])
		}
		return v
	}
	want := graph.Weights{
		"transposed": view(6, 4, func(i, j int) int { return 6*j + i }),
		"rows":       view(2, 6, func(i, j int) int { return 6*(i+1) + j }),
		"columns":    view(4, 3, func(i, j int) int { return 6*i + 2*j + 1 }),
		"expanded":   view(3, 6, func(i, j int) int { return j }),
		"scalar":     {Data: tensor("scalar").Data},
		"empty":      {Shape: []int{0, 3}, Data: []float32{}},
		"double":     tensor("double", 5), "parameter": tensor("parameter", 2, 2),
		"conv.weight": tensor("conv.weight", 3, 2, 2, 2), "conv.bias": tensor("conv.bias", 3),
		"bn.weight": tensor("bn.weight", 3), "bn.bias": tensor("bn.bias", 3),
		"bn.running_mean": tensor("bn.running_mean", 3), "bn.running_var": tensor("bn.running_var", 3),
	}
	for _, format := range []string{"zip", "legacy"} {
		w, err := Read(filepath.Join("testdata", "state_dict_"+format+".pth"))
		require.NoError(t, err)
		for i, exact := range golden.Tensor("half", 5, -1, 1) {
			assert.InEpsilon(t, exact, w["half"].Data[i], 1.0/2048)
		}
		for i, exact := range golden.Tensor("brain", 5, -1, 1) {
			assert.InEpsilon(t, exact, w["brain"].Data[i], 1.0/256)
		}
		delete(w, "half")
		delete(w, "brain")
		assert.Equal(t, want, w, format)

		w, err = Read(filepath.Join("testdata", "nested_"+format+".pth"))
		require.NoError(t, err)
		assert.Equal(t, graph.Weights{"net.w": tensor("w", 3)}, w)
	}
}

// TestCodeIsRefused: a pickled module names a class, which would run code.
func TestCodeIsRefused(t *testing.T) {
	_, err := Read(filepath.Join("testdata", "module_zip.pth"))
	assert.ErrorContains(t, err, `asks for the Python object "torch.nn.modules.linear.Linear", which would run code`)
	assert.ErrorContains(t, err, "save the module's state_dict()")
	for _, global := range []string{"cos\nsystem\n", "cbuiltins\neval\n", "c__builtin__\ngetattr\n", "ctorch\nload\n", "ccollections\nOrderedDict.fromkeys\n"} {
		_, err := unpickle("\x80\x02" + global + ".")
		assert.ErrorContains(t, err, "would run code", global)
	}
	for _, op := range []string{"i", "o", "\x81", "\x92", "\x82", "\x83", "\x84", "S'a'\n", "\x8f", "\x97"} {
		_, err := unpickle("\x80\x02(N" + op + ".")
		assert.ErrorContains(t, err, "is not one that plain data needs", op)
	}
}

// unpickle runs the machine alone.
func unpickle(s string) (any, error) {
	f := &torchFile{f: bytes.NewReader([]byte(s)), size: int64(len(s)), storages: map[string]*storage{}}
	return f.unpickler(0, f.size).next()
}

func TestPickleValues(t *testing.T) {
	for in, want := range map[string]any{
		"I-7\n.": int64(-7), "I01\n.": true, "J\xff\xff\xff\xff.": int64(-1), "M\x01\x02.": int64(513),
		"\x8a\x02\xff\x00.": int64(255), "\x8a\x01\xff.": int64(-1), "L12L\n.": int64(12), "\x8a\x00.": int64(0),
		"F1.5\n.": 1.5, "G\x3f\xf8\x00\x00\x00\x00\x00\x00.": 1.5,
		"Vab\n.": "ab", "X\x02\x00\x00\x00ab.": "ab", "\x8c\x01a.": "a", "C\x01a.": []byte("a"),
		"K\x01K\x02\x86.": tuple{int64(1), int64(2)}, "(K\x01t.": tuple{int64(1)}, "N0N.": nil,
		"K\x012\x86.": tuple{int64(1), int64(1)}, "K\x05q\x07h\x07\x86.": tuple{int64(5), int64(5)},
		"\x80\x04K\x05\x94h\x00\x86.": tuple{int64(5), int64(5)},
		"](K\x01K\x02e.":              &list{[]any{int64(1), int64(2)}}, "]K\x01a.": &list{[]any{int64(1)}},
		"}K\x01Ns.": &dict{[]any{int64(1)}, map[any]any{int64(1): nil}},
	} {
		got, err := unpickle(in)
		require.NoError(t, err, "%q", in)
		assert.Equal(t, want, got, "%q", in)
	}
}

func TestMalformedPickles(t *testing.T) {
	for in, want := range map[string]string{
		"": "ends at byte 0", "N": "ends at byte 1", "NN.": "stops at byte 2 with 2 values", "(N.": "stops",
		"t.": "no mark", "\x86.": "wants 2 values", "0.": "stack is empty", "h\x00.": "memo 0 is empty",
		"X\xff\xff\xff\xffab.": "unexpected EOF", "\x8d\xff\xff\xff\xff\xff\xff\xff\xff.": "unexpected EOF",
		"X\x01\x00\x00\x00\xff.": "not UTF-8", "\x80\x09N.": "protocol 9", "\x8a\xc8.": "200 bytes",
		"I9x\n.": "invalid syntax", "L1" + string(bytes.Repeat([]byte("0"), 99)) + "\n.": "at most 64 digits",
		"K\x01a.": "stack is empty", "NNa.": "appends to a <nil>", "NNNs.": "sets items of a <nil>",
		"}(Nu.": "1 keys and values", "}]Ns.": "as the key of a dict", "N)R.": "calls a <nil>",
		"NNb.": "gives attributes to a <nil>", "NQ.": "refers to a <nil>", "(K\x01.": "stops",
		"ctorch._utils\n_rebuild_tensor_v2\n)R.":            "tensor of 0 arguments",
		"ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR.":       "expected a storage and an offset",
		"ctorch._utils\n_rebuild_parameter\n(NtR.":          "parameter of something else",
		"ccollections\nOrderedDict\n(NtR.":                  "the first a <nil>",
		"(X\x07\x00\x00\x00storageNX\x01\x00\x00\x000NNtQ.": "does not fit a file",
	} {
		_, err := unpickle(in)
		assert.ErrorContains(t, err, want, "%q", in)
	}
}

// TestTensorsStayInTheirStorages tries shapes and strides that reach outside.
func TestTensorsStayInTheirStorages(t *testing.T) {
	s := &storage{key: "0", dtype: storageTypes["FloatStorage"], len: 12}
	numbers := func(v ...int64) tuple {
		out := tuple{}
		for _, x := range v {
			out = append(out, x)
		}
		return out
	}
	for _, ok := range []tuple{
		{s, int64(0), numbers(3, 4), numbers(4, 1)}, {s, int64(11), numbers(), numbers()},
		{s, int64(1), numbers(11), numbers(1)}, {s, int64(12), numbers(0), numbers(1)}, {s, int64(3), numbers(5, 3), numbers(0, 4)},
	} {
		_, err := rebuildTensor(ok)
		assert.NoError(t, err, "%v", ok[1:])
	}
	const huge = int64(1) << 31
	for _, bad := range []tuple{
		{s, int64(0), numbers(3, 5), numbers(4, 1)}, {s, int64(1), numbers(3, 4), numbers(4, 1)},
		{s, int64(12), numbers(), numbers()}, {s, int64(-1), numbers(2), numbers(1)}, {s, int64(13), numbers(0), numbers(1)},
		{s, int64(0), numbers(3), numbers(1, 1)}, {s, int64(0), numbers(-1), numbers(1)}, {s, int64(0), numbers(2), numbers(-1)},
		{s, int64(0), numbers(huge, huge, huge, huge), numbers(0, 0, 0, 0)}, {s, int64(0), numbers(huge), numbers(huge)},
		{s, int64(math.MaxInt64), numbers(2), numbers(1)}, {s, int64(0), numbers(1, 1, 1, 1, 1, 1, 1, 1, 1), numbers(1, 1, 1, 1, 1, 1, 1, 1, 1)},
	} {
		_, err := rebuildTensor(bad)
		assert.Error(t, err, "%v", bad[1:])
	}
}

// TestSafetensorsCorpus holds the reader against files of known validity.
func TestSafetensorsCorpus(t *testing.T) {
	dir := corpus(t, "made_safetensors")
	b, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	require.NoError(t, err)
	var expected map[string]struct {
		Valid *bool
		Why   string
	}
	require.NoError(t, json.Unmarshal(b, &expected))
	require.NotEmpty(t, expected)
	for name, e := range expected {
		_, err := Read(filepath.Join(dir, name+".safetensors"))
		switch {
		case e.Valid == nil: // either way
		case *e.Valid:
			assert.NoError(t, err, name)
		default:
			assert.Error(t, err, "%s: %s", name, e.Why)
		}
	}
}

// safetensors writes a file of float32 tensors.
func safetensors(w graph.Weights) []byte {
	header, data := map[string]any{"__metadata__": map[string]string{"format": "pt"}}, []byte{}
	for _, name := range slices.Sorted(maps.Keys(w)) {
		at := len(data)
		for _, v := range w[name].Data {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		header[name] = map[string]any{"dtype": "F32", "shape": w[name].Shape, "data_offsets": []int{at, len(data)}}
	}
	js, err := json.Marshal(header)
	if err != nil {
		panic(err)
	}
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(js)))
	return append(append(out, js...), data...)
}

// safe joins a header and the bytes after it.
func safe(header string, data int) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), make([]byte, data)...)
}

func readBytes(b []byte) (graph.Weights, error) { return read(bytes.NewReader(b), int64(len(b))) }

func TestSafetensors(t *testing.T) {
	want := graph.Weights{"b": {Shape: []int{2, 1}, Data: []float32{1, -2}}, "a": {Shape: []int{1}, Data: []float32{3}}}
	got, err := readBytes(safetensors(want))
	require.NoError(t, err)
	assert.Equal(t, want, got)
	entry := func(dtype, shape string, from, to int) string {
		return fmt.Sprintf(`{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, dtype, shape, from, to)
	}
	got, err = readBytes(safe(`{"n":`+entry("I64", "[]", 0, 8)+`,"x":`+entry("F64", "[1]", 8, 16)+`}  `, 16))
	require.NoError(t, err)
	assert.Equal(t, graph.Weights{"x": {Shape: []int{1}, Data: []float32{0}}}, got, "integers are left out")
	for header, want := range map[string]string{
		`{"x":` + entry("F32", "[2]", 0, 8) + `,"y":` + entry("F32", "[2]", 4, 12) + `}`:  "begins at byte 4, expected 8",
		`{"x":` + entry("F32", "[2]", 0, 8) + `,"y":` + entry("F32", "[1]", 12, 16) + `}`: "begins at byte 12, expected 8",
		`{"x":` + entry("F32", "[2]", 0, 8) + `}`:                                         "take 8 bytes, the file has 12",
		`{"x":` + entry("F32", "[1]", 0, 4) + `,"x":` + entry("F32", "[2]", 4, 12) + `}`:  `names "x" twice`,
		`{"x":` + entry("F99", "[3]", 0, 12) + `}`:                                        `type "F99" is not known`,
		`{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12,3]}}`:                       "3 offsets",
		`{"x":` + entry("F32", "[1073741824,1073741824]", 0, 12) + `}`:                    "out of range",
		`{"x":` + entry("F32", "[3]", 0, 12) + `}{}`:                                      "after the object",
		`[]`: "not a JSON object",
	} {
		_, err := readBytes(safe(header, 12))
		assert.ErrorContains(t, err, want, header)
	}
	_, err = readBytes(nil)
	assert.ErrorContains(t, err, "has 0 bytes")
}

// TestDamagedFiles flips, cuts and appends: an error or a value, and an error
// wherever the format has a checksum or a length to tell.
func TestDamagedFiles(t *testing.T) {
	for _, name := range []string{"state_dict_zip.pth", "state_dict_legacy.pth"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		for n := range len(b) {
			_, err := readBytes(b[:n])
			require.Error(t, err, "%s cut to %d bytes", name, n)
		}
		for i := range b {
			c := bytes.Clone(b)
			c[i] ^= 0x41
			readBytes(c) // must return
		}
	}
	b, err := os.ReadFile(filepath.Join("testdata", "state_dict_zip.pth"))
	require.NoError(t, err)
	at := bytes.Index(b, binary.LittleEndian.AppendUint32(nil, math.Float32bits(golden.Tensor("base", 1, -1, 1)[0])))
	require.Positive(t, at)
	b[at] ^= 1
	_, err = readBytes(b)
	assert.ErrorContains(t, err, "checksum", "a flipped bit of a weight")
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.pth"))
	require.NoError(f, err)
	for _, name := range files {
		b, err := os.ReadFile(name)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add(safetensors(graph.Weights{"a": {Shape: []int{2}, Data: []float32{1, 2}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := readBytes(b)
		if err != nil {
			return
		}
		elements := 0
		for _, x := range w {
			elements += len(x.Data)
		}
		require.LessOrEqual(t, elements, len(b), "more memory than the file accounts for")
	})
}
