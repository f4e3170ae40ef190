// Package weights reads weights that others trained: WideResNet-50-2 from a
// .safetensors file. Nothing in such a file is executed.
package weights

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"sort"

	"aecsad/core/graph"
)

// Limits, checked before anything is allocated.
const (
	maxHeader  = 16 << 20
	maxTensors = 8192
	maxBytes   = 2 << 30
)

// entry is one tensor of a header.
type entry struct {
	DType   string   `json:"dtype"`
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// ReadSafetensors reads all F32, F16 and BF16 tensors of a .safetensors file as
// float32; tensors of other types (counters) are left out.
//
// The format: an 8-byte little-endian length, a JSON header of that length, the
// tensors' bytes. https://github.com/huggingface/safetensors#format
func ReadSafetensors(path string) (graph.Weights, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	w, err := read(f, st.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func read(f io.ReaderAt, size int64) (graph.Weights, error) {
	header, start, err := readHeader(f, size)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names)
	w := graph.Weights{}
	for _, name := range names {
		if name == "__metadata__" {
			continue
		}
		var e entry
		if err := json.Unmarshal(header[name], &e); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", name, err)
		}
		t, err := readTensor(f, e, start, size)
		if err != nil {
			return nil, fmt.Errorf("tensor %s: %w", name, err)
		}
		if t != nil {
			w[name] = t
		}
	}
	return w, nil
}

func readHeader(f io.ReaderAt, size int64) (map[string]json.RawMessage, int64, error) {
	var head [8]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return nil, 0, fmt.Errorf("is %d bytes; a safetensors file begins with an 8-byte length", size)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, 0, fmt.Errorf("is not a safetensors file: header length %d, expected at most %d and less than the file's %d bytes", n, maxHeader, size)
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, 8); err != nil {
		return nil, 0, fmt.Errorf("header: %w", err)
	}
	var header map[string]json.RawMessage
	if err := json.Unmarshal(b, &header); err != nil {
		return nil, 0, fmt.Errorf("is not a safetensors file: header: %w", err)
	}
	if len(header) > maxTensors {
		return nil, 0, fmt.Errorf("has %d tensors, expected at most %d", len(header), maxTensors)
	}
	return header, 8 + int64(n), nil
}

// width is the number of bytes of one element, 0 for types that are left out.
func width(dtype string) int64 {
	switch dtype {
	case "F32":
		return 4
	case "F16", "BF16":
		return 2
	}
	return 0
}

func readTensor(f io.ReaderAt, e entry, start, size int64) (*graph.Tensor, error) {
	bytes := width(e.DType)
	if bytes == 0 {
		return nil, nil
	}
	n, shape := int64(1), []int{}
	for _, d := range e.Shape {
		if d < 0 || d > maxBytes || n*max(d, 1) > maxBytes/bytes {
			return nil, fmt.Errorf("shape %v is out of range", e.Shape)
		}
		n *= d
		shape = append(shape, int(d))
	}
	if e.Offsets[0] < 0 || e.Offsets[1]-e.Offsets[0] != n*bytes || e.Offsets[1] > size-start {
		return nil, fmt.Errorf("bytes %d to %d do not hold %d elements of type %s within the file", e.Offsets[0], e.Offsets[1], n, e.DType)
	}
	b := make([]byte, n*bytes)
	if _, err := f.ReadAt(b, start+e.Offsets[0]); err != nil {
		return nil, err
	}
	t := &graph.Tensor{Shape: shape, Data: make([]float32, n)}
	for i := range t.Data {
		switch e.DType {
		case "F32":
			t.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		case "BF16":
			t.Data[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(b[2*i:])) << 16)
		case "F16":
			t.Data[i] = fromHalf(binary.LittleEndian.Uint16(b[2*i:]))
		}
	}
	return t, nil
}

// fromHalf widens an IEEE 754 binary16, which is exact.
func fromHalf(h uint16) float32 {
	sign, exponent, fraction := float64(1), int(h>>10&31), float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return float32(sign * math.Ldexp(fraction, -24))
	case 31:
		if fraction != 0 {
			return float32(math.NaN())
		}
		return float32(math.Inf(int(sign)))
	}
	return float32(sign * math.Ldexp(1024+fraction, exponent-25))
}
