//go:build cuda

package cuda

import (
	"fmt"
	"sync/atomic"

	"gorgonia.org/cu"

	"aecsad/kernels"
)

// weights is the memory of Program.Once and of what Setup makes of it, which the
// sessions that Share makes have in common.
type weights struct {
	users  atomic.Int32
	memory []cu.DevicePtr // in the order in which every session asks for it
}

// leave returns what is to be freed, after the last session.
func (w *weights) leave() []cu.DevicePtr {
	if w.users.Add(-1) > 0 {
		return nil
	}
	return w.memory
}

// takeWeights allocates n zeros for the weights, or returns what the session that
// they come from took.
func (s *session) takeWeights(n int) (cu.DevicePtr, error) {
	if s.asked < len(s.weights.memory) {
		s.asked++
		return s.weights.memory[s.asked-1], nil
	}
	p, err := cu.MemAlloc(4 * int64(n))
	if err != nil {
		return 0, noMemory(err)
	}
	s.weights.memory = append(s.weights.memory, p)
	s.asked++
	return p, cu.MemsetD32Async(p, 0, int64(n), s.stream)
}

// Share is for programs whose weights are all of Program.Once.
func (s *session) Share() (other kernels.Session, err error) {
	err = s.on("share", func() error {
		switch {
		case !s.work.alone:
			return fmt.Errorf("the program has weights that are not of Program.Once; expected none in a session to share")
		case !s.set:
			return fmt.Errorf("the session has no weights yet; expected Setup before Share")
		}
		if err := s.repack(); err != nil {
			return err
		}
		return s.stream.Synchronize()
	})
	if err != nil {
		return nil, err
	}
	shared, err := s.device.load(s.work, s.weights)
	if err != nil {
		return nil, err
	}
	shared.(*session).set = true
	return shared, nil
}

// mayWrite tells why a slot cannot be written, or nil.
func (s *session) mayWrite(slot kernels.Slot) error {
	if s.work.shares(slot) && s.weights.users.Load() > 1 {
		return fmt.Errorf("slot %d is shared with other sessions; expected no new weights", slot)
	}
	return nil
}

// maySetUp tells the same of Setup.
func (s *session) maySetUp() error {
	if s.weights.users.Load() > 1 {
		return fmt.Errorf("the weights are shared with other sessions; expected no new ones")
	}
	return nil
}

// Footprint is the memory of the GPU that a program takes, and the pinned memory
// of the host.
func (d *device) Footprint(p *kernels.Program, o kernels.Options) (kernels.Footprint, error) {
	w, err := d.plan(p, o)
	if err != nil {
		return kernels.Footprint{}, err
	}
	return w.footprint(), nil
}
