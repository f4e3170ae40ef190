package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFromBuildToReport builds what a computer with a GPU gets, and runs it there
// as far as the emulated driver allows: its folder needs neither Go nor the tree.
func TestFromBuildToReport(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	dir := filepath.Join(t.TempDir(), "carried")
	command(t, "./build.sh", dir)
	driver := filepath.Join(dir, "libcuda_emulated.so")
	command(t, "../../kernels/cuda/emulate/build.sh", driver)

	run := exec.Command(filepath.Join(dir, "run.sh"), "test")
	run.Env = []string{"PATH=/usr/bin:/bin", "AECSAD_CUDA_DRIVER=" + driver, "AECSAD_PYTHON=/usr/bin/python3"}
	out, err := run.CombinedOutput()
	b, missing := os.ReadFile(filepath.Join(dir, "emulated-test.md"))
	require.NoError(t, missing, "%s", out)
	report := string(b)
	require.NoError(t, err, "%s", report)
	assert.Equal(t, "emulated-test.md: complete\n", string(out))

	head := strings.Join(strings.SplitN(report, "\n", 4)[:3], "\n")
	assert.Equal(t, "# CUDA machine, emulated on the processor of test\n\n"+
		"**This is an emulation. No time, rate or share below is that of a GPU.**", head)
	for _, part := range []string{
		"- cuda:0 emulated GPU",
		"--- PASS: TestOutOfMemory", "--- PASS: TestDeviceLost", "--- PASS: TestOpenSaysWhatIsMissing", "--- SKIP: TestWildKernel",
		"--- PASS: TestInstructions", "--- PASS: TestLossCurves",
		"## compute-sanitizer\n\nNot run: the GPU is emulated.",
		"## Program at paper size\n\nNot run: the GPU is emulated",
		"- tensor cores, bf16: ", "| cuda:0 (bf16) | 1 |",
		"| segmentor | 1 |", "| students | 1 |",
		"## Inference in f32, batch 1, call by call", "## A step of the students, batch 1, call by call", "| of the ceiling |",
		"## PyTorch\n",
	} {
		assert.True(t, strings.Contains(report, part), "the report has no %q", part)
	}
	assert.False(t, strings.Contains(report, "Failed"), "a part failed")
	if !strings.Contains(report, "has no PyTorch") {
		assert.Regexp(t, `\n- local map: \S+\n- global map: \S+\n`, report[strings.Index(report, "## PyTorch"):])
	}
}

func command(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestSizes(t *testing.T) {
	for _, name := range []string{"paper", "tiny"} {
		z, err := sizeOf(name)
		require.NoError(t, err)
		assert.NoError(t, z.config.Check(), name)
	}
	_, err := sizeOf("huge")
	assert.EqualError(t, err, `no size "huge"; expected paper or tiny`)
}
