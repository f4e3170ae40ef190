package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"unicode/utf8"

	"aecsad/core/graph"
)

// The safetensors format: an 8-byte little-endian length, a JSON header of that
// length, the tensors' bytes without holes.
// https://github.com/huggingface/safetensors#format

// maxHeader bounds the header; that of a WideResNet has 30 kB.
const maxHeader = 16 << 20

// safeTypes are the element types.
var safeTypes = map[string]dtype{
	"F64": {"F64", 8, fromDouble}, "F32": {"F32", 4, fromFloat}, "F16": {"F16", 2, fromHalf}, "BF16": {"BF16", 2, fromBrain},
	"I64": {"I64", 8, nil}, "I32": {"I32", 4, nil}, "I16": {"I16", 2, nil}, "I8": {"I8", 1, nil},
	"U64": {"U64", 8, nil}, "U32": {"U32", 4, nil}, "U16": {"U16", 2, nil}, "U8": {"U8", 1, nil}, "BOOL": {"BOOL", 1, nil},
}

// safeTensor is one entry of the header.
type safeTensor struct {
	name    string
	DType   string  `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

func readSafetensors(f io.ReaderAt, size int64) (graph.Weights, error) {
	tensors, start, err := readHeader(f, size)
	if err != nil {
		return nil, err
	}
	if err := contiguous(tensors, size-start); err != nil {
		return nil, err
	}
	w := graph.Weights{}
	for _, t := range tensors {
		d := safeTypes[t.DType]
		if d.read == nil {
			continue
		}
		b := make([]byte, t.Offsets[1]-t.Offsets[0])
		if _, err := f.ReadAt(b, start+t.Offsets[0]); err != nil {
			return nil, fmt.Errorf("tensor %.100q: %w", t.name, err)
		}
		out := &graph.Tensor{Data: make([]float32, int64(len(b))/d.width)}
		for _, n := range t.Shape {
			out.Shape = append(out.Shape, int(n))
		}
		for i := range out.Data {
			out.Data[i] = d.read(b[int64(i)*d.width:])
		}
		w[t.name] = out
	}
	return w, nil
}

// readHeader returns the entries and where their bytes begin.
func readHeader(f io.ReaderAt, size int64) ([]safeTensor, int64, error) {
	var head [8]byte
	if _, err := f.ReadAt(head[:], 0); err != nil {
		return nil, 0, fmt.Errorf("has %d bytes; neither a safetensors nor a PyTorch file", size)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > maxHeader || int64(n) > size-8 {
		return nil, 0, fmt.Errorf("is neither a PyTorch nor a safetensors file: header length %d, expected at most %d and less than the file's %d bytes", n, maxHeader, size)
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, 8); err != nil {
		return nil, 0, fmt.Errorf("header: %w", err)
	}
	if len(b) == 0 || b[0] != '{' || !utf8.Valid(b) {
		return nil, 0, errors.New("is not a safetensors file: the header is not a JSON object in UTF-8")
	}
	tensors, err := parseHeader(b)
	if err != nil {
		return nil, 0, fmt.Errorf("header: %w", err)
	}
	return tensors, 8 + int64(n), nil
}

// parseHeader reads the object key by key, since a map would hide a name that
// stands there twice.
func parseHeader(b []byte) ([]safeTensor, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var tensors []safeTensor
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := key.(string) // the decoder has refused anything else
		if seen[name] || len(seen) > maxTensors {
			return nil, fmt.Errorf("names %.100q twice, or more than %d tensors", name, maxTensors)
		}
		seen[name] = true
		if name == "__metadata__" {
			var about map[string]string
			if err := d.Decode(&about); err != nil {
				return nil, fmt.Errorf("__metadata__: %w", err)
			}
			continue
		}
		t := safeTensor{name: name}
		if err := d.Decode(&t); err != nil {
			return nil, fmt.Errorf("tensor %.100q: %w", name, err)
		}
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("tensor %.100q: %w", name, err)
		}
		tensors = append(tensors, t)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if rest := bytes.TrimRight(b[d.InputOffset():], " "); len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes after the object", len(rest))
	}
	return tensors, nil
}

// check holds an entry's own numbers against each other.
func (t safeTensor) check() error {
	d, ok := safeTypes[t.DType]
	if !ok {
		return fmt.Errorf("type %.20q is not known", t.DType)
	}
	if len(t.Offsets) != 2 || len(t.Shape) > maxRank {
		return fmt.Errorf("%d offsets and %d dimensions, expected 2 and at most %d", len(t.Offsets), len(t.Shape), maxRank)
	}
	n := int64(1)
	for _, s := range t.Shape {
		if s < 0 || s > maxBytes || n*max(s, 1) > maxBytes/d.width {
			return fmt.Errorf("shape %v is out of range", t.Shape)
		}
		n *= s
	}
	if t.Offsets[0] < 0 || t.Offsets[0] > t.Offsets[1] || t.Offsets[1]-t.Offsets[0] != n*d.width {
		return fmt.Errorf("bytes %d to %d do not hold %d elements of type %s", t.Offsets[0], t.Offsets[1], n, t.DType)
	}
	return nil
}

// contiguous verifies that the tensors cover the bytes after the header: no
// overlap, no hole, nothing left over.
func contiguous(tensors []safeTensor, size int64) error {
	sort.SliceStable(tensors, func(i, j int) bool {
		a, b := tensors[i].Offsets, tensors[j].Offsets
		return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
	})
	at := int64(0)
	for _, t := range tensors {
		if t.Offsets[0] != at {
			return fmt.Errorf("tensor %.100q begins at byte %d, expected %d, where the one before it ends", t.name, t.Offsets[0], at)
		}
		at = t.Offsets[1]
	}
	if at != size {
		return fmt.Errorf("the tensors take %d bytes, the file has %d after its header", at, size)
	}
	return nil
}
