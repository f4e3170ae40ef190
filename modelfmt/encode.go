package modelfmt

import (
	"crypto/sha256"
	"fmt"

	"github.com/golang/snappy"
)

// Encode returns the bytes of a file. Equal files give equal bytes.
func Encode(f *File) ([]byte, error) {
	h := &header{kind: f.Kind, meta: len(f.Meta), tensors: f.Tensors}
	if err := h.check(); err != nil {
		return nil, err
	}
	for _, t := range f.Tensors {
		if len(t.Data) != elements(t.Shape) {
			return nil, fmt.Errorf("tensor %s has %d elements, its shape %v wants %d", t.Name, len(t.Data), t.Shape, elements(t.Shape))
		}
	}
	sections := h.sections()
	n := 0
	for _, s := range sections {
		n += s.blocks()
	}
	h.blocks = make([]block, n) // for its size alone; the rows come with the blocks
	start := preamble + len(h.append(nil))
	if start-preamble > MaxHeader {
		return nil, fmt.Errorf("header has %d bytes, expected at most %d: too many tensors with too long names", start-preamble, MaxHeader)
	}
	w := &writer{out: make([]byte, start)}
	h.blocks = h.blocks[:0]
	w.meta(h, sections[0], f.Meta)
	for i, t := range f.Tensors {
		if err := w.tensor(h, sections[i+1], t); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", t.Name, err)
		}
	}
	b := w.out
	h.append(b[:preamble]) // into the room that was left for it
	copy(b, magic)
	le.PutUint32(b[atVersion:], version)
	le.PutUint32(b[atHeader:], uint32(start-preamble))
	le.PutUint64(b[atFile:], uint64(len(b)+digest))
	le.PutUint32(b[atChecksum:], checksum(b[:atChecksum], b[preamble:start]))
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

// writer appends blocks to a file.
type writer struct {
	out             []byte
	plain, shuffled []byte // one block, reused
}

func (w *writer) block(h *header, raw []byte) {
	at := len(w.out)
	need := snappy.MaxEncodedLen(len(raw))
	if cap(w.out)-at < need {
		w.out = append(make([]byte, 0, 2*cap(w.out)+need), w.out...)
	}
	stored := snappy.Encode(w.out[at:at+need], raw)
	w.out = w.out[:at+len(stored)]
	h.blocks = append(h.blocks, block{uint32(len(stored)), checksum(stored)})
}

func (w *writer) meta(h *header, s section, meta []byte) {
	for i := range s.blocks() {
		from, to := s.span(i)
		w.block(h, meta[from:to])
	}
}

func (w *writer) tensor(h *header, s section, t Tensor) error {
	if w.plain == nil {
		w.plain, w.shuffled = make([]byte, blockBytes), make([]byte, blockBytes)
	}
	for i := range s.blocks() {
		from, to := s.span(i)
		plain, shuffled := w.plain[:to-from], w.shuffled[:to-from]
		if at := pack(plain, t.Data[from/s.size:to/s.size], t.DType); at >= 0 {
			at += from / s.size
			return fmt.Errorf("element %d is %v, beyond the range of %s", at, t.Data[at], t.DType)
		}
		splitPlanes(shuffled, plain, s.size)
		w.block(h, shuffled)
	}
	return nil
}
