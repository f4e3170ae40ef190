// Command gpu measures a CUDA machine and prints a report in Markdown: what it
// does at best, how far the inference program is from the results of ref, how long
// it takes at several batches and precisions, ten steps of training beside the
// processor's, and where the time goes. It is built elsewhere (build.sh) and run by
// run.sh, on a computer that needs no Go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"aecsad/core/net"
	"aecsad/core/train"
	"aecsad/kernels"
	"aecsad/kernels/cuda"
)

func main() {
	list := flag.Bool("list", false, "only list the GPUs")
	name := flag.String("size", "paper", "paper, or tiny to try the program itself")
	maps := flag.String("maps", "", "file for the results of the inference program, which peer.py reads")
	flag.Parse()
	if err := run(*list, *name, *maps, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// size is how much is measured.
type size struct {
	config                net.Config
	precisions            []string
	batches               []int
	repetitions           int // measurements are medians of so many
	floats, blocks, turns int // of cuda.Ceilings
	segmentor, students   int // batches of training
	steps                 int
}

func sizeOf(name string) (size, error) {
	c, err := net.Profile("paper")
	if err != nil {
		return size{}, err
	}
	s, t, err := train.Defaults("paper")
	switch {
	case err != nil:
		return size{}, err
	case name == "paper":
		return size{c, []string{kernels.Float32, "tf32", "bf16", "f16"}, []int{1, 8, 16}, 30, 1 << 28, 1056, 1 << 14, s.Batch, t.Batch, 10}, nil
	case name == "tiny":
		c.Profile, c.Side, c.Encoder.Width, c.Teacher.Channels = name, 64, 4, 8
		c.Local, c.Global.Width = net.Local{First: 4, Width: 8}, 4
		c.Segmentor.Low, c.Segmentor.Width = 4, 8
		return size{c, []string{kernels.Float32, "bf16"}, []int{1}, 1, 1 << 12, 2, 4, 1, 1, 1}, nil
	}
	return size{}, fmt.Errorf("no size %q; expected paper or tiny", name)
}

// emulated is part of the name of what is no GPU.
const emulated = "emulated GPU"

func run(list bool, name, maps string, out io.Writer) error {
	z, err := sizeOf(name)
	if err != nil {
		return err
	}
	gpus, err := cuda.List()
	if err != nil {
		return err
	}
	if list {
		_, err := fmt.Fprintf(out, "- %s\n", strings.Join(gpus, "\n- "))
		return err
	}
	if name == "paper" && strings.Contains(gpus[0], emulated) {
		return errors.New("the GPU is emulated, which is too slow for size paper; try -size tiny")
	}
	c, err := ceilingsOf(z)
	if err != nil {
		return err
	}
	c.list(out)
	if err := inference(z, c, maps, out); err != nil {
		return err
	}
	return training(z, c, out)
}
