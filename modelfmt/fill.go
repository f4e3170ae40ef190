package modelfmt

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"sync"
)

// workspaces are buffers of one block each.
var workspaces = sync.Pool{New: func() any { return &blocks{} }}

// Shape is that of a tensor, which the caller must not change; false if the file
// does not have it.
func (r *Reader) Shape(name string) ([]int, bool) {
	p, ok := r.parts[name]
	if !ok {
		return nil, false
	}
	return r.header.tensors[p.index].Shape, true
}

// Read reads the elements of a tensor into to, which has room for just them. It
// takes no memory but for a block at a time.
func (r *Reader) Read(name string, to []float32) error {
	p, ok := r.parts[name]
	if !ok {
		return named(r.name, fmt.Errorf("has no tensor %s", name))
	}
	t := r.header.tensors[p.index]
	if n := elements(t.Shape); n != len(to) {
		return named(r.name, fmt.Errorf("tensor %s has %d elements, expected %d", name, n, len(to)))
	}
	w := workspaces.Get().(*blocks)
	defer workspaces.Put(w)
	offset := p.offset
	for i, k := range p.table {
		w.stored = slices.Grow(w.stored[:0], int(k.stored))[:k.stored]
		if _, err := r.source.ReadAt(w.stored, offset); err != nil {
			return named(r.name, fmt.Errorf("tensor %s: %w", name, shrank(err)))
		}
		offset += int64(k.stored)
		stored := w.stored
		w.table = p.table[i:]
		err := w.values(p.section, i, to, t.DType)
		w.stored = stored
		if err != nil {
			return named(r.name, fmt.Errorf("is damaged: %w", err))
		}
	}
	return nil
}

// Verify reads the whole file and compares its SHA-256, the check that takes more
// than what Tensor and Read look at.
func (r *Reader) Verify() error {
	body := r.size - digest
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(r.source, 0, body)); err != nil {
		return named(r.name, err)
	}
	want, err := readAt(r.source, body, digest)
	if err != nil {
		return named(r.name, err)
	}
	if got := h.Sum(nil); !bytes.Equal(got, want) {
		return named(r.name, fmt.Errorf("is damaged: its SHA-256 is %x, expected %x", got, want))
	}
	return nil
}
