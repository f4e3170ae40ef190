package modelfmt

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func list(t *testing.T, dir string) []string {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, path string) string {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.aecsad")
	require.NoError(t, WriteFile(path, sample()))
	f, err := ReadFile(path)
	require.NoError(t, err)
	requireEqual(t, sample(), f)
	assert.Equal(t, []string{"m.aecsad"}, list(t, dir))
	assert.ErrorContains(t, WriteFile(path, &File{}), path+": the kind has 0 bytes")
}

func TestWriteAtomicKeepsTheOldFileOnErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, WriteBytes(path, []byte("old")))
	full := errors.New("no room")
	err := WriteAtomic(path, func(w io.Writer) error {
		w.Write([]byte("half"))
		assert.Equal(t, "old", read(t, path), "while writing")
		return full
	})
	assert.ErrorIs(t, err, full)
	assert.ErrorContains(t, err, path)
	assert.Equal(t, "old", read(t, path))
	assert.Equal(t, []string{"f"}, list(t, dir))

	assert.ErrorContains(t, WriteBytes(dir, nil), "is a folder")
	assert.ErrorIs(t, WriteBytes(filepath.Join(dir, "absent", "f"), nil), os.ErrNotExist)
}

func TestWriteAtomicPermissions(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "plain"), nil, 0o666))
	plain, err := os.Stat(filepath.Join(dir, "plain"))
	require.NoError(t, err)
	require.NoError(t, WriteBytes(path, nil))
	st, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, plain.Mode(), st.Mode(), "a new file has the permissions of any new file")

	require.NoError(t, os.Chmod(path, 0o640))
	require.NoError(t, WriteBytes(path, nil))
	st, err = os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o640), st.Mode())
}

func TestWriteAtomicThroughALink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, WriteBytes(target, []byte("old")))
	require.NoError(t, os.Symlink("target", link))
	require.NoError(t, WriteBytes(link, []byte("new")))
	assert.Equal(t, "new", read(t, target))
	st, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, st.Mode()&os.ModeSymlink)
}

func TestWriteAtomicSweepsWhatKilledProcessesLeft(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{".f.01234567.tmp", ".f.x.tmp", ".g.01234567.tmp", "f.01234567.tmp"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), old, old))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".f.89abcdef.tmp"), nil, 0o666))
	require.NoError(t, WriteBytes(filepath.Join(dir, "f"), nil))
	assert.Equal(t, []string{".f.89abcdef.tmp", ".f.x.tmp", ".g.01234567.tmp", "f", "f.01234567.tmp"}, list(t, dir))
}
