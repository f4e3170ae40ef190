package cpu

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"aecsad/kernels"
)

// constants is the memory that sessions of a program share: the slots of
// Program.Once with what Setup makes of them, and the prepared weights.
type constants struct {
	slots, prepared unsafe.Pointer
	users           atomic.Int32
}

func (c *constants) free() {
	if c.users.Add(-1) == 0 {
		free(c.slots)
		free(c.prepared)
	}
}

// slot is a buffer in memory.
type slot struct {
	at  unsafe.Pointer
	len int
}

// Load lays the program out in C memory and starts the session's threads. Nothing
// is allocated after it.
func (d *Device) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	if err := check(p); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	precision, err := precisionOf(p, o)
	if err != nil {
		return nil, err
	}
	threads, err := threadsOf(o)
	if err != nil {
		return nil, err
	}
	d = d.at(precision)
	s := &session{
		device: d, program: p, threads: threads,
		weights: d.weightsOf(p, precision, o.Rounded), constants: &constants{},
		stale: map[kernels.Slot]bool{}, fresh: map[kernels.Slot]bool{},
	}
	s.constants.users.Store(1)
	s.intake = intakeOf(p, &s.weights)
	for slot := range s.weights.constant {
		s.stale[slot] = !s.intake.constant[slot]
	}
	err = s.allocateConstants()
	if err == nil {
		err = s.start()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Share is for programs whose weights are all of Program.Once.
func (s *session) Share() (kernels.Session, error) {
	switch {
	case s.memory == nil:
		return nil, errClosed
	case !s.intake.alone:
		return nil, fmt.Errorf("cpu: the program has weights that are not of Program.Once; expected none in a session to share")
	case !s.complete:
		return nil, fmt.Errorf("cpu: the session has no weights yet; expected Setup before Share")
	}
	c := &session{
		device: s.device, program: s.program, threads: s.threads,
		weights: s.weights, intake: s.intake, constants: s.constants,
		stale: map[kernels.Slot]bool{}, fresh: map[kernels.Slot]bool{}, complete: true,
	}
	s.constants.users.Add(1)
	if err := c.start(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

const maxThreads = 1024

// scratchOfThread is in floats.
func (w *weights) scratchOfThread() int { return max(w.scratch, leastScratch) }

// allocateConstants touches nothing: memory counts as it is filled.
func (s *session) allocateConstants() error {
	_, total, err := layOut(s.program.Sizes, s.isConstant)
	if err != nil {
		return err
	}
	if s.constants.slots = passing(total); s.constants.slots == nil {
		return fmt.Errorf("cpu: %w for %d bytes of weights", kernels.ErrNoMemory, total)
	}
	if n := 4 * s.weights.size; n > 0 {
		if s.constants.prepared = untouched(n); s.constants.prepared == nil {
			return fmt.Errorf("cpu: %w for %d bytes of prepared weights", kernels.ErrNoMemory, n)
		}
	}
	return nil
}

func (s *session) isConstant(i kernels.Slot) bool { return s.intake.constant[i] }

func (s *session) isOwn(i kernels.Slot) bool { return !s.intake.constant[i] }

// start gives a session its own memory, its calls and its threads.
func (s *session) start() error {
	if err := s.allocate(); err != nil {
		return err
	}
	s.joined = s.device.joinedOf(s.program, &s.weights)
	var err error
	if s.setup, err = s.device.encode(s.program.Setup, s, weights{}, joined{}); err != nil {
		return err
	}
	if s.calls, err = s.device.encode(s.program.Calls, s, s.weights, s.joined); err != nil {
		return err
	}
	if s.pool = newPool(s.threads, s.weights.scratchOfThread()); s.pool.run == nil {
		return fmt.Errorf("cpu: %w for %d threads, or the system allows no more threads", kernels.ErrNoMemory, s.threads)
	}
	return nil
}

func (s *session) allocate() error {
	shared, _, err := layOut(s.program.Sizes, s.isConstant)
	if err != nil {
		return err
	}
	own, total, err := layOut(s.program.Sizes, s.isOwn)
	if err != nil {
		return err
	}
	if s.memory = zeroed(total); s.memory == nil {
		return fmt.Errorf("cpu: %w for %d bytes of slots", kernels.ErrNoMemory, total)
	}
	if n := 4 * s.weights.cells; n > 0 {
		if s.cells = zeroed(n); s.cells == nil {
			return fmt.Errorf("cpu: %w for %d bytes of a reduced input", kernels.ErrNoMemory, n)
		}
	}
	for i, n := range s.program.Sizes {
		at := unsafe.Add(s.memory, own[i])
		if s.isConstant(kernels.Slot(i)) {
			at = unsafe.Add(s.constants.slots, shared[i])
		}
		s.slots = append(s.slots, slot{at, n})
	}
	return nil
}
