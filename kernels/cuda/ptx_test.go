package cuda

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/tests/ops"
)

// tool finds a program, or skips the test, which AECSAD_REQUIRE=<name> forbids.
// The variable names another path of it.
func tool(t *testing.T, name, variable string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if other := os.Getenv(variable); other != "" {
		path, err = exec.LookPath(other)
	}
	if err != nil && strings.Contains(os.Getenv("AECSAD_REQUIRE"), name) {
		require.NoError(t, err)
	}
	if err != nil {
		t.Skipf("no %s (%s names another path): %v", name, variable, err)
	}
	return path
}

func TestPTXIsFresh(t *testing.T) {
	clang := tool(t, "clang-19", "CLANG")
	dir := t.TempDir()
	command := exec.Command("ptx/build.sh", dir)
	command.Env = append(os.Environ(), "CLANG="+clang)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Empty(t, string(out), "the compiler warns")
	committed, err := filepath.Glob("ptx/*.ptx")
	require.NoError(t, err)
	built, err := filepath.Glob(filepath.Join(dir, "*.ptx"))
	require.NoError(t, err)
	assert.Len(t, committed, len(built))
	for _, file := range built {
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join("ptx", filepath.Base(file)))
		require.NoError(t, err)
		assert.True(t, string(want) == string(got), "%s is stale; run ptx/build.sh", filepath.Base(file))
	}
}

// planners are all that a device may have.
func planners() (out []planner) {
	for arithmetic := range numbersPerWord {
		for _, tile := range []int{64, 128} {
			out = append(out, planner{arithmetic, tile})
		}
	}
	return out
}

// Every launch of every case names a kernel of the PTX with that many parameters.
func TestPlansNameKernels(t *testing.T) {
	all, err := entries()
	require.NoError(t, err)
	used := map[string]bool{}
	for _, family := range ops.Families() {
		for _, c := range family.Cases {
			for _, p := range planners() {
				s, err := p.plan(c.Op)
				require.NoError(t, err)
				if s.pack != nil {
					s.launches = append(s.launches, *s.pack)
				}
				for _, l := range s.launches {
					used[l.kernel] = true
					e, ok := all[l.kernel]
					assert.True(t, ok, "%s: no kernel %s", c.Name(), l.kernel)
					assert.Len(t, l.args, e.parameters, "%s: %s", c.Name(), l.kernel)
				}
			}
		}
	}
	for name := range all {
		assert.True(t, used[name], "no case launches %s", name)
	}
}

func TestEveryInstructionHasAPlan(t *testing.T) {
	planned := map[string]bool{}
	for _, family := range ops.Families() {
		for _, c := range family.Cases {
			planned[kernels.Name(c.Op)] = true
		}
	}
	for _, o := range kernels.Ops {
		assert.True(t, planned[kernels.Name(o)], "no case has %s", kernels.Name(o))
	}
}

// sharedTile matches the shared memory of a tile, which is read 16 bytes at once.
// The emulation cannot tell: its compiler aligns all arrays.
var sharedTile = regexp.MustCompile(`\.shared \.align (\d+) \.b8 (\w+)\[\d{5,}\]`)

func TestTilesAreAligned(t *testing.T) {
	files, err := fs.Glob(ptx, "ptx/*.ptx")
	require.NoError(t, err)
	found := 0
	for _, file := range files {
		text, err := ptx.ReadFile(file)
		require.NoError(t, err)
		for _, m := range sharedTile.FindAllSubmatch(text, -1) {
			assert.Equal(t, "16", string(m[1]), "%s: %s", file, m[2])
			found++
		}
	}
	assert.NotZero(t, found)
}

// registers matches what ptxas -v says of a kernel, over two or three lines.
var registers = regexp.MustCompile(`Compiling entry function '(\w+)' for '(\w+)'[\s\S]*?(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads[\s\S]*?Used (\d+) registers`)

// NVIDIA's assembler takes every PTX for every generation of GPUs, and no kernel
// runs out of registers: spills and local arrays would go through memory.
func TestPTXAssembles(t *testing.T) {
	ptxas := tool(t, "ptxas", "PTXAS")
	files, err := filepath.Glob("ptx/*.ptx")
	require.NoError(t, err)
	for _, gpu := range []string{"sm_70", "sm_80", "sm_86", "sm_90"} {
		for _, file := range files {
			if gpu == "sm_70" && strings.Contains(file, "sm_80") {
				continue // tensor cores
			}
			out, err := exec.Command(ptxas, "-v", "-arch", gpu, "-o", os.DevNull, file).CombinedOutput()
			require.NoError(t, err, "%s for %s: %s", file, gpu, out)
			found := registers.FindAllStringSubmatch(string(out), -1)
			assert.NotEmpty(t, found, "%s for %s: %s", file, gpu, out)
			for _, m := range found {
				t.Logf("%s %s: %s registers", m[2], m[1], m[6])
				assert.Equal(t, []string{"0", "0", "0"}, m[3:6], "%s for %s: bytes of stack, spill stores, spill loads", m[1], m[2])
			}
		}
	}
}
