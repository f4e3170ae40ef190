package weights

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readZip reads what torch.save writes since PyTorch 1.6: a zip archive whose
// entries, all stored uncompressed, are below one folder: data.pkl is the object,
// data/KEY are the storages, byteorder says "little" if it is there.
func readZip(f io.ReaderAt, size int64) (any, *torchFile, error) {
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, nil, fmt.Errorf("is not a whole zip file: %w", err)
	}
	entries, folder, err := zipEntries(z)
	if err != nil {
		return nil, nil, err
	}
	if e := entries[folder+"/byteorder"]; e != nil {
		if order, err := readEntry(e, 16); err != nil || order != "little" {
			return nil, nil, fmt.Errorf("has the byte order %q, expected little", order)
		}
	}
	t := &torchFile{f: f, size: size, storages: map[string]*storage{}}
	located := int64(0)
	t.locate = func(s *storage) error {
		e := entries[folder+"/data/"+s.key]
		if e == nil {
			return errors.New("is missing from the archive")
		}
		if have := int64(e.UncompressedSize64); have != s.len*s.dtype.width {
			return fmt.Errorf("has %d bytes, expected %d elements of %s", have, s.len, s.dtype.name)
		}
		if located += s.len * s.dtype.width; located > size {
			return errors.New("overlaps another")
		}
		s.at, err = locateEntry(e, size)
		return err
	}
	pickle := entries[folder+"/data.pkl"]
	at, err := locateEntry(pickle, size)
	if err != nil {
		return nil, nil, err
	}
	v, err := t.unpickler(at, at+int64(pickle.UncompressedSize64)).next()
	return v, t, err
}

// maxEntries bounds the archive's directory.
const maxEntries = 2 * maxTensors

// zipEntries are the entries by name, and the folder that they are in.
func zipEntries(z *zip.Reader) (map[string]*zip.File, string, error) {
	if len(z.File) > maxEntries {
		return nil, "", fmt.Errorf("has %d entries, expected at most %d", len(z.File), maxEntries)
	}
	entries, folder, found := map[string]*zip.File{}, "", 0
	for _, e := range z.File {
		if entries[e.Name] != nil {
			return nil, "", fmt.Errorf("has two entries %.100q", e.Name)
		}
		if e.Method != zip.Store {
			return nil, "", fmt.Errorf("has a compressed entry %.100q, which torch.save does not write", e.Name)
		}
		entries[e.Name] = e
		if above, name, ok := strings.Cut(e.Name, "/"); ok && name == "data.pkl" {
			folder, found = above, found+1
		}
	}
	if found != 1 {
		return nil, "", fmt.Errorf("is a zip file with %d entries FOLDER/data.pkl, expected 1 as torch.save writes", found)
	}
	return entries, folder, nil
}

// locateEntry is where an entry's bytes begin, after a look at its checksum.
func locateEntry(e *zip.File, size int64) (int64, error) {
	at, err := e.DataOffset()
	if err != nil {
		return 0, err
	}
	if at < 0 || e.CompressedSize64 != e.UncompressedSize64 || e.UncompressedSize64 > uint64(size) || at+int64(e.UncompressedSize64) > size {
		return 0, fmt.Errorf("entry %.100q lies outside the file", e.Name)
	}
	r, err := e.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if _, err := io.Copy(io.Discard, r); err != nil {
		return 0, fmt.Errorf("entry %.100q: %w", e.Name, err)
	}
	return at, nil
}

func readEntry(e *zip.File, limit int64) (string, error) {
	r, err := e.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit))
	return string(b), err
}
