// Package weights reads weights that others trained, from .safetensors and from
// PyTorch's .pth files. Nothing in such a file is executed, and every length in
// it is held against a limit and the file's size before memory is set aside.
package weights

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"

	"aecsad/core/graph"
)

// Limits of any file of weights.
const (
	maxTensors = 8192
	maxBytes   = 2 << 30 // of a tensor
)

// Read returns the floating-point tensors of a file by name, as float32; tensors
// of integers, which are counters, are left out. The content tells the format.
func Read(path string) (graph.Weights, error) {
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
	head := make([]byte, min(size, 32))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	open := readLegacy
	switch {
	case len(head) >= 4 && string(head[:4]) == "PK\x03\x04":
		open = readZip
	case !isLegacy(head):
		return readSafetensors(f, size)
	}
	v, t, err := open(f, size)
	if err != nil {
		return nil, err
	}
	return t.weights(v)
}

// weights collects the tensors of an object: of a dict, and of dicts in it, whose
// keys are joined by dots.
func (t *torchFile) weights(v any) (graph.Weights, error) {
	d, ok := v.(*dict)
	if !ok {
		return nil, fmt.Errorf("holds %s, expected a dict of tensors", describe(v))
	}
	c := collector{t: t, w: graph.Weights{}}
	if err := c.collect("", d, 0); err != nil {
		return nil, err
	}
	return c.w, nil
}

func describe(v any) string {
	switch v := v.(type) {
	case *torchTensor:
		return fmt.Sprintf("a single tensor of %s, shape %v", v.storage.dtype.name, v.shape)
	case *list:
		return fmt.Sprintf("a list of %d", len(v.items))
	}
	return fmt.Sprintf("a %T", v)
}

// collector turns tensors into weights. A file may let many tensors share a
// storage, so what they take together is bounded by the file's size.
type collector struct {
	t        *torchFile
	w        graph.Weights
	visited  int
	elements int64
}

// maxDepth of dicts in dicts.
const maxDepth = 4

func (c *collector) collect(prefix string, d *dict, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("has dicts more than %d deep", maxDepth)
	}
	for _, k := range d.keys {
		if c.visited++; c.visited > maxInstructions {
			return fmt.Errorf("has more than %d values", maxInstructions)
		}
		name := fmt.Sprintf("%s%v", prefix, k)
		var err error
		switch v := d.values[k].(type) {
		case *dict:
			err = c.collect(name+".", v, depth+1)
		case *torchTensor:
			err = c.tensor(name, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) tensor(name string, x *torchTensor) error {
	if x.storage.dtype.read == nil {
		return nil
	}
	if c.w[name] != nil {
		return fmt.Errorf("has two tensors %.100q", name)
	}
	if len(c.w) == maxTensors {
		return fmt.Errorf("has more than %d tensors", maxTensors)
	}
	if c.elements += max(x.elements, x.span); c.elements > c.t.size {
		return fmt.Errorf("tensor %.100q: the tensors have more elements than the file has bytes (%d)", name, c.t.size)
	}
	t, err := c.t.decode(x)
	if err != nil {
		return fmt.Errorf("tensor %.100q: %w", name, err)
	}
	c.w[name] = t
	return nil
}

// ---- elements ----

func fromFloat(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }

// fromDouble rounds to nearest.
func fromDouble(b []byte) float32 {
	return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
}

// fromBrain widens a bfloat16, the upper half of a float32.
func fromBrain(b []byte) float32 {
	return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
}

// fromHalf widens an IEEE 754 binary16, which is exact.
func fromHalf(b []byte) float32 {
	h := binary.LittleEndian.Uint16(b)
	sign, exponent, fraction := float64(1), int(h>>10&31), float64(h&1023)
	if h>>15 == 1 {
		sign = -1
	}
	switch exponent {
	case 0:
		return float32(math.Copysign(math.Ldexp(fraction, -24), sign))
	case 31:
		if fraction != 0 {
			return float32(math.NaN())
		}
		return float32(math.Inf(int(sign)))
	}
	return float32(sign * math.Ldexp(1024+fraction, exponent-25))
}
