//go:build cuda

package cuda

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"aecsad/kernels/cuda/lazy"
)

// TestMain builds the emulated driver, unless the environment names a driver, and
// lets the tests run on it: Go, cu, the stubs and the kernels are the real ones.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if os.Getenv(opener) != "" {
		return printOpen()
	}
	if os.Getenv(lazy.Variable) == "" {
		dir, err := os.MkdirTemp("", "emulate")
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer os.RemoveAll(dir)
		driver := filepath.Join(dir, "libcuda_emulated.so")
		if out, err := exec.Command("emulate/build.sh", driver).CombinedOutput(); err != nil {
			fmt.Printf("emulate/build.sh: %v\n%s", err, out)
			return 1
		}
		os.Setenv(lazy.Variable, driver)
	}
	return m.Run()
}

// Emulated skips a test that plays with the hardware where the driver is real.
func Emulated(t *testing.T) {
	t.Helper()
	if !emulated() {
		t.Skip("needs the emulated driver")
	}
}

func emulated() bool { return strings.Contains(lazy.Path(), "emulate") }
