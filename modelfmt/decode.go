package modelfmt

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/golang/snappy"
)

// Decode reads a file from memory, which is not kept.
func Decode(b []byte) (*File, error) {
	if err := checkPreamble(b[:min(len(b), preamble)], int64(len(b))); err != nil {
		return nil, err
	}
	body, end := b[:len(b)-digest], preamble+int(le.Uint32(b[atHeader:]))
	h, err := contents(b[:end], len(body)-end)
	if err != nil {
		return nil, err
	}
	f := &File{Kind: h.kind, Tensors: h.tensors}
	r := &blocks{table: h.blocks, stored: body[end:]}
	sections := h.sections()
	if f.Meta, err = r.meta(sections[0]); err != nil {
		return nil, fmt.Errorf("is damaged: %w", err)
	}
	for i := range f.Tensors {
		if err := r.tensor(sections[i+1], &f.Tensors[i]); err != nil {
			return nil, fmt.Errorf("is damaged: %w", err)
		}
	}
	// Last: a damaged block has been named by then.
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], b[len(body):]) {
		return nil, fmt.Errorf("is damaged: its SHA-256 is %x, expected %x", sum, b[len(body):])
	}
	return f, nil
}

// blocks reads stored blocks one after the other.
type blocks struct {
	table  []block
	stored []byte
	raw    []byte // one block of the largest section so far, reused
}

// next reads block i of a section, elements plane by plane; the bytes hold until
// the next call.
func (r *blocks) next(s section, i int) ([]byte, error) {
	k := r.table[0]
	b := r.stored[:k.stored]
	r.table, r.stored = r.table[1:], r.stored[k.stored:]
	if got := checksum(b); got != k.sum {
		return nil, fmt.Errorf("%s: block %d has checksum %08x, expected %08x", s.name, i, got, k.sum)
	}
	from, to := s.span(i)
	if n, err := snappy.DecodedLen(b); err != nil || n != to-from {
		return nil, fmt.Errorf("%s: block %d claims to hold %d bytes, expected %d", s.name, i, n, to-from)
	}
	if len(r.raw) < to-from {
		r.raw = make([]byte, to-from)
	}
	raw, err := snappy.Decode(r.raw[:to-from], b)
	if err != nil {
		return nil, fmt.Errorf("%s: block %d: %w", s.name, i, err)
	}
	return raw, nil
}

func (r *blocks) meta(s section) ([]byte, error) {
	meta := make([]byte, 0, s.bytes)
	for i := range s.blocks() {
		b, err := r.next(s, i)
		if err != nil {
			return nil, err
		}
		meta = append(meta, b...)
	}
	return meta, nil
}

func (r *blocks) tensor(s section, t *Tensor) error {
	t.Data = make([]float32, elements(t.Shape))
	for i := range s.blocks() {
		if err := r.values(s, i, t.Data, t.DType); err != nil {
			return err
		}
	}
	return nil
}

// values reads block i of a section to its place in data.
func (r *blocks) values(s section, i int, data []float32, d DType) error {
	b, err := r.next(s, i)
	if err != nil {
		return err
	}
	from, to := s.span(i)
	unpack(data[from/s.size:to/s.size], b, d)
	return nil
}
