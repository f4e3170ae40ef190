package export

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
)

// message is a protocol buffers message that is being written. It keeps large
// fields where they are until WriteTo, so that nested messages, whose length
// comes before them, cost no copies of the weights.
type message struct {
	parts [][]byte
	size  int
}

// Wire types of the encoding.
const (
	wireVarint  = 0
	wireBytes   = 2
	wireFixed32 = 5
)

func (m *message) add(b []byte) {
	m.parts = append(m.parts, b)
	m.size += len(b)
}

func (m *message) head(field, wire int) []byte {
	return binary.AppendUvarint(nil, uint64(field)<<3|uint64(wire))
}

// integer writes an int32, int64 or enumeration; negative numbers take ten
// bytes, as the encoding wants it.
func (m *message) integer(field int, v int64) {
	m.add(binary.AppendUvarint(m.head(field, wireVarint), uint64(v)))
}

func (m *message) float(field int, v float32) {
	m.add(binary.LittleEndian.AppendUint32(m.head(field, wireFixed32), math.Float32bits(v)))
}

// bytes keeps b, which must not change until the message is written.
func (m *message) bytes(field int, b []byte) {
	m.add(binary.AppendUvarint(m.head(field, wireBytes), uint64(len(b))))
	m.add(b)
}

func (m *message) text(field int, s string) { m.bytes(field, []byte(s)) }

// message nests a finished message.
func (m *message) message(field int, sub *message) {
	m.add(binary.AppendUvarint(m.head(field, wireBytes), uint64(sub.size)))
	m.parts = append(m.parts, sub.parts...)
	m.size += sub.size
}

// write puts the message out.
func (m *message) write(w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, p := range m.parts {
		if _, err := b.Write(p); err != nil {
			return err
		}
	}
	return b.Flush()
}
