//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorgonia.org/cu"

	"aecsad/kernels"
	"aecsad/kernels/cuda/lazy"
)

// opener names the variable that makes the test program open a device, print the
// outcome and end: the driver is loaded once per process. Its value wild makes the
// program also run a kernel that writes where no memory is.
const opener = "AECSAD_TEST_OPEN"

func printOpen() int {
	d, err := Open("cuda")
	if err == nil && os.Getenv(opener) == "wild" {
		err = writeWildly(d)
	}
	if err != nil {
		fmt.Println(err)
		return 0
	}
	fmt.Println("opened", d.Name())
	return 0
}

// writeWildly returns the error of the run after the kernel.
func writeWildly(d kernels.Device) error {
	loaded, err := d.Load(doubling(10), kernels.Options{})
	if err != nil {
		return err
	}
	s := loaded.(*session)
	err = s.on("wild kernel", func() error {
		scale := *s.calls[0]
		scale.values[1] = 16 // the address of its output
		return scale.launch(s.stream)
	})
	if err != nil {
		return err
	}
	return errors.Join(s.Run(), s.Close(), d.Close())
}

// opened is what a fresh process prints; settings are "NAME=value".
func opened(t *testing.T, settings ...string) string {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	command := exec.Command(program)
	command.Env = append(append(os.Environ(), opener+"=1"), settings...) // the last of a name counts
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
	if emulated() {
		t.Setenv("AECSAD_EMULATE_MEMORY", "20000")
	}
	d := open(t, "cuda")
	total, err := cu.Device(0).TotalMem()
	require.NoError(t, err)
	quarter := int(total / 4 / 4)
	_, err = d.Load(&kernels.Program{Sizes: []int{quarter, quarter, quarter, quarter, quarter}}, kernels.Options{})
	assert.ErrorIs(t, err, kernels.ErrNoMemory)
	assert.ErrorContains(t, err, fmt.Sprintf("of %d elements: OutOfMemory", quarter))
	// What the failed Load took is free again.
	require.NoError(t, double(load(t, d, doubling(1000)), 1000, 1))
}

// A kernel that goes astray on a GPU takes its process's use of the GPU with it,
// not the process, nor another's use.
func TestWildKernel(t *testing.T) {
	if emulated() {
		t.Skip("the emulation ends the process of a wild kernel")
	}
	assert.Contains(t, opened(t, opener+"=wild"), "cuda:0: run: IllegalAddress")
	assert.Equal(t, "opened cuda:0", opened(t))
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
