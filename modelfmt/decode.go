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
	if want, got := le.Uint32(b[atChecksum:]), checksum(b[:atChecksum], b[preamble:end]); got != want {
		return nil, fmt.Errorf("is damaged: its header has checksum %08x, expected %08x", got, want)
	}
	h, err := parseHeader(b[preamble:end], len(body)-end)
	if err != nil {
		return nil, fmt.Errorf("is damaged: %w", err)
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
	table   []block
	stored  []byte
	raw     []byte // one block, reused
	shuffle []byte // one block, reused
}

// next reads block i of a section; the bytes hold until the next call.
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
	if r.raw == nil {
		r.raw, r.shuffle = make([]byte, blockBytes), make([]byte, blockBytes)
	}
	raw, err := snappy.Decode(r.raw[:to-from], b)
	if err != nil {
		return nil, fmt.Errorf("%s: block %d: %w", s.name, i, err)
	}
	if s.size == 1 {
		return raw, nil
	}
	out := r.shuffle[:len(raw)]
	joinPlanes(out, raw, s.size)
	return out, nil
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
		b, err := r.next(s, i)
		if err != nil {
			return err
		}
		from, to := s.span(i)
		unpack(t.Data[from/s.size:to/s.size], b, t.DType)
	}
	return nil
}
