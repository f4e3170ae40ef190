//go:build !cuda

package cuda

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWithoutTheTagOpenSaysSo(t *testing.T) {
	_, err := Open("cuda")
	assert.EqualError(t, err, "cuda: this build has no CUDA machine (it was built without -tags cuda)")
	_, err = List()
	assert.Error(t, err)
}

// TestWithTheTag builds this package with the CUDA machine and runs its tests (the
// conformance suite and the faults, on the emulated driver), and those of the
// choice among the machines.
func TestWithTheTag(t *testing.T) {
	headers, err := filepath.Abs("compat")
	require.NoError(t, err)
	command := exec.Command("go", "test", "-count=1", "-tags", "cuda", "./...", "../devices")
	command.Env = append(os.Environ(), "CGO_CFLAGS=-I"+headers+" -O2 -g")
	out, err := command.CombinedOutput()
	t.Logf("%s", out)
	assert.NoError(t, err)
}
