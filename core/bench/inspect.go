package bench

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
	"aecsad/kernels"
)

// Inspection is a whole inspection to time, from the pixels of a Width x Height
// picture to maps and areas. Sessions of them run at once, each with memory and
// threads of its own.
type Inspection struct {
	Config            net.Config
	Weights           graph.Weights
	Device            kernels.Device
	Threads, Sessions int
	Width, Height     int
}

// Measure runs every session a number of times.
func (i Inspection) Measure(ctx context.Context, runs int) (Times, error) {
	t, _, _, err := i.measure(ctx, runs)
	return t, err
}

// measure also returns how long all sessions took together, and the memory of
// the process with all of them open.
func (i Inspection) measure(ctx context.Context, runs int) (all Times, took time.Duration, memory int64, err error) {
	p := picture(i.Width, i.Height)
	engines := make([]*detect.Engine, i.Sessions)
	for k := range engines {
		e, err := detect.NewEngine(i.Config, i.Weights, i.Device, i.Threads)
		if err != nil {
			return nil, 0, 0, err
		}
		defer e.Close()
		if _, err := e.Run(p); err != nil { // touches all memory
			return nil, 0, 0, err
		}
		engines[k] = e
	}
	each := make([]Times, i.Sessions)
	errs := make([]error, i.Sessions)
	var wait sync.WaitGroup
	start := time.Now()
	for k, e := range engines {
		wait.Go(func() { each[k], errs[k] = repeat(ctx, e, p, runs) })
	}
	wait.Wait()
	took, memory = time.Since(start), resident(residentNow)
	return slices.Concat(each...), took, memory, errors.Join(errs...)
}

func repeat(ctx context.Context, e *detect.Engine, p image.Pixels, runs int) (Times, error) {
	var times Times
	for range runs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		start := time.Now()
		if _, err := e.Run(p); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

func picture(w, h int) image.Pixels {
	p := image.Pixels{Data: make([]byte, 3*w*h), Width: w, Height: h, Stride: 3 * w, Format: image.RGB8}
	for i := range p.Data {
		p.Data[i] = byte(256 * kernels.Uniform(1, 0, uint64(i)))
	}
	return p
}
