package bench

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed peer.py
var peerScript string

// Peer is ONNX Runtime in a Python process. It is not safe for concurrent use.
type Peer struct {
	// Version of ONNX Runtime.
	Version string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	errors  bytes.Buffer
	files   map[string]string // by network
}

// StartPeer starts a Python interpreter that has the package onnxruntime. The
// context ends the process.
func StartPeer(ctx context.Context, python string) (*Peer, error) {
	p := &Peer{cmd: exec.CommandContext(ctx, python, "-c", peerScript), files: map[string]string{}}
	p.cmd.Stderr = &p.errors
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReader(out)
	err = p.cmd.Start()
	if err == nil {
		if p.Version, err = p.answer(); err != nil {
			p.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ONNX Runtime does not start: %w\nInstall it with  %s -m pip install onnxruntime  or name another Python", err, python)
	}
	return p, nil
}

// Close ends the process.
func (p *Peer) Close() error {
	p.in.Close()
	return p.cmd.Wait()
}

// Load opens an ONNX file under a name, and keeps its inputs for all runs. They
// are written beside the file. It returns the time that opening took.
func (p *Peer) Load(name, file string, threads int, inputs map[string][]float32) (time.Duration, error) {
	for in, v := range inputs {
		b, err := binary.Append(nil, binary.LittleEndian, v)
		if err != nil {
			return 0, err
		}
		if err := os.WriteFile(file+"."+in+".f32", b, 0o666); err != nil {
			return 0, err
		}
	}
	p.files[name] = file
	return p.command("load", name, file, strconv.Itoa(threads))
}

// Quantise writes a network that is loaded in ONNX Runtime's own int8 to a file, with
// ranges that its inputs show. It wants the package onnx.
func (p *Peer) Quantise(name, to string) error {
	_, err := p.command("quantise", name, p.files[name], to)
	return err
}

// Run runs a network once and returns the time that it took.
func (p *Peer) Run(name string) (time.Duration, error) { return p.command("run", name) }

// Unload frees a network.
func (p *Peer) Unload(name string) error {
	_, err := p.command("unload", name)
	return err
}

// Outputs runs a network once and returns all its outputs.
func (p *Peer) Outputs(name string) (map[string][]float64, error) {
	if _, err := p.command("outputs", name); err != nil {
		return nil, err
	}
	const suffix = ".f64"
	files, err := filepath.Glob(p.files[name] + ".*" + suffix)
	if err != nil {
		return nil, err
	}
	out := map[string][]float64{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		v := make([]float64, len(b)/8)
		for i := range v {
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
		out[strings.TrimSuffix(strings.TrimPrefix(file, p.files[name]+"."), suffix)] = v
	}
	return out, nil
}

// Memory is the most that the process has taken since it loaded a network, in
// bytes.
func (p *Peer) Memory(name string) (int64, error) {
	kib, err := p.number("memory", name)
	return int64(kib) << 10, err
}

func (p *Peer) command(words ...string) (time.Duration, error) {
	ms, err := p.number(words...)
	return time.Duration(ms * float64(time.Millisecond)), err
}

func (p *Peer) number(words ...string) (float64, error) {
	if _, err := fmt.Fprintln(p.in, strings.Join(words, "\t")); err != nil {
		return 0, fmt.Errorf("ONNX Runtime: %w%s", err, p.lastWords())
	}
	text, err := p.answer()
	if err != nil {
		return 0, fmt.Errorf("ONNX Runtime: %s %s: %w", words[0], words[1], err)
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("ONNX Runtime: %s %s: expected a number, got %q", words[0], words[1], text)
	}
	return v, nil
}

// answer reads a line of the form "ok TEXT" or "error TEXT".
func (p *Peer) answer() (string, error) {
	line, err := p.out.ReadString('\n')
	if err != nil {
		p.cmd.Wait() // the process has ended; now its messages are complete
		return "", fmt.Errorf("the process ended%s", p.lastWords())
	}
	if text, ok := strings.CutPrefix(line, "ok "); ok {
		return strings.TrimSpace(text), nil
	}
	return "", fmt.Errorf("%s", strings.TrimSpace(strings.TrimPrefix(line, "error ")))
}

// lastWords is the last line of the process's messages, usually the exception.
func (p *Peer) lastWords() string {
	lines := strings.Split(strings.TrimSpace(p.errors.String()), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return ": " + last
	}
	return ""
}
