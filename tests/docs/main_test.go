package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tryPage runs a page of its own in a fresh folder.
func tryPage(t *testing.T, lines ...string) error {
	dir := t.TempDir()
	path := filepath.Join(dir, "page.md")
	require.NoError(t, os.WriteFile(path, []byte(page(lines...)), 0o666))
	return runPage(path, dir)
}

func TestRunPage(t *testing.T) {
	require.NoError(t, tryPage(t,
		"'''text a.txt", "hello", "'''",
		"'''sh", "export NAME=you", "'''",
		"'''sh", `echo $(cat a.txt) "$NAME"`, "'''",
		"'''output", "hello you", "'''",
		"'''sh exit=3", "exit 3", "'''",
	))
}

func TestWrongPagesFail(t *testing.T) {
	assert.ErrorContains(t, tryPage(t, "'''sh", "echo a", "'''", "'''output", "b", "'''"), "page.md:4: expected\nb\nfound\na\n")
	assert.ErrorContains(t, tryPage(t, "'''sh", "false", "true", "'''"), "exit code 1")
	assert.ErrorContains(t, tryPage(t, "'''sh exit=3", "true", "'''"), "exit code 0")
	assert.ErrorContains(t, tryPage(t, "'''sh", "echo $NOTHING", "'''"), "NOTHING: unbound variable")
}

func TestLackingIsSaidOrAnError(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("AECSAD_REQUIRE", "shared")
	_, err := lacks("cmake")
	assert.NoError(t, err)
	t.Setenv("AECSAD_REQUIRE", "shared,cmake")
	_, err = lacks("cmake")
	assert.ErrorContains(t, err, "AECSAD_REQUIRE wants cmake")
}
