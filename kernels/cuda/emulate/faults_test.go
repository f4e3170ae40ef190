// Package emulate holds the emulation of CUDA on the CPU, in C++, and these
// tests of it: kernels with planted mistakes, each of which it must catch.
package emulate

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// faults is the program of the faulty kernels, compiled with the emulation.
var faults string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "faults")
	if err != nil {
		panic(err)
	}
	faults = filepath.Join(dir, "faults")
	out, err := exec.Command("g++", "-x", "c++", "-std=c++17", "-O1", "-DAECSAD_EMULATE", "-DAECSAD_FAMILY=faults",
		"-o", faults, "testdata/faults.cu", "machine.cu", "driver.cu").CombinedOutput()
	code := 1
	if err != nil {
		fmt.Printf("%v\n%s", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func run(kernel, order, parameter string) string {
	out, err := exec.Command(faults, kernel, order, parameter).CombinedOutput()
	if err != nil {
		return strings.TrimSpace(string(out)) + err.Error() // killed by a signal
	}
	return strings.TrimSpace(string(out))
}

var orders = []string{"normal", "reversed", "shuffled"}

func TestPlantedFaultsAreCaught(t *testing.T) {
	for _, order := range orders {
		assert.Equal(t, "fine", run("correct", order, "u64"), order)
	}
	planted := []struct{ kernel, says string }{
		{"missing_barrier", "wrong result"},
		{"missing_second_barrier", "wrong result"},
		{"barrier_in_branch", "diverged barrier"},
		{"barrier_against_shuffle", "waits in the barrier"},
		{"diverged_shuffle", "diverged shuffle"},
		{"shuffle_after_return", "thread 40 has returned"},
		{"shuffle_outside_mask", "is not in its mask"},
		{"uninitialised_shared", "wrong result"},
		{"overrun", "segmentation fault"},
		{"near_overrun", "wrote behind the end"},
	}
	for _, f := range planted {
		t.Run(f.kernel, func(t *testing.T) {
			said := map[string]string{}
			caught := false
			for _, order := range orders {
				said[order] = run(f.kernel, order, "u64")
				caught = caught || strings.Contains(said[order], f.says)
			}
			assert.True(t, caught, "no order says %q: %v", f.says, said)
		})
	}
}

func TestParametersOfThePTXAreChecked(t *testing.T) {
	for _, c := range []struct{ parameter, says string }{
		{"u32", "parameter 0 is a u32, expected 8 bytes"},
		{"u64 a, .param .u64", "the PTX has 2 parameters, the source 1"},
	} {
		said := run("correct", "normal", c.parameter)
		assert.Contains(t, said, c.says)
		assert.Contains(t, said, "load: 218") // CUDA_ERROR_INVALID_PTX
	}
	assert.Contains(t, run("unknown", "normal", "u64"), "the source has none")
}

// A kernel whose parameter has not 8 bytes does not even compile.
func TestParametersOfTheSourceHaveEightBytes(t *testing.T) {
	source := "#include \"../common.h\"\nKERNEL(wrong, float *x, int n) { x[0] = n; }\n"
	command := exec.Command("g++", "-x", "c++", "-std=c++17", "-fsyntax-only", "-I.", "-DAECSAD_EMULATE", "-DAECSAD_FAMILY=wrong", "-")
	command.Stdin = strings.NewReader(source)
	out, err := command.CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "8 bytes each")
}
