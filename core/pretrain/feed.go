package pretrain

import (
	"errors"
	"runtime"
	"slices"
	"sync"

	"aecsad/core/formula"
	"aecsad/core/image"
)

// batch holds a step's inputs by name.
type batch map[string][]float32

// batches deals the batches from step first on. They are drawn ahead, beside
// the training; stop ends that.
func batches(s Settings, first int) (next func() (batch, error), stop func()) {
	type dealt struct {
		b   batch
		err error
	}
	queue, done := make(chan dealt, 1), make(chan struct{})
	go func() {
		for step := first; ; step++ {
			b, err := newBatch(s, step)
			select {
			case queue <- dealt{b, err}:
			case <-done:
				return
			}
		}
	}()
	next = func() (batch, error) {
		d := <-queue
		return d.b, d.err
	}
	return next, func() { close(done) }
}

// newBatch draws the pictures of a step, on all cores.
func newBatch(s Settings, step int) (batch, error) {
	b := batch{"x": make([]float32, s.Batch*3*s.Side*s.Side)}
	for i, stride := range strides {
		cells := (s.Side / stride) * (s.Side / stride)
		for t := range formula.Targets {
			if !slices.Contains(s.Without, t.Name()) {
				b[stageName(i)+"."+t.Name()] = make([]float32, s.Batch*cells)
			}
		}
		if !slices.Contains(s.Without, colorName) {
			b[stageName(i)+"."+colorName] = make([]float32, s.Batch*3*cells)
		}
	}
	errs := make([]error, s.Batch)
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), s.Batch)
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < s.Batch; i += workers {
				p, err := formula.Draw(s.Seed, step*s.Batch+i, s.Side, s.Traits()...)
				if errs[i] = err; err == nil {
					b.put(i, p)
				}
			}
		})
	}
	wg.Wait()
	return b, errors.Join(errs...)
}

// put enters picture i with its answers.
func (b batch) put(i int, p *formula.Picture) {
	size := 3 * p.Side * p.Side
	image.Normalize(b["x"][i*size:(i+1)*size], p.RGB)
	for k, stride := range strides {
		cells := (p.Side / stride) * (p.Side / stride)
		for t := range formula.Targets {
			if answers := b[stageName(k)+"."+t.Name()]; answers != nil {
				p.Answers(answers[i*cells:(i+1)*cells], t, stride)
			}
		}
		if colors := b[stageName(k)+"."+colorName]; colors != nil {
			p.Colors(colors[3*i*cells:3*(i+1)*cells], stride)
		}
	}
}
