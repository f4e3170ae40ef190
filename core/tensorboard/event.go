package tensorboard

import (
	"encoding/binary"
	"math"
	"time"
)

// event is what we use of the messages Event, Summary and Summary.Value:
//
//	Event         wall_time double = 1; step int64 = 2; file_version string = 3; summary Summary = 5
//	Summary       value repeated Value = 1
//	Summary.Value tag string = 1; simple_value float = 2
//
// It holds either the version or a scalar.
type event struct {
	time    time.Time
	step    int64
	version string
	tag     string
	value   float32
}

// Wire types of protocol buffers.
const (
	varint  = 0
	fixed64 = 1
	bytes   = 2
	fixed32 = 5
)

func (e event) marshal() []byte {
	b := key(nil, 1, fixed64)
	seconds := float64(e.time.Unix()) + float64(e.time.Nanosecond())/1e9
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(seconds))
	if e.version != "" {
		return field(b, 3, []byte(e.version))
	}
	b = binary.AppendUvarint(key(b, 2, varint), uint64(e.step))
	value := field(nil, 1, []byte(e.tag))
	value = binary.LittleEndian.AppendUint32(key(value, 2, fixed32), math.Float32bits(e.value))
	return field(b, 5, field(nil, 1, value))
}

func key(b []byte, number, wire uint64) []byte { return binary.AppendUvarint(b, number<<3|wire) }

// field appends a string or a message.
func field(b []byte, number uint64, content []byte) []byte {
	b = binary.AppendUvarint(key(b, number, bytes), uint64(len(content)))
	return append(b, content...)
}
