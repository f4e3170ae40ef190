package weights

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
)

// legacyMagic begins a file of torch.save before PyTorch 1.6, pickled.
var legacyMagic, _ = new(big.Int).SetString("1950a86a20f9469cfc6c", 16)

const legacyVersion = 1001

// legacyBegins are the first bytes: the magic number in decimal, as protocols 0
// and 1 pickle it; in ten bytes, as 2 and 3 do; in a frame, as 4 and 5 do. Taken
// for the length that begins a safetensors file all exceed maxHeader.
var legacyBegins = []string{
	"L" + legacyMagic.String(), "\x80\x02\x8a\x0a", "\x80\x03\x8a\x0a", "\x80\x04\x95\x0d", "\x80\x05\x95\x0d",
}

func isLegacy(head []byte) bool {
	return slices.ContainsFunc(legacyBegins, func(b string) bool { return strings.HasPrefix(string(head), b) })
}

// readLegacy reads the old format: pickles of the magic number, of the version,
// of a description of the machine, of the object and of the storages' keys; then,
// in the order of the keys, each storage's number of elements as an int64 and its
// bytes.
func readLegacy(f io.ReaderAt, size int64) (any, *torchFile, error) {
	t := &torchFile{f: f, size: size, storages: map[string]*storage{}}
	u := t.unpickler(0, size)
	if err := legacyHead(u); err != nil {
		return nil, nil, err
	}
	v, err := u.next()
	if err != nil {
		return nil, nil, err
	}
	keys, err := u.next()
	if err != nil {
		return nil, nil, fmt.Errorf("keys of the storages: %w", err)
	}
	l, ok := keys.(*list)
	if !ok {
		return nil, nil, fmt.Errorf("keys of the storages are a %T, expected a list", keys)
	}
	return v, t, t.place(l.items, u.read)
}

// legacyHead checks the three pickles before the object.
func legacyHead(u *unpickler) error {
	magic, err := u.next()
	if err != nil {
		return err
	}
	if m, ok := magic.(*big.Int); !ok || m.Cmp(legacyMagic) != 0 {
		return fmt.Errorf("is a pickle of a %T, not a file of torch.save", magic)
	}
	version, err := u.next()
	if err != nil {
		return err
	}
	if version != int64(legacyVersion) {
		return fmt.Errorf("has version %v of the old format, expected %d", version, legacyVersion)
	}
	machine, err := u.next()
	if err != nil {
		return err
	}
	if d, ok := machine.(*dict); !ok || d.values["little_endian"] != true {
		return fmt.Errorf("was written on a machine that is not little-endian")
	}
	return nil
}

// place finds the storages' bytes, which begin at byte at.
func (t *torchFile) place(keys []any, at int64) error {
	placed := map[string]bool{}
	for _, k := range keys {
		key, _ := k.(string)
		s := t.storages[key]
		if s == nil || placed[key] {
			return fmt.Errorf("lists a storage %.40v that nothing refers to, or twice", k)
		}
		placed[key] = true
		var b [8]byte
		if _, err := t.f.ReadAt(b[:], at); err != nil {
			return fmt.Errorf("storage %q: the file ends at byte %d", key, t.size)
		}
		n := binary.LittleEndian.Uint64(b[:])
		if n != uint64(s.len) || s.len*s.dtype.width > t.size-at-8 {
			return fmt.Errorf("storage %q: has %d elements, expected %d of %s within the file's %d bytes", key, n, s.len, s.dtype.name, t.size)
		}
		s.at = at + 8
		at = s.at + s.len*s.dtype.width
	}
	if len(placed) != len(t.storages) {
		return fmt.Errorf("holds %d storages, expected %d", len(placed), len(t.storages))
	}
	if at != t.size {
		return fmt.Errorf("has %d bytes after the last storage", t.size-at)
	}
	return nil
}
