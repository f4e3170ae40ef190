package modelfmt

import (
	"bytes"
	"fmt"

	"github.com/golang/snappy"
)

// checkPreamble looks at the first bytes of a file of size bytes: is it ours, of
// a version that this code reads, and whole?
func checkPreamble(b []byte, size int64) error {
	switch {
	case size == 0:
		return fmt.Errorf("is empty, expected an aecsad file")
	case !bytes.HasPrefix(b, []byte(magic)[:min(len(b), len(magic))]):
		return fmt.Errorf("is not an aecsad file: it begins with %q, expected %q", b[:min(len(b), len(magic))], magic)
	case len(b) < preamble:
		return fmt.Errorf("is cut off: it has %d bytes, expected at least %d", size, preamble+digest)
	}
	if v := le.Uint32(b[atVersion:]); v > version {
		return fmt.Errorf("has format version %d, expected %d: it was written by a newer aecsad", v, version)
	} else if v < version {
		return fmt.Errorf("has format version %d, expected %d", v, version)
	}
	want := le.Uint64(b[atFile:])
	switch {
	case want < preamble+digest || want > MaxFile:
		return fmt.Errorf("is damaged: it says that it has %d bytes, expected %d to %d", want, preamble+digest, MaxFile)
	case size < int64(want):
		return fmt.Errorf("is cut off: it has %d bytes, expected %d", size, want)
	case size > int64(want):
		return fmt.Errorf("is damaged: it has %d bytes, expected %d", size, want)
	}
	if n := le.Uint32(b[atHeader:]); n > MaxHeader || uint64(n) > want-preamble-digest {
		return fmt.Errorf("is damaged: its header has %d bytes, expected at most %d", n, min(MaxHeader, want-preamble-digest))
	}
	return nil
}

// cursor reads a header; after the first lack of bytes everything is zero.
type cursor struct {
	b     []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.b, c.short = nil, true
		return make([]byte, min(n, 8))
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) u8() int { return int(c.take(1)[0]) }

func (c *cursor) u32() uint32 { return le.Uint32(c.take(4)) }

func (c *cursor) text() string {
	n := c.u8()
	if n > len(c.b) {
		c.b, c.short = nil, true
		return ""
	}
	return string(c.take(n))
}

// contents checks and parses the header that follows a checked preamble; stored
// is how many bytes of blocks follow it.
func contents(head []byte, stored int) (*header, error) {
	if want, got := le.Uint32(head[atChecksum:]), checksum(head[:atChecksum], head[preamble:]); got != want {
		return nil, fmt.Errorf("is damaged: its header has checksum %08x, expected %08x", got, want)
	}
	h, err := parseHeader(head[preamble:], stored)
	if err != nil {
		return nil, fmt.Errorf("is damaged: %w", err)
	}
	return h, nil
}

// The smallest description of a tensor: length of the name, one byte of name,
// type, rank.
const leastTensor = 4

// parseHeader reads the table of contents; stored is how many bytes of blocks
// follow it.
func parseHeader(b []byte, stored int) (*header, error) {
	c := &cursor{b: b}
	h := &header{kind: c.text(), meta: int(c.u32())}
	n := c.u32()
	if n > MaxTensors || int(n) > len(c.b)/leastTensor {
		return nil, fmt.Errorf("header says %d tensors, expected at most %d", n, min(MaxTensors, len(c.b)/leastTensor))
	}
	h.tensors = make([]Tensor, n)
	for i := range h.tensors {
		t := &h.tensors[i]
		t.Name, t.DType = c.text(), DType(c.u8())
		rank := c.u8()
		if rank > MaxRank {
			return nil, fmt.Errorf("tensor %q has %d dimensions, expected at most %d", t.Name, rank, MaxRank)
		}
		for range rank {
			t.Shape = append(t.Shape, int(c.u32()))
		}
	}
	if c.short {
		return nil, fmt.Errorf("header ends within the description of its tensors: it has %d bytes, expected more", len(b))
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	return h, h.parseBlocks(c.b, stored)
}

// parseBlocks reads the block table, which is all the rest of the header, and
// checks that it accounts for every stored byte and for every section.
func (h *header) parseBlocks(b []byte, stored int) error {
	sections, n := h.sections(), 0
	for _, s := range sections {
		n += s.blocks()
	}
	if len(b) != entry*n {
		return fmt.Errorf("header has %d bytes for its table of blocks, expected %d for %d blocks", len(b), entry*n, n)
	}
	c := &cursor{b: b}
	h.blocks = make([]block, 0, n)
	sum := 0
	for _, s := range sections {
		for i := range s.blocks() {
			k := block{stored: c.u32(), sum: c.u32()}
			from, to := s.span(i)
			if least, most := (to-from+maxExpansion-1)/maxExpansion, snappy.MaxEncodedLen(to-from); int(k.stored) < least || int(k.stored) > most {
				return fmt.Errorf("%s: block %d has %d stored bytes for %d, expected %d to %d", s.name, i, k.stored, to-from, least, most)
			}
			sum += int(k.stored)
			h.blocks = append(h.blocks, k)
		}
	}
	if sum != stored {
		return fmt.Errorf("blocks have %d stored bytes together, expected %d", sum, stored)
	}
	return nil
}
