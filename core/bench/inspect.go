package bench

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/kernels"
)

// Inspection is the work of a detector to time, from the pixels of Width x Height
// pictures to verdicts. Several callers come at once, each with a batch of
// pictures at a time.
type Inspection struct {
	Model         *model.Model // without a calibration, one of no meaning serves
	Options       detect.Options
	Width, Height int
	Callers       int // 0 means 1
	Batch         int // 0 means 1
}

// Measurement is what an Inspection took.
type Measurement struct {
	Times  Times         // of each batch
	Took   time.Duration // all of them together
	Memory int64         // bytes that the open detector added to the process; 0 if unknown
}

// Measure lets every caller inspect a number of batches.
func (i Inspection) Measure(ctx context.Context, runs int) (*Measurement, error) {
	before := resident(residentNow)
	d, err := detect.New(calibrated(i.Model), i.Options)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	p := picture(i.Width, i.Height)
	if err := i.warm(ctx, d, p); err != nil {
		return nil, err
	}
	callers := max(i.Callers, 1)
	each, errs := make([]Times, callers), make([]error, callers)
	var wait sync.WaitGroup
	start := time.Now()
	for k := range callers {
		wait.Go(func() { each[k], errs[k] = i.repeat(ctx, d, p, runs) })
	}
	wait.Wait()
	m := &Measurement{Times: slices.Concat(each...), Took: time.Since(start)}
	if now := resident(residentNow); now > 0 {
		m.Memory = now - before
	}
	return m, errors.Join(errs...)
}

// warm runs every session once, so that all memory has been touched.
func (i Inspection) warm(ctx context.Context, d *detect.Detector, p image.Pixels) error {
	i.Batch = max(i.Options.Sessions, 1)
	_, err := i.repeat(ctx, d, p, 1)
	return err
}

func (i Inspection) repeat(ctx context.Context, d *detect.Detector, p image.Pixels, runs int) (Times, error) {
	var times Times
	for range runs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		start := time.Now()
		if err := i.batch(d, p); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// batch inspects pictures on as many sessions as there are, as the library does.
func (i Inspection) batch(d *detect.Detector, p image.Pixels) error {
	n := max(i.Batch, 1)
	errs := make([]error, n)
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(d.Info().Sessions, n) {
		wait.Go(func() {
			for k := next.Add(1) - 1; k < int64(n); k = next.Add(1) - 1 {
				_, errs[k] = d.Inspect(p)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

func picture(w, h int) image.Pixels {
	p := image.Pixels{Data: make([]byte, 3*w*h), Width: w, Height: h, Stride: 3 * w, Format: image.RGB8}
	for i := range p.Data {
		p.Data[i] = byte(256 * kernels.Uniform(1, 0, uint64(i)))
	}
	return p
}
