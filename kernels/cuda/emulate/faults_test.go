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

// folder holds what is compiled once; faults is the program of the faulty kernels.
var folder, faults string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "faults"); err != nil {
		panic(err)
	}
	faults = filepath.Join(folder, "program")
	code := 1
	if out, err := buildAll(); err != nil {
		fmt.Printf("%v\n%s", err, out)
	} else {
		code = m.Run()
	}
	os.RemoveAll(folder)
	os.Exit(code)
}

func buildAll() ([]byte, error) {
	for _, source := range []string{"machine", "driver"} {
		if out, err := compile(".", "-c", "-o", filepath.Join(folder, source+".o"), source+".cu"); err != nil {
			return out, err
		}
	}
	return build(".", faults)
}

func compile(dir string, args ...string) ([]byte, error) {
	flags := []string{"-x", "c++", "-std=c++17", "-O1", "-DAECSAD_EMULATE", "-DAECSAD_FAMILY=faults"}
	command := exec.Command("g++", append(flags, args...)...)
	command.Dir = dir
	return command.CombinedOutput()
}

// build makes the program of testdata/faults.cu of a copy of this folder.
func build(dir, program string) ([]byte, error) {
	object := program + ".o"
	if out, err := compile(dir, "-c", "-o", object, "testdata/faults.cu"); err != nil {
		return out, err
	}
	return exec.Command("g++", "-o", program, object, filepath.Join(folder, "machine.o"), filepath.Join(folder, "driver.o")).CombinedOutput()
}

func run(kernel, order, parameter string) string { return runOf(faults, kernel, order, parameter) }

func runOf(program, kernel, order, parameter string) string {
	out, err := exec.Command(program, kernel, order, parameter).CombinedOutput()
	if err != nil {
		return strings.TrimSpace(string(out)) + err.Error() // killed by a signal
	}
	return strings.TrimSpace(string(out))
}

var orders = []string{"normal", "reversed", "shuffled"}

func TestPlantedFaultsAreCaught(t *testing.T) {
	for _, order := range orders {
		assert.Equal(t, "fine", run("correct", order, "u64"), order)
		assert.Equal(t, "fine", run("tensor_product", order, "u64"), order)
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
		{"missing_wait", "wrong result"},
		{"late_wait", "wrong result"},
		{"misaligned_copy", "misaligned copy"},
		{"misaligned_ldmatrix", "misaligned ldmatrix"},
		{"diverged_ldmatrix", "waits in the ldmatrix"},
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

// The pipeline of the convolutions themselves, with one line of its sources made
// wrong: the product that is right above must fail.
func TestFaultsPlantedInThePipelineAreCaught(t *testing.T) {
	for _, f := range []struct{ name, file, line, wrong, says string }{
		{"no wait for copies", "tensor.h", "arrive() { copies_arrive(); }", "arrive() {}", "wrong result"},
		{"no barrier after a slice", "gemm.h", "\t\t__syncthreads();\n\t}\n}", "\t}\n}", "wrong result"},
		{"rows without padding to 16 bytes", "tensor.h", "(DEPTH + 4)", "(DEPTH + 3)", "misaligned"},
		{"the wrong half of the tile", "gemm.h", "int next = (s + 1) % 2;", "int next = (s + 2) % 2;", "wrong result"},
	} {
		t.Run(f.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS("../..")))
			path := filepath.Join(dir, "cuda", f.file)
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(text), f.line), "%s has %q once", f.file, f.line)
			require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(text), f.line, f.wrong, 1)), 0o666))
			program := filepath.Join(dir, "faults")
			out, err := build(filepath.Join(dir, "cuda", "emulate"), program)
			require.NoError(t, err, "%s", out)
			var said []string
			for _, order := range orders {
				said = append(said, runOf(program, "tensor_product", order, "u64"))
			}
			assert.Contains(t, strings.Join(said, "; "), f.says)
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
