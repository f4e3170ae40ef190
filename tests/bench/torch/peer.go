package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// peer is step.py at work.
type peer struct {
	version string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func startPeer(python string, z *sizes) (*peer, error) {
	config, err := json.Marshal(z)
	if err != nil {
		return nil, err
	}
	p := &peer{cmd: exec.Command(python, filepath.Join("tests", "bench", "torch", "step.py"), string(config))}
	p.cmd.Stderr = os.Stderr
	p.cmd.Env = append(os.Environ(), "OMP_NUM_THREADS="+strconv.Itoa(min(z.Threads, runtime.NumCPU())))
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if p.version, err = p.line(); err != nil {
		return nil, fmt.Errorf("%s has no torch, or does not run in the repository's root: %w", python, err)
	}
	return p, nil
}

func (p *peer) line() (string, error) {
	s, err := p.out.ReadString('\n')
	return strings.TrimSpace(s), err
}

// step runs one step and returns its time by the clock and of the processor.
func (p *peer) step(name string) (clock, processor time.Duration, err error) {
	if _, err := fmt.Fprintln(p.in, name); err != nil {
		return 0, 0, err
	}
	s, err := p.line()
	if err != nil {
		return 0, 0, err
	}
	var a, b float64
	_, err = fmt.Sscan(s, &a, &b)
	return time.Duration(a * float64(time.Millisecond)), time.Duration(b * float64(time.Millisecond)), err
}

func (p *peer) close() error {
	p.in.Close()
	return p.cmd.Wait()
}
