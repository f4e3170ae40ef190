// Command gpu measures a CUDA machine and prints a report in Markdown: the GPUs,
// what they do at best, how far the inference program is from the results of ref,
// how long it takes at several batches and precisions, and where the time goes. It
// is built elsewhere (build.sh) and run by run.sh, on a computer that needs no Go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/cuda"
	"aecsad/kernels/ref"
)

func main() {
	name := flag.String("size", "paper", "paper, or tiny to try the program itself")
	path := flag.String("out", "", "file for the report; refused on an emulated GPU")
	flag.Parse()
	if err := run(*name, *path, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// size is how much is measured.
type size struct {
	config                net.Config
	batches               []int
	repetitions           int // measurements are medians of so many
	floats, blocks, turns int // of cuda.Ceilings
}

func sizeOf(name string) (size, error) {
	c, err := net.Profile("paper")
	switch {
	case err != nil:
		return size{}, err
	case name == "paper":
		return size{c, []int{1, 8, 16}, 30, 1 << 28, 1056, 1 << 14}, nil
	case name == "tiny":
		c.Profile, c.Side, c.Encoder.Width, c.Teacher.Channels = name, 64, 4, 8
		c.Local, c.Global.Width = net.Local{First: 4, Width: 8}, 4
		c.Segmentor.Low, c.Segmentor.Width = 4, 8
		return size{c, []int{1, 2}, 1, 1 << 12, 2, 4}, nil
	}
	return size{}, fmt.Errorf("no size %q; expected paper or tiny", name)
}

// emulated is part of the name of what is no GPU.
const emulated = "emulated GPU"

// run writes the report to a file, which appears only when it is complete, or to
// out if path is empty.
func run(name, path string, out io.Writer) error {
	z, err := sizeOf(name)
	if err != nil {
		return err
	}
	gpus, err := cuda.List()
	if err != nil {
		return err
	}
	text := &strings.Builder{}
	fmt.Fprintf(text, "## GPUs\n\n- %s\n", strings.Join(gpus, "\n- "))
	if path == "" {
		if err := report(z, text); err != nil {
			return err
		}
		_, err = io.WriteString(out, text.String())
		return err
	}
	if slices.ContainsFunc(gpus, func(s string) bool { return strings.Contains(s, emulated) }) {
		return errors.New("the GPU is emulated: no result file is written")
	}
	if err := report(z, text); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text.String()), 0o666)
}

func report(z size, out io.Writer) error {
	if err := ceilings(z, out); err != nil {
		return err
	}
	w, err := detect.Initialize(z.config, 1)
	if err != nil {
		return err
	}
	want, err := measure(ref.Open(), z.config, w, 1, 1)
	if err != nil {
		return err
	}
	d, err := cuda.Open("cuda")
	if err != nil {
		return err
	}
	defer d.Close()
	fmt.Fprintf(out, "\n## Inference program, profile %s, side %d\n\n", z.config.Profile, z.config.Side)
	fmt.Fprintln(out, "Errors are max|got-want| / max|want| against ref on the first image; ms is the median of a run with its input and outputs.")
	fmt.Fprintln(out, "\n| device | batch | ms | ms per image | local map | global map | pixels of another class |\n|---|---:|---:|---:|---:|---:|---:|")
	var all []*result
	for _, precision := range []string{"f32", "tf32", "bf16", "f16"} {
		for i, batch := range z.batches {
			got, err := measure(kernels.At(d, precision), z.config, w, batch, z.repetitions)
			if lacks := (*kernels.PrecisionError)(nil); errors.As(err, &lacks) {
				fmt.Fprintf(out, "| %v | | | | | | |\n", err)
				break
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "| %s | %d | %.3f | %.3f | %.2g | %.2g | %d |\n", got.device, batch, milliseconds(got.run),
				milliseconds(got.run)/float64(batch), difference(got.local, want.local), difference(got.global, want.global), changed(got.classes, want.classes))
			if i == 0 {
				all = append(all, got)
			}
		}
	}
	for _, r := range all {
		r.table(out)
	}
	return nil
}

func ceilings(z size, out io.Writer) error {
	all, err := cuda.Ceilings("cuda", z.floats, z.blocks, z.turns)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n## Ceilings, by kernels that do nothing else\n\n")
	for _, c := range all {
		fmt.Fprintf(out, "- %s: %.1f G%s\n", c.Name, c.Value/1e9, c.Unit)
	}
	return nil
}

// result is what a device made of the program.
type result struct {
	device                 string
	local, global, classes []float32
	run                    time.Duration
	calls                  []kernels.Call
	times                  []time.Duration // of each call, where the device can tell
}

func measure(d kernels.Device, c net.Config, w graph.Weights, batch, repeat int) (*result, error) {
	p, err := detect.Batch(c, batch)
	if err != nil {
		return nil, err
	}
	s, err := graph.Load(d, p, 0)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.SetWeights(w); err != nil {
		return nil, err
	}
	r := &result{device: d.Name(), calls: p.Kernels.Calls}
	runs := make([]time.Duration, repeat)
	for i := range runs {
		start := time.Now()
		if err := r.once(s, batch, c.Side); err != nil {
			return nil, err
		}
		runs[i] = time.Since(start)
	}
	r.run = median(runs)
	return r, r.profile(s, repeat)
}

// once runs the program on fixed images, the first the same in every batch.
func (r *result) once(s *graph.Session, batch, side int) (err error) {
	x := make([]float32, batch*3*side*side)
	for i := range x {
		x[i] = 4*kernels.Uniform(1, 0, uint64(i)) - 2
	}
	if err := s.SetInput("x", x); err != nil {
		return err
	}
	if err := s.Run(); err != nil {
		return err
	}
	for name, to := range map[string]*[]float32{"local": &r.local, "global": &r.global, "classes": &r.classes} {
		if *to, err = s.Output(name); err != nil {
			return err
		}
	}
	return nil
}

// profile times the calls, each by its median.
func (r *result) profile(s *graph.Session, repeat int) error {
	samples := make([][]time.Duration, len(r.calls))
	for i := 0; i < repeat; i++ {
		times, err := s.Profile()
		if err != nil {
			return err
		}
		for j, t := range times {
			samples[j] = append(samples[j], t)
		}
	}
	for _, t := range samples {
		r.times = append(r.times, median(t))
	}
	return nil
}

func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func difference(got, want []float32) float64 {
	worst, largest := 0.0, 0.0
	for i := range want {
		worst = max(worst, math.Abs(float64(got[i])-float64(want[i])))
		largest = max(largest, math.Abs(float64(want[i])))
	}
	return worst / largest
}

func changed(got, want []float32) (count int) {
	for i := range want {
		if got[i] != want[i] {
			count++
		}
	}
	return count
}
