package modelfmt

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"unicode"
	"unicode/utf8"
)

const (
	magic    = "\x89AECSAD\n"
	version  = 1
	preamble = 28 // bytes: magic, version, header length, file length, header checksum
	digest   = 32 // bytes of the SHA-256 at the end
	entry    = 8  // bytes per block in the block table

	blockBytes = 1 << 20 // of a section before compression; its last block may be shorter

	// A snappy copy makes at most 64 bytes of 3, so a block that claims to hold
	// more than so many times its size lies.
	maxExpansion = 22
)

// Offsets in the preamble.
const (
	atVersion  = 8
	atHeader   = 12
	atFile     = 16
	atChecksum = 24
)

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

func checksum(parts ...[]byte) uint32 {
	c := uint32(0)
	for _, p := range parts {
		c = crc32.Update(c, castagnoli, p)
	}
	return c
}

// header is the table of contents, in the order of its bytes.
type header struct {
	kind    string
	meta    int // bytes
	tensors []Tensor
	blocks  []block
}

// block is a row of the block table; sum is the CRC-32C of the stored bytes.
type block struct{ stored, sum uint32 }

// section is the run of bytes that a tensor, or the meta part, is before it is
// cut into blocks. Elements wider than one byte are shuffled within a block.
type section struct {
	name  string
	bytes int
	size  int // bytes per element
}

// sections lists what the blocks hold, in order.
func (h *header) sections() []section {
	all := []section{{"meta", h.meta, 1}}
	for _, t := range h.tensors {
		all = append(all, section{"tensor " + t.Name, elements(t.Shape) * t.DType.size(), t.DType.size()})
	}
	return all
}

func (s section) blocks() int { return (s.bytes + blockBytes - 1) / blockBytes }

// span is the part of the section that block i holds.
func (s section) span(i int) (from, to int) {
	return i * blockBytes, min((i+1)*blockBytes, s.bytes)
}

// elements is the product of a shape that checkShape accepted.
func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func checkShape(shape []int) error {
	if len(shape) > MaxRank {
		return fmt.Errorf("has %d dimensions, expected at most %d", len(shape), MaxRank)
	}
	n := 1
	for _, d := range shape {
		if d < 1 || d > MaxElements/n {
			return fmt.Errorf("has shape %v, expected dimensions of at least 1 and at most %d elements", shape, MaxElements)
		}
		n *= d
	}
	return nil
}

// checkText accepts what can stand in a message: names end up in errors.
func checkText(what, s string, most int) error {
	if s == "" || len(s) > most {
		return fmt.Errorf("%s has %d bytes, expected 1 to %d", what, len(s), most)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s %q is not UTF-8", what, s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s %q holds %q, expected printable characters", what, s, r)
		}
	}
	return nil
}

// check holds the table of contents against the limits; writing and reading
// share it.
func (h *header) check() error {
	if err := checkText("the kind", h.kind, MaxKind); err != nil {
		return err
	}
	if h.meta > MaxMeta {
		return fmt.Errorf("the meta part has %d bytes, expected at most %d", h.meta, MaxMeta)
	}
	if len(h.tensors) > MaxTensors {
		return fmt.Errorf("holds %d tensors, expected at most %d", len(h.tensors), MaxTensors)
	}
	seen, total := map[string]bool{}, 0
	for i, t := range h.tensors {
		if err := checkText(fmt.Sprintf("the name of tensor %d", i), t.Name, MaxName); err != nil {
			return err
		}
		if seen[t.Name] {
			return fmt.Errorf("tensor %s is there twice", t.Name)
		}
		seen[t.Name] = true
		if !t.DType.known() {
			return fmt.Errorf("tensor %s has %s, expected f32 (0), f16 (1) or bf16 (2)", t.Name, t.DType)
		}
		if err := checkShape(t.Shape); err != nil {
			return fmt.Errorf("tensor %s %w", t.Name, err)
		}
		if total += elements(t.Shape); total > MaxElements {
			return fmt.Errorf("tensors up to %s have %d elements together, expected at most %d", t.Name, total, MaxElements)
		}
	}
	return nil
}

// append writes the header's bytes.
func (h *header) append(b []byte) []byte {
	b = append(append(b, byte(len(h.kind))), h.kind...)
	b = le.AppendUint32(b, uint32(h.meta))
	b = le.AppendUint32(b, uint32(len(h.tensors)))
	for _, t := range h.tensors {
		b = append(append(b, byte(len(t.Name))), t.Name...)
		b = append(b, byte(t.DType), byte(len(t.Shape)))
		for _, d := range t.Shape {
			b = le.AppendUint32(b, uint32(d))
		}
	}
	for _, k := range h.blocks {
		b = le.AppendUint32(le.AppendUint32(b, k.stored), k.sum)
	}
	return b
}
