package modelfmt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// staleAfter is the age from which on a temporary file has been left behind by a
// process that was killed: no write takes that long.
const staleAfter = time.Hour

// WriteBytes writes a file, whole or not at all.
func WriteBytes(path string, b []byte) error {
	return WriteAtomic(path, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
}

// WriteAtomic writes a file, whole or not at all: at any moment, also after a
// crash or a loss of power, path holds the old content or the new. The content
// goes to a temporary file beside path, which is synced and renamed.
//
// A file that is replaced keeps its permissions, and a symbolic link stays one.
// After an error no temporary file is left; those that a killed process left for
// this path an hour ago are removed.
func WriteAtomic(path string, write func(io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	old, err := os.Stat(path)
	switch {
	case err == nil && !old.Mode().IsRegular():
		return fmt.Errorf("%s: is a %s, expected a file to replace", path, kindOf(old.Mode()))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	sweep(path)
	f, err := createBeside(path)
	if err != nil {
		return aboutFile(path, err)
	}
	if err := finish(f, path, old, write); err != nil {
		f.Close() // closed already unless the error came before
		os.Remove(f.Name())
		return fmt.Errorf("%s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// aboutFile makes an error that names the temporary file one about path.
func aboutFile(path string, err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return &fs.PathError{Op: "create", Path: path, Err: e.Err}
	}
	return err
}

func finish(f *os.File, path string, old fs.FileInfo, write func(io.Writer) error) error {
	if err := write(f); err != nil {
		return err
	}
	if old != nil {
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	// After a failed sync the kernel may have dropped the data: there is no second
	// try with this file.
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// A temporary file is named .NAME.xxxxxxxx.tmp, with eight random hex digits.
const (
	temporaryDigits = 8
	temporarySuffix = ".tmp"
)

func temporaryPrefix(path string) string { return "." + filepath.Base(path) + "." }

// createBeside makes a new file next to path. Unlike os.CreateTemp it leaves the
// permissions to the umask, as for any file that a user makes.
func createBeside(path string) (*os.File, error) {
	for try := 0; ; try++ {
		name := fmt.Sprintf("%s%0*x%s", temporaryPrefix(path), temporaryDigits, rand.Uint32(), temporarySuffix)
		f, err := os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if errors.Is(err, fs.ErrExist) && try < 100 {
			continue
		}
		return f, err
	}
}

// sweep removes what killed processes left. It is a courtesy: errors are not
// worth failing a write.
func sweep(path string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	prefix := temporaryPrefix(path)
	for _, e := range entries {
		n := e.Name()
		ours := strings.HasPrefix(n, prefix) && strings.HasSuffix(n, temporarySuffix) &&
			len(n) == len(prefix)+temporaryDigits+len(temporarySuffix)
		if !ours {
			continue
		}
		if st, err := e.Info(); err == nil && st.Mode().IsRegular() && time.Since(st.ModTime()) > staleAfter {
			os.Remove(filepath.Join(filepath.Dir(path), n))
		}
	}
}

// syncFolder makes a rename last.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
