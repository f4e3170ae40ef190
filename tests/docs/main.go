// Command docs runs the code blocks of documentation pages, in order, as a reader
// would: docs FOLDER PAGE... It is started in the source folder; the commands of
// all pages run in FOLDER, which must exist, each page in a terminal of its own.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// longest is how long one block may take; a slow machine may build in the first.
const longest = 10 * time.Minute

// present are the commands that tell whether the machine has what a block needs.
var present = map[string]string{
	"cmake":      "command -v cmake",
	"pkg-config": "command -v pkg-config",
	"opencv":     "pkg-config --exists opencv4",
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: docs FOLDER PAGE...")
		os.Exit(2)
	}
	for _, page := range os.Args[2:] {
		if err := runPage(page, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func runPage(page, folder string) error {
	blocks, err := readPage(page)
	if err != nil {
		return err
	}
	t := terminal{folder: folder, state: filepath.Join(folder, ".environment")}
	if err := os.WriteFile(t.state, nil, 0o666); err != nil {
		return err
	}
	start, ran, printed := time.Now(), 0, ""
	skipped := false // the block before
	for _, b := range blocks {
		switch b.kind {
		case kindFile:
			err = os.WriteFile(filepath.Join(folder, b.file), []byte(b.text), 0o666)
		case kindOutput:
			if !skipped && !matches(b.text, printed) {
				err = fmt.Errorf("expected\n%sfound\n%s", b.text, printed)
			}
		default:
			if skipped, err = lacks(b.needs); err == nil && !skipped {
				printed, err = t.run(b)
			}
			if skipped {
				fmt.Printf("%s:%d: skipped, this machine has no %s\n", page, b.line, b.needs)
			}
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", page, b.line, err)
		}
		if !skipped {
			ran++
		}
	}
	fmt.Printf("%s: %d of %d blocks, %.0f s\n", page, ran, len(blocks), time.Since(start).Seconds())
	return nil
}

// lacks tells whether the machine has not what a block needs; that is an error
// when AECSAD_REQUIRE asks for it.
func lacks(need string) (bool, error) {
	if need == "" || exec.Command("sh", "-c", present[need]+" >/dev/null").Run() == nil {
		return false, nil
	}
	for _, required := range strings.Split(os.Getenv("AECSAD_REQUIRE"), ",") {
		if required == need {
			return true, fmt.Errorf("AECSAD_REQUIRE wants %s, which this machine has not", need)
		}
	}
	return true, nil
}

// terminal keeps from block to block what a shell would: the exported variables.
type terminal struct{ folder, state string }

const script = `set -euo pipefail
. "$state"
%s
export -p >"$state"
`

// run returns what the commands print, errors included.
func (t terminal) run(b block) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	state, err := filepath.Abs(t.state)
	if err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, "bash", "-c", fmt.Sprintf(script, b.text))
	c.Env = append(os.Environ(), "state="+state)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that a late command ends with its children
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	if !b.source {
		c.Dir = t.folder
	}
	out, err := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != b.exit {
		return "", fmt.Errorf("exit code %d (%v), expected %d:\n%s%s", code, err, b.exit, b.text, out)
	}
	return string(out), nil
}
