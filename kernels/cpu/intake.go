package cpu

import (
	"fmt"

	"aecsad/kernels"
)

// The weights of Program.Once are used as they come. A setup call runs as soon as
// all that it reads is there, weights are prepared, and what nothing else reads
// gives its memory back: of a network as large as the memory that remains is the
// prepared form alone.

// intake says what becomes of the slots of Program.Once.
type intake struct {
	once     map[kernels.Slot]bool
	readers  map[kernels.Slot][]int // their setup calls
	constant map[kernels.Slot]bool  // once, and what its setup calls write
	spent    map[kernels.Slot]bool  // those of constant that are not read once they have been used
	late     []int                  // setup calls that read something else
	alone    bool                   // there is none, and all prepared weights come of once
}

func intakeOf(p *kernels.Program, w *weights) intake {
	k := intake{
		once: map[kernels.Slot]bool{}, readers: map[kernels.Slot][]int{},
		constant: map[kernels.Slot]bool{}, spent: map[kernels.Slot]bool{}, alone: len(p.Once) > 0,
	}
	for _, s := range p.Once {
		k.once[s], k.constant[s] = true, true
	}
	written, kept := outputs(p.Calls), map[kernels.Slot]bool{}
	for i, c := range p.Setup {
		out, _ := c.Op.Buffers()
		if !k.early(c, written) {
			k.late, k.alone = append(k.late, i), false
			for _, b := range c.Bufs {
				kept[b] = true
			}
			continue
		}
		for _, b := range c.Bufs[:len(out)] {
			k.constant[b] = true
		}
		for _, b := range c.Bufs[len(out):] {
			k.readers[b] = append(k.readers[b], i)
		}
	}
	for s := range k.constant {
		k.spent[s] = !kept[s]
	}
	for i, c := range p.Calls {
		of, prepared := w.calls[i]
		for j, b := range c.Bufs {
			if !prepared || j != weightSlot {
				delete(k.spent, b)
			}
		}
		k.alone = k.alone && (!prepared || !of.changing && k.constant[c.Bufs[weightSlot]])
	}
	return k
}

// early tells whether a setup call reads slots of once only, and writes none that
// the run writes too.
func (k *intake) early(c kernels.Call, written map[kernels.Slot]bool) bool {
	out, _ := c.Op.Buffers()
	for i, b := range c.Bufs {
		if i < len(out) && written[b] || i >= len(out) && !k.once[b] {
			return false
		}
	}
	return true
}

// take uses a slot of once that has just been written.
func (s *session) take(slot kernels.Slot) {
	s.fresh[slot] = true
	s.prepareSlot(slot)
	used := []kernels.Slot{slot}
	for _, i := range s.intake.readers[slot] {
		if s.ready(i) {
			s.call(s.setup, i)
			c := s.program.Setup[i]
			out, _ := c.Op.Buffers()
			for _, b := range c.Bufs[:len(out)] {
				s.prepareSlot(b)
			}
			used = append(used, c.Bufs...)
		}
	}
	for _, b := range used {
		if s.intake.spent[b] && s.finished(b) {
			s.release(b)
		}
	}
}

// ready tells whether all that an early setup call reads has been written.
func (s *session) ready(i int) bool {
	c := s.program.Setup[i]
	out, _ := c.Op.Buffers()
	for _, b := range c.Bufs[len(out):] {
		if !s.fresh[b] {
			return false
		}
	}
	return true
}

// finished tells whether all setup calls that read a slot have run.
func (s *session) finished(b kernels.Slot) bool {
	for _, i := range s.intake.readers[b] {
		if !s.ready(i) {
			return false
		}
	}
	return true
}

// mayTake tells why a slot of once cannot be written with n values, or nil.
func (s *session) mayTake(slot kernels.Slot, n int) error {
	switch {
	case s.constants.users.Load() > 1:
		return fmt.Errorf("cpu: slot %d is shared with other sessions; expected no new weights", slot)
	case s.fresh[slot]:
		return fmt.Errorf("cpu: slot %d is written twice before Setup; expected once", slot)
	case n != s.slots[slot].len:
		return fmt.Errorf("cpu: slot %d holds %d elements, got %d values; expected all at once", slot, s.slots[slot].len, n)
	}
	return nil
}

// settle ends the writing of once: it must be complete.
func (s *session) settle() error {
	for _, slot := range s.program.Once {
		if !s.fresh[slot] {
			return fmt.Errorf("cpu: slot %d has not been written before Setup", slot)
		}
	}
	clear(s.fresh)
	return nil
}
