package modelfmt

import (
	"fmt"
	"io/fs"
	"os"
)

// ReadFile reads a file from disk.
func ReadFile(path string) (*File, error) {
	b, err := readChecked(path)
	if err != nil {
		return nil, named(path, err)
	}
	f, err := Decode(b)
	if err != nil {
		return nil, named(path, err)
	}
	return f, nil
}

// readChecked reads a whole file once its first bytes are known to be ours and
// to say its true size.
func readChecked(path string) ([]byte, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head, err := readAt(f, 0, int(min(size, preamble)))
	if err != nil {
		return nil, err
	}
	if err := checkPreamble(head, size); err != nil {
		return nil, err
	}
	return readAt(f, 0, int(size))
}

// openRegular opens a file on disk and tells its size.
func openRegular(path string) (*os.File, int64, error) {
	st, err := os.Stat(path) // before opening: a pipe would make that wait
	if err != nil {
		return nil, 0, err
	}
	if !st.Mode().IsRegular() {
		return nil, 0, fmt.Errorf("is a %s, expected an aecsad file", kindOf(st.Mode()))
	}
	f, err := os.Open(path)
	return f, st.Size(), err
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
