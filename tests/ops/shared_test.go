package ops

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// required tells whether AECSAD_REQUIRE, a list with commas, names what: then
// its absence fails a test instead of skipping it.
func required(what string) bool {
	for _, name := range strings.Split(os.Getenv("AECSAD_REQUIRE"), ",") {
		if strings.TrimSpace(name) == what {
			return true
		}
	}
	return false
}

// shared reads a file of the folder shared beside the repository.
func shared(t *testing.T, path ...string) []byte {
	t.Helper()
	root := filepath.Join("..", "..") // of the repository
	b, err := os.ReadFile(filepath.Join(append([]string{root, "..", "shared"}, path...)...))
	if os.IsNotExist(err) && !required("shared") {
		t.Skipf("shared/%s is absent", filepath.Join(path...))
	}
	require.NoError(t, err)
	return b
}
