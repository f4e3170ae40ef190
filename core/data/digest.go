package data

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Digest returns, in hexadecimal, the SHA-256 over the sorted relative names and
// the contents of all files of the set: images, masks, defects_config.json.
// Names and contents go in with their lengths, so that no two sets of files give
// the same input. The same folder has the same digest on every machine.
func (s *Set) Digest() (string, error) {
	var files []string
	for _, it := range s.All() {
		files = append(append(files, it.Path), it.Masks...)
	}
	if s.Defects != nil {
		files = append(files, filepath.Join(s.Root, defectsFile))
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(s.Rel(a), s.Rel(b)) })
	total := sha256.New()
	for _, path := range files {
		name := s.Rel(path)
		sum, size, err := fileHash(path)
		if err != nil {
			return "", err
		}
		var head []byte
		head = binary.LittleEndian.AppendUint64(head, uint64(len(name)))
		head = append(head, name...)
		head = binary.LittleEndian.AppendUint64(head, uint64(size))
		total.Write(append(head, sum[:]...))
	}
	return hex.EncodeToString(total.Sum(nil)), nil
}

func fileHash(path string) (sum [sha256.Size]byte, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return sum, 0, err
	}
	h.Sum(sum[:0])
	return sum, size, nil
}
