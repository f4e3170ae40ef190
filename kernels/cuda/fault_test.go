//go:build cuda

package cuda

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/cuda/lazy"
)

// opener names the variable that makes the test program open a device, print the
// outcome and end: the driver is loaded once per process.
const opener = "AECSAD_TEST_OPEN"

func printOpen() int {
	d, err := Open("cuda")
	if err != nil {
		fmt.Println(err)
		return 0
	}
	fmt.Println("opened", d.Name())
	return 0
}

// opened is what a fresh process prints; settings are "NAME=value".
func opened(t *testing.T, settings ...string) string {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(program)
	command.Env = append(append(os.Environ(), opener+"=1"), settings...)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out) // the process must end well without a driver
	return strings.TrimSpace(string(out))
}

func TestOpenSaysWhatIsMissing(t *testing.T) {
	assert.Equal(t, "opened cuda:0", opened(t))
	assert.Contains(t, opened(t, lazy.Variable+"=libnothing.so"), "no driver: looked for libnothing.so ("+lazy.Variable+" names another)")
	assert.Contains(t, opened(t, lazy.Variable+"=libc.so.6"), "it has no cuInit")
}

func TestOpenRefusesWhatCannotWork(t *testing.T) {
	Emulated(t)
	assert.Contains(t, opened(t, "AECSAD_EMULATE_DEVICES=0"), "shows no GPU")
	assert.Contains(t, opened(t, "AECSAD_EMULATE_DRIVER=8000"), "is for CUDA 8.0, expected 11.0 or later")
	assert.Equal(t, "cuda:0 has compute capability 6.1, expected 7.0 or higher", opened(t, "AECSAD_EMULATE_CAPABILITY=61"))
}

func TestOutOfMemory(t *testing.T) {
	Emulated(t)
	t.Setenv("AECSAD_EMULATE_MEMORY", "20000")
	d := open(t, "cuda")
	_, err := d.Load(doubling(2000), kernels.Options{})
	assert.EqualError(t, err, "cuda:0: load: slot 2 of 2000 elements: OutOfMemory")
	// What the failed Load took is free again.
	require.NoError(t, double(load(t, d, doubling(1000)), 1000, 1))
}

// A device that is lost in a run says so then and later; it neither hangs nor
// takes the process with it.
func TestDeviceLost(t *testing.T) {
	Emulated(t)
	d, err := Open("cuda:1")
	require.NoError(t, err)
	s, err := d.Load(doubling(10), kernels.Options{})
	require.NoError(t, err)
	require.NoError(t, s.Setup())
	t.Setenv("AECSAD_EMULATE_LOSE", "1")
	assert.ErrorContains(t, s.Run(), "cuda:1: run: LaunchFailed")
	t.Setenv("AECSAD_EMULATE_LOSE", "0")
	assert.ErrorContains(t, s.Run(), "cuda:1: run: ")
	_, err = d.Load(doubling(10), kernels.Options{})
	assert.ErrorContains(t, err, "cuda:1: load: ")
	_ = s.Close() // may fail, must return
	require.NoError(t, d.Close())
	require.NoError(t, double(load(t, open(t, "cuda:1"), doubling(10)), 10, 1), "opened again, the device works")
}
