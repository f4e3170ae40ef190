package modelfmt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ReadFile reads a file from disk.
func ReadFile(path string) (*File, error) {
	b, err := readChecked(path)
	var bad *fs.PathError
	if errors.As(err, &bad) {
		return nil, err // names the path
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// readChecked reads a whole file once its first bytes are known to be ours and
// to say its true size.
func readChecked(path string) ([]byte, error) {
	st, err := os.Stat(path) // before opening: a pipe would make that wait
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("is a %s, expected an aecsad file", kindOf(st.Mode()))
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, min(st.Size(), preamble))
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, err
	}
	if err := checkPreamble(head, st.Size()); err != nil {
		return nil, err
	}
	b := make([]byte, st.Size())
	copy(b, head)
	if _, err := io.ReadFull(f, b[len(head):]); err != nil {
		return nil, fmt.Errorf("shrank while it was read: %w", err)
	}
	return b, nil
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "folder"
	case m&fs.ModeNamedPipe != 0:
		return "pipe"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// WriteFile writes a file to disk, whole or not at all.
func WriteFile(path string, f *File) error {
	b, err := Encode(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return WriteBytes(path, b)
}
