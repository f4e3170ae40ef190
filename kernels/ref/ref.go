// Package ref is the machine that the others are measured against: every
// instruction of package kernels in plain Go, written to be checked by reading.
//
// Slots are dense float32 tensors of gorgonia.org/tensor. Sums are taken in
// float64 and rounded once, when they are stored. Kernels allocate their
// scratch as they go and use one thread.
package ref

import (
	"fmt"
	"reflect"
	"time"

	"gorgonia.org/tensor"

	"aecsad/kernels"
)

type device struct{}

// Open returns the machine. It holds nothing that would need closing.
func Open() kernels.Device { return device{} }

func (device) Name() string { return "ref" }

func (device) Close() error { return nil }

// Load allocates the slots, zeroed, and binds every call to its memory. The
// option Threads has no effect.
func (device) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	precision, err := kernels.PrecisionOf("ref", o, kernels.Float32, kernels.BFloat16)
	if err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("ref: %w", err)
	}
	s := &session{precision: precision}
	for i, n := range p.Sizes {
		if n < 1 {
			return nil, fmt.Errorf("ref: slot %d holds %d elements, expected at least 1", i, n)
		}
		s.slots = append(s.slots, tensor.New(tensor.WithShape(n), tensor.WithBacking(make([]float32, n))))
	}
	if s.setup, err = s.bind(p.Setup); err != nil {
		return nil, fmt.Errorf("ref: setup %w", err)
	}
	if s.calls, err = s.bind(p.Calls); err != nil {
		return nil, fmt.Errorf("ref: run %w", err)
	}
	return s, nil
}

// session is a program with its memory; slots is nil once it is closed.
type session struct {
	precision    string
	slots        []*tensor.Dense
	setup, calls []call
}

// call is an instruction with its kernel and buffers.
type call struct {
	op   kernels.Op
	run  kernel
	bufs args
}

func (s *session) bind(calls []kernels.Call) ([]call, error) {
	var out []call
	for i, c := range calls {
		run, ok := table[reflect.TypeOf(c.Op)]
		if !ok {
			return nil, fmt.Errorf("call %d: there is no kernel of %s", i, kernels.Name(c.Op))
		}
		outputs, inputs := c.Op.Buffers()
		bufs, err := s.buffers(c.Bufs, append(append([]int{}, outputs...), inputs...))
		if err != nil {
			return nil, fmt.Errorf("call %d (%s): %w", i, kernels.Name(c.Op), err)
		}
		if s.precision == kernels.BFloat16 && isConvolution(c.Op) {
			run = rounded(run)
		}
		out = append(out, call{c.Op, run, bufs})
	}
	return out, nil
}

// buffers are views of the leading elements of slots; each call has its own, so
// that kernels may reshape them.
func (s *session) buffers(slots []kernels.Slot, lens []int) (args, error) {
	var out args
	for i, slot := range slots {
		view, err := s.slots[slot].Slice(tensor.S(0, lens[i]))
		if err != nil {
			return nil, fmt.Errorf("buffer %d: %w", i, err)
		}
		out = append(out, view.(*tensor.Dense))
	}
	return out, nil
}

func (s *session) Write(slot kernels.Slot, values []float32) error {
	memory, err := s.memory(slot, len(values))
	copy(memory, values)
	return err
}

func (s *session) Read(slot kernels.Slot, values []float32) error {
	memory, err := s.memory(slot, len(values))
	copy(values, memory)
	return err
}

// memory is the leading n elements of a slot.
func (s *session) memory(slot kernels.Slot, n int) ([]float32, error) {
	if s.slots == nil {
		return nil, fmt.Errorf("ref: the session is closed")
	}
	if slot < 0 || int(slot) >= len(s.slots) {
		return nil, fmt.Errorf("ref: slot %d does not exist, the program has %d", slot, len(s.slots))
	}
	memory := s.slots[slot].Float32s()
	if n > len(memory) {
		return nil, fmt.Errorf("ref: slot %d holds %d elements, got %d values", slot, len(memory), n)
	}
	return memory[:n], nil
}

func (s *session) Setup() error { return s.execute("setup", s.setup) }

func (s *session) Run() error { return s.execute("run", s.calls) }

// Profile is Run with the time of each call.
func (s *session) Profile() ([]time.Duration, error) {
	times := make([]time.Duration, len(s.calls))
	for i := range s.calls {
		start := time.Now()
		if err := s.execute("run", s.calls[i:i+1]); err != nil {
			return nil, err
		}
		times[i] = time.Since(start)
	}
	return times, nil
}

func (s *session) execute(what string, calls []call) error {
	if s.slots == nil {
		return fmt.Errorf("ref: the session is closed")
	}
	for i, c := range calls {
		if err := c.execute(); err != nil {
			return fmt.Errorf("ref: %s call %d (%s): %w", what, i, kernels.Name(c.op), err)
		}
	}
	return nil
}

// execute turns a panic into an error. Shapes whose sides multiply to the right
// sizes but make no sense (two negative sides) pass Program.Check and end here.
func (c call) execute() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("impossible shape %+v: %v", c.op, r)
		}
	}()
	c.run(c.op, c.bufs)
	return nil
}

func (s *session) Close() error {
	*s = session{}
	return nil
}
