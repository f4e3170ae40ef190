// Package tensorboard writes numbers to event files, which TensorBoard draws as
// curves. An event file is a sequence of TFRecords,
//
//	length uint64 | masked CRC of length uint32 | data | masked CRC of data uint32
//
// little-endian, whose data are protocol buffers of type Event (event.go).
package tensorboard

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"
)

// version is the event that a file begins with.
const version = "brain.Event:2"

// Writer appends events to one file. It is not safe for concurrent use.
type Writer struct {
	f *os.File
	b *bufio.Writer
}

// Create makes a new event file in a folder. TensorBoard looks for "tfevents" in
// names, takes the number for seconds and reads all files of a folder together,
// so that a run which goes on writes another one.
func Create(dir string, now time.Time) (*Writer, error) {
	f, err := create(dir, now.Unix())
	if err != nil {
		return nil, err
	}
	w := &Writer{f, bufio.NewWriter(f)}
	if err := w.write(event{time: now, version: version}); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// create opens a file that did not exist; a second one within a second gets a
// number of its own.
func create(dir string, seconds int64) (*os.File, error) {
	for n := 0; ; n++ {
		path := filepath.Join(dir, fmt.Sprintf("events.out.tfevents.%d.aecsad.%d", seconds, n))
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if !os.IsExist(err) {
			return f, err
		}
	}
}

// Scalar appends a number; tags with a common part before a slash are drawn
// together.
func (w *Writer) Scalar(tag string, step int, value float64, now time.Time) error {
	return w.write(event{time: now, step: int64(step), tag: tag, value: float32(value)})
}

// write appends an event and hands it to the system, so that curves can be
// watched while they grow.
func (w *Writer) write(e event) error {
	if err := writeRecord(w.b, e.marshal()); err != nil {
		return err
	}
	return w.b.Flush()
}

// Close closes the file.
func (w *Writer) Close() error { return w.f.Close() }

func writeRecord(w io.Writer, data []byte) error {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	b := binary.LittleEndian.AppendUint32(length, masked(length))
	b = append(b, data...)
	b = binary.LittleEndian.AppendUint32(b, masked(data))
	_, err := w.Write(b)
	return err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked is a CRC32C that stays good when the data hold CRCs themselves.
func masked(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
