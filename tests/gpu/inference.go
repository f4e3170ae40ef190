package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/cuda"
	"aecsad/kernels/ref"
	"aecsad/tests/golden"
)

// inference measures the inference program in each precision and batch.
func inference(z size, c ceilings, maps string, out io.Writer) error {
	want, err := measure(ref.Open(), z.config, 1, 1)
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
	for _, precision := range z.precisions {
		for _, batch := range z.batches {
			got, err := measure(kernels.At(d, precision), z.config, batch, z.repetitions)
			if lacks := (*kernels.PrecisionError)(nil); errors.As(err, &lacks) {
				fmt.Fprintf(out, "| %v | | | | | | |\n", err)
				break
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "| %s | %d | %.3f | %.3f | %.2g | %.2g | %d |\n", got.device, batch, milliseconds(got.run),
				milliseconds(got.run)/float64(batch), difference(got.Local, want.Local), difference(got.Global, want.Global), changed(got.Classes, want.Classes))
			got.title, got.precision = fmt.Sprintf("Inference in %s, batch %d", precision, batch), precision
			all = append(all, got)
		}
	}
	for _, r := range all {
		r.table(c, out)
	}
	return all[0].save(maps)
}

// result is what a device made of a program.
type result struct {
	title, device, precision string
	Local, Global, Classes   []float32 // of an inference program
	run                      time.Duration
	calls                    []kernels.Call
	times                    []time.Duration // of each call, where the device can tell
}

// save writes the maps of the first image as JSON; no path, no file.
func (r *result) save(path string) error {
	if path == "" {
		return nil
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o666)
}

// measure runs the program on hash weights, which peer.py can make as well.
func measure(d kernels.Device, c net.Config, batch, repeat int) (*result, error) {
	p, err := detect.Batch(c, batch)
	if err != nil {
		return nil, err
	}
	s, err := load(d, p)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r := &result{device: d.Name(), calls: p.Kernels.Calls}
	x := golden.Tensor("paper/x", p.Inputs["x"].Len(), -2, 2) // whose first image is the same in every batch
	runs := make([]time.Duration, repeat)
	for i := range runs {
		start := time.Now()
		if err := r.once(s, x); err != nil {
			return nil, err
		}
		runs[i] = time.Since(start)
	}
	r.run = median(runs)
	return r, r.profile(s, repeat)
}

// load prepares a program with hash weights.
func load(d kernels.Device, p *graph.Program) (*graph.Session, error) {
	s, err := graph.Load(d, p, 0)
	if err != nil {
		return nil, err
	}
	w := graph.Weights{}
	for name, b := range p.Weights {
		w[name] = golden.Weight(name, b.Shape)
	}
	if err := s.SetWeights(w); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (r *result) once(s *graph.Session, x []float32) (err error) {
	if err := s.SetInput("x", x); err != nil {
		return err
	}
	if err := s.Run(); err != nil {
		return err
	}
	for name, to := range map[string]*[]float32{"local": &r.Local, "global": &r.Global, "classes": &r.Classes} {
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
