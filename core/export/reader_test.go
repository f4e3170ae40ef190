package export

import (
	"encoding/binary"
	"fmt"
	"math"
)

// A reader of protocol buffers, written from the format's description and not
// from the writer.

// field is one field of a message: a number, or bytes.
type field struct {
	id     int
	number uint64
	bytes  []byte
}

func parse(b []byte) ([]field, error) {
	var out []field
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return nil, fmt.Errorf("bad key")
		}
		b = b[n:]
		f := field{id: int(key >> 3)}
		switch key & 7 {
		case 0:
			if f.number, n = binary.Uvarint(b); n <= 0 {
				return nil, fmt.Errorf("field %d: bad number", f.id)
			}
		case 2:
			size, k := binary.Uvarint(b)
			if k <= 0 || size > uint64(len(b)-k) {
				return nil, fmt.Errorf("field %d: bad length", f.id)
			}
			n = k + int(size)
			f.bytes = b[k:n]
		case 5:
			if n = 4; len(b) < n {
				return nil, fmt.Errorf("field %d: cut off", f.id)
			}
			f.number = uint64(binary.LittleEndian.Uint32(b))
		default:
			return nil, fmt.Errorf("field %d: wire type %d", f.id, key&7)
		}
		b = b[n:]
		out = append(out, f)
	}
	return out, nil
}

// parsed is a message by its fields.
type parsed map[int][]field

func read(b []byte) parsed {
	fields, err := parse(b)
	if err != nil {
		panic(err)
	}
	m := parsed{}
	for _, f := range fields {
		m[f.id] = append(m[f.id], f)
	}
	return m
}

func (m parsed) text(id int) string {
	if len(m[id]) == 0 {
		return ""
	}
	return string(m[id][0].bytes)
}

func (m parsed) texts(id int) []string {
	var out []string
	for _, f := range m[id] {
		out = append(out, string(f.bytes))
	}
	return out
}

func (m parsed) ints(id int) []int {
	var out []int
	for _, f := range m[id] {
		out = append(out, int(int64(f.number)))
	}
	return out
}

func (m parsed) messages(id int) []parsed {
	var out []parsed
	for _, f := range m[id] {
		out = append(out, read(f.bytes))
	}
	return out
}

func float32sOf(b []byte) []float32 {
	v := make([]float32, len(b)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return v
}
