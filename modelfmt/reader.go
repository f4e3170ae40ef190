package modelfmt

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Reader reads a file in parts: its table of contents at once, a tensor when it
// is asked for. What is read has been checked against its checksum; the SHA-256
// over the whole file is not, that takes ReadFile.
//
// Its methods are safe for concurrent use, except Close.
type Reader struct {
	name   string // for messages; empty for memory
	source io.ReaderAt
	size   int64
	file   *os.File // nil for memory
	header *header
	meta   []byte
	parts  map[string]part // by the name of the tensor
}

// part is where a section's blocks are.
type part struct {
	section section
	index   int     // of the tensor
	table   []block // its rows of the block table
	offset  int64   // of its first block in the file
}

// Open reads the table of contents and the meta part of a file on disk. The
// caller closes the reader.
func Open(path string) (*Reader, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, named(path, err)
	}
	r, err := newReader(f, size)
	if err != nil {
		f.Close()
		return nil, named(path, err)
	}
	r.name, r.file = path, f
	return r, nil
}

// OpenBytes is Open for a file in memory, which is used until the reader is
// dropped.
func OpenBytes(b []byte) (*Reader, error) { return newReader(bytes.NewReader(b), int64(len(b))) }

// named puts the path before an error that does not have it.
func named(path string, err error) error {
	var has *fs.PathError
	if path == "" || errors.As(err, &has) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func newReader(source io.ReaderAt, size int64) (*Reader, error) {
	head, err := readAt(source, 0, int(min(size, preamble)))
	if err != nil {
		return nil, err
	}
	if err := checkPreamble(head, size); err != nil {
		return nil, err
	}
	end := preamble + int(le.Uint32(head[atHeader:]))
	if head, err = readAt(source, 0, end); err != nil {
		return nil, err
	}
	h, err := contents(head, int(size)-digest-end)
	if err != nil {
		return nil, err
	}
	r := &Reader{source: source, size: size, header: h, parts: make(map[string]part, len(h.tensors))}
	table, offset := h.blocks, int64(end)
	for i, s := range h.sections() {
		p := part{section: s, index: i - 1, table: table[:s.blocks()], offset: offset}
		table, offset = table[s.blocks():], offset+p.stored()
		if i > 0 {
			r.parts[h.tensors[p.index].Name] = p
			continue
		}
		b, err := r.blocks(p)
		if err == nil {
			r.meta, err = b.meta(s)
		}
		if err != nil {
			return nil, fmt.Errorf("is damaged: %w", err)
		}
	}
	return r, nil
}

func readAt(source io.ReaderAt, offset int64, n int) ([]byte, error) {
	b := make([]byte, n)
	if n == 0 {
		return b, nil
	}
	_, err := source.ReadAt(b, offset)
	return b, shrank(err)
}

// shrank explains the end of a file that was longer before.
func shrank(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("shrank while it was read: %w", err)
	}
	return err
}

// stored is the number of bytes that the blocks take in the file.
func (p part) stored() int64 {
	n := int64(0)
	for _, b := range p.table {
		n += int64(b.stored)
	}
	return n
}

func (r *Reader) blocks(p part) (*blocks, error) {
	b, err := readAt(r.source, p.offset, int(p.stored()))
	if err != nil {
		return nil, err
	}
	return &blocks{table: p.table, stored: b}, nil
}

// Kind says what the file is for.
func (r *Reader) Kind() string { return r.header.kind }

// Meta is the meta part, which the caller must not change.
func (r *Reader) Meta() []byte { return r.meta }

// Names lists the tensors in the order of the file.
func (r *Reader) Names() []string {
	var names []string
	for _, t := range r.header.tensors {
		names = append(names, t.Name)
	}
	return names
}

// Stored is the number of bytes that a tensor takes in the file, 0 if the file
// does not have it.
func (r *Reader) Stored(name string) int64 { return r.parts[name].stored() }

// Tensor reads one tensor.
func (r *Reader) Tensor(name string) (*Tensor, error) {
	p, ok := r.parts[name]
	if !ok {
		return nil, named(r.name, fmt.Errorf("has no tensor %s", name))
	}
	b, err := r.blocks(p)
	if err != nil {
		return nil, named(r.name, err)
	}
	t := r.header.tensors[p.index]
	if err := b.tensor(p.section, &t); err != nil {
		return nil, named(r.name, fmt.Errorf("is damaged: %w", err))
	}
	return &t, nil
}

// Close closes the file.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
