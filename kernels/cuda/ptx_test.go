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
			out = append(out, planner{arithmetic, tile, 132})
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
		assert.True(t, used[name] || strings.HasPrefix(name, "ceiling_"), "no case launches %s", name)
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

// registersOf reads a list of registers.sh: a line per kernel and GPU.
func registersOf(t *testing.T, text string) (release string, rows [][]string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Greater(t, len(lines), 2)
	release, _, _ = strings.Cut(strings.TrimPrefix(lines[0], "# by ptxas of CUDA "), ";")
	require.Equal(t, "kernel gpu registers shared spills", lines[1])
	for _, line := range lines[2:] {
		rows = append(rows, strings.Fields(line))
		require.Len(t, rows[len(rows)-1], 5, line)
	}
	return release, rows
}

// No kernel runs out of registers on any generation of GPUs: spills and local
// arrays would go through memory.
func checkRegisters(t *testing.T, rows [][]string) {
	t.Helper()
	all, err := entries()
	require.NoError(t, err)
	found := map[string]int{}
	for _, row := range rows {
		assert.Contains(t, all, row[0])
		assert.Equal(t, "0", row[4], "%s on %s: bytes of stack and spills", row[0], row[1])
		found[row[0]]++
	}
	for name, e := range all {
		want := 4
		if strings.Contains(e.file, "sm_80") {
			want = 3 // not for sm_70
		}
		assert.Equal(t, want, found[name], "%s: GPUs that it was assembled for", name)
	}
}

func TestRegistersAreListed(t *testing.T) {
	text, err := os.ReadFile("ptx/registers.txt")
	require.NoError(t, err)
	_, rows := registersOf(t, string(text))
	checkRegisters(t, rows)
}

// NVIDIA's assembler takes every PTX, and the committed list is what it says.
func TestPTXAssembles(t *testing.T) {
	ptxas := tool(t, "ptxas", "PTXAS")
	command := exec.Command("ptx/registers.sh")
	command.Env = append(os.Environ(), "PTXAS="+ptxas)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s", out)
	release, rows := registersOf(t, string(out))
	checkRegisters(t, rows)
	text, err := os.ReadFile("ptx/registers.txt")
	require.NoError(t, err)
	if committed, _ := registersOf(t, string(text)); committed == release {
		assert.True(t, string(text) == string(out), "ptx/registers.txt is stale; run ptx/registers.sh > ptx/registers.txt")
	}
}
