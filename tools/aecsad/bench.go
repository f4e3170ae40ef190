package main

import (
	"fmt"
	"slices"
	"time"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/kernels"
)

type benchCommand struct {
	Model   string `arg:"" help:"Model file."`
	Runs    int    `help:"Inspections to time." default:"20"`
	Threads []int  `help:"Numbers of threads to try." default:"1,2"`
	Width   int    `help:"Image width." default:"1280"`
	Height  int    `help:"Image height." default:"1024"`
	Device  string `help:"auto, ref or cpu." default:"auto"`
}

func (c *benchCommand) Run(a *app) error {
	if c.Runs < 1 || c.Width < 1 || c.Height < 1 {
		return fmt.Errorf("runs, width and height are %d, %d, %d; expected at least 1", c.Runs, c.Width, c.Height)
	}
	p := image.Pixels{Data: make([]byte, 3*c.Width*c.Height), Width: c.Width, Height: c.Height, Stride: 3 * c.Width, Format: image.RGB8}
	for i := range p.Data {
		p.Data[i] = byte(256 * kernels.Uniform(1, 0, uint64(i)))
	}
	a.printf("one inspection of a %d x %d image, milliseconds over %d runs\n", c.Width, c.Height, c.Runs)
	a.printf("%8s %8s %8s %8s\n", "threads", "median", "fastest", "slowest")
	for _, threads := range c.Threads {
		times, err := c.time(p, threads)
		if err != nil {
			return err
		}
		slices.Sort(times)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		a.printf("%8d %8.2f %8.2f %8.2f\n", threads, ms(times[len(times)/2]), ms(times[0]), ms(times[len(times)-1]))
	}
	return nil
}

func (c *benchCommand) time(p image.Pixels, threads int) ([]time.Duration, error) {
	d, err := detect.Open(c.Model, detect.Options{Device: c.Device, Threads: threads})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if _, err := d.Inspect(p); err != nil { // the first one touches all memory
		return nil, err
	}
	var times []time.Duration
	for i := 0; i < c.Runs; i++ {
		start := time.Now()
		if _, err := d.Inspect(p); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

func percent(rate float64) string { return fmt.Sprintf("%.3g %%", 100*rate) }
