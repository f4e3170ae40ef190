// Command gpu measures a CUDA machine and prints a report in Markdown: the GPUs,
// how far the inference program at the paper's size is from the processor's
// results, how long it takes, and where the time goes. It is built elsewhere
// (build.sh) and run by run.sh, on a computer that needs no Go.
package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/cpu"
	"aecsad/kernels/cuda"
)

const usage = "usage: gpu <profile> <repetitions> <device>..., such as gpu paper 30 cuda cuda:tf32 cuda:bf16"

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	repetitions, err := strconv.Atoi(os.Args[2])
	if err != nil || repetitions < 1 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := report(os.Args[1], repetitions, os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// report prints everything; measurements are medians of so many repetitions.
func report(profile string, repetitions int, names []string) error {
	gpus, err := cuda.List()
	if err != nil {
		return err
	}
	fmt.Printf("## GPUs\n\n- %s\n", strings.Join(gpus, "\n- "))
	c, err := net.Profile(profile)
	if err != nil {
		return err
	}
	w, err := detect.Initialize(c, 1)
	if err != nil {
		return err
	}
	processor, err := cpu.Open()
	if err != nil {
		return err
	}
	defer processor.Close()
	want, err := measure(processor, c, w, 1)
	if err != nil {
		return err
	}
	fmt.Printf("\n## Inference program, profile %s, batch 1\n\n", profile)
	fmt.Println("Errors are max|got-want| / max|want| against the processor; ms is the median of a run with its input and outputs.")
	fmt.Println("\n| device | ms | local map | global map | pixels of another class |\n|---|---:|---:|---:|---:|")
	var all []*result
	for _, name := range names {
		d, err := cuda.Open(name)
		if err != nil {
			return err
		}
		got, err := measure(d, c, w, repetitions)
		if e := d.Close(); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.3f | %.2g | %.2g | %d |\n", got.device, milliseconds(got.run), difference(got.local, want.local),
			difference(got.global, want.global), changed(got.classes, want.classes))
		all = append(all, got)
	}
	for _, r := range all {
		r.table()
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

func measure(d kernels.Device, c net.Config, w graph.Weights, repeat int) (*result, error) {
	p, err := detect.Program(c)
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
		if err := r.once(s, c.Side); err != nil {
			return nil, err
		}
		runs[i] = time.Since(start)
	}
	r.run = median(runs)
	return r, r.profile(s, repeat)
}

// once runs the program on a fixed image.
func (r *result) once(s *graph.Session, side int) (err error) {
	x := make([]float32, 3*side*side)
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
