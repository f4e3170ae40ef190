package cpu

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"aecsad/kernels"
)

// session is a program in C memory. memory is nil once it is closed.
type session struct {
	device    *Device
	program   *kernels.Program
	threads   int
	memory    unsafe.Pointer // the slots that are not constant, one behind the other
	cells     unsafe.Pointer // the input of a convolution in less than float32, of one at a time
	slots     []slot
	constants *constants
	weights   weights
	joined    joined
	intake    intake
	stale     map[kernels.Slot]bool // constant weights, not of once, that are to be prepared
	fresh     map[kernels.Slot]bool // slots of once that have been written since Setup
	complete  bool                  // Setup has seen all of once
	setup     list
	calls     list
	pool      pool
}

func (s *session) Write(slot kernels.Slot, values []float32) error {
	memory, err := s.view(slot, len(values))
	if err != nil {
		return err
	}
	once := s.intake.once[slot]
	if once {
		if err := s.mayTake(slot, len(values)); err != nil {
			return err
		}
	}
	if unsafe.SliceData(memory) != unsafe.SliceData(values) {
		copy(memory, values)
	}
	switch {
	case once:
		s.take(slot)
	case s.weights.constant[slot] != nil:
		s.stale[slot] = true
	}
	return nil
}

// Lend gives the slot itself, where no other session uses it.
func (s *session) Lend(slot kernels.Slot) []float32 {
	if s.memory == nil || !s.intake.once[slot] || s.constants.users.Load() > 1 {
		return nil
	}
	return unsafe.Slice((*float32)(s.slots[slot].at), s.slots[slot].len)
}

func (s *session) Read(slot kernels.Slot, values []float32) error {
	memory, err := s.view(slot, len(values))
	copy(values, memory)
	return err
}

// view is the leading n elements of a slot.
func (s *session) view(i kernels.Slot, n int) ([]float32, error) {
	if s.memory == nil {
		return nil, errClosed
	}
	if i < 0 || int(i) >= len(s.slots) {
		return nil, fmt.Errorf("cpu: slot %d does not exist, the program has %d", i, len(s.slots))
	}
	if n > s.slots[i].len {
		return nil, fmt.Errorf("cpu: slot %d holds %d elements, got %d values", i, s.slots[i].len, n)
	}
	return unsafe.Slice((*float32)(s.slots[i].at), n), nil
}

var errClosed = errors.New("cpu: the session is closed")

// Setup runs what has not run as the weights came in.
func (s *session) Setup() error {
	if s.memory == nil {
		return errClosed
	}
	if err := s.settle(); err != nil {
		return err
	}
	for _, i := range s.intake.late {
		s.call(s.setup, i)
	}
	for _, slot := range s.weights.folded {
		s.stale[slot] = !s.intake.constant[slot]
	}
	s.complete = true
	return nil
}

func (s *session) Run() error {
	if err := s.prepare(); err != nil {
		return err
	}
	s.device.execute(s.calls, 0, s.calls.len, s.pool)
	return nil
}

// call runs one call of a list.
func (s *session) call(l list, i int) {
	s.device.execute(l, i, 1, s.pool)
}

// prepare prepares the constant weights that are new and not of once.
func (s *session) prepare() error {
	if s.memory == nil {
		return errClosed
	}
	if !s.complete && len(s.program.Once) > 0 {
		return fmt.Errorf("cpu: the session has no weights yet; expected Setup before Run")
	}
	for slot, stale := range s.stale {
		if stale {
			s.prepareSlot(slot)
		}
	}
	clear(s.stale)
	return nil
}

// prepareSlot prepares weights for all calls that use them.
func (s *session) prepareSlot(slot kernels.Slot) {
	for _, i := range s.weights.constant[slot] {
		s.device.prepare(s.calls, i, s.pool)
	}
}

// release gives the memory of a slot back to the system.
func (s *session) release(slot kernels.Slot) { release(s.slots[slot].at, 4*s.slots[slot].len) }

// Profile is Run, one call at a time.
func (s *session) Profile() ([]time.Duration, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	times := make([]time.Duration, s.calls.len)
	for i := range times {
		start := time.Now()
		s.call(s.calls, i)
		times[i] = time.Since(start)
	}
	return times, nil
}

// Ranges is Run, one call at a time.
func (s *session) Ranges() ([]kernels.Range, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	ranges := make([]kernels.Range, s.calls.len)
	for i, c := range s.program.Calls {
		if _, is := c.Op.(kernels.Conv2D); is {
			if _, ok := s.weights.enlarged[i]; ok { // its input is never in memory
				s.anyway(i - 2)
				s.anyway(i - 1)
			}
			if s.joined.resized[i] { // nor is this one's
				s.anyway(i - 1)
			}
			_, in := c.Op.Buffers()
			x, err := s.view(c.Bufs[inputSlot], in[0])
			if err != nil {
				return nil, err
			}
			ranges[i] = kernels.Range{Low: slices.Min(x), High: slices.Max(x)}
		}
		s.call(s.calls, i)
	}
	return ranges, nil
}

// anyway runs a call of the run, even if a later one does it as well.
func (s *session) anyway(i int) {
	call := s.calls.at(i)
	done := call.done
	call.done = 0
	s.call(s.calls, i)
	call.done = done
}

// Close stops the threads and frees the memory that no other session uses.
func (s *session) Close() error {
	s.pool.close()
	s.setup.free()
	s.calls.free()
	free(s.memory)
	free(s.cells)
	if s.constants != nil {
		s.constants.free()
	}
	*s = session{}
	return nil
}
