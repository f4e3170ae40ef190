//go:build cuda

package cuda

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/cu"

	"aecsad/kernels"
	"aecsad/kernels/cuda/lazy"
)

// session is a program with its memory on the device, its stream, and the
// recording of its calls.
type session struct {
	device *device
	sizes  []int // elements of each slot

	memory  []cu.DevicePtr // everything that Close frees
	slots   []cu.DevicePtr
	stream  cu.Stream
	staging []float32 // pinned: the device copies to and from it directly
	setup   []*bound
	calls   []*bound
	first   []int       // where the kernels of each call start in calls
	graph   *lazy.Graph // the calls

	// Weights that no call writes are packed once, after setup.
	packs []*bound
	kept  map[kernels.Slot]bool // their slots
	stale bool                  // one of them was written after it was packed

	closed bool
}

// maxStaging is the floats copied at once, 4 MiB: large enough for the full rate
// of the bus.
const maxStaging = 1 << 20

// Load takes all the memory that the program needs, uploads the instructions and
// records the calls. The option Threads has no effect; Precision is that of
// convolutions.
func (d *device) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name(), err)
	}
	precision, err := kernels.PrecisionOf(d.Name(), o, precisions(d.capability)...)
	if err != nil {
		return nil, err
	}
	planner := planner{arithmetic(precision), d.tile}
	setup, words, err := planner.planCalls(p.Setup, nil)
	if err != nil {
		return nil, err
	}
	calls, words, err := planner.planCalls(p.Calls, words)
	if err != nil {
		return nil, err
	}
	s := &session{device: d, sizes: p.Sizes, kept: map[kernels.Slot]bool{}}
	err = d.do(func() error {
		if err := s.allocate(); err != nil {
			return err
		}
		return s.prepare(setup, calls, words, constants(p))
	})
	if err != nil {
		return nil, errors.Join(d.wrap("load", err), s.Close())
	}
	return s, nil
}

// allocate takes the slots, zeroed, the stream and the staging memory.
func (s *session) allocate() (err error) {
	if s.stream, err = cu.MakeStream(cu.NonBlocking); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	largest := 1
	for i, n := range s.sizes {
		if n < 1 {
			return fmt.Errorf("slot %d holds %d elements, expected at least 1", i, n)
		}
		p, err := s.take(n)
		if err != nil {
			return fmt.Errorf("slot %d of %d elements: %w", i, n, err)
		}
		s.slots = append(s.slots, p)
		largest = max(largest, n)
	}
	p, err := lazy.HostAlloc(4 * min(largest, maxStaging))
	if err != nil {
		return fmt.Errorf("pinned memory: %w", err)
	}
	s.staging = unsafe.Slice((*float32)(p), min(largest, maxStaging))
	return nil
}

// take allocates n zeros, which the session owns.
func (s *session) take(n int) (cu.DevicePtr, error) {
	p, err := cu.MemAlloc(4 * int64(n))
	if err != nil {
		return 0, err
	}
	s.memory = append(s.memory, p)
	return p, cu.MemsetD32Async(p, 0, int64(n), s.stream)
}

// constants are the slots that no call writes.
func constants(p *kernels.Program) map[kernels.Slot]bool {
	out := map[kernels.Slot]bool{}
	for slot := range p.Sizes {
		out[kernels.Slot(slot)] = true
	}
	for _, c := range p.Calls {
		outputs, _ := c.Op.Buffers()
		for _, slot := range c.Bufs[:len(outputs)] {
			delete(out, slot)
		}
	}
	return out
}

// prepare uploads the words of the instructions, binds the kernels to their
// memory and records the calls.
func (s *session) prepare(setup, calls []planned, words []uint64, constant map[kernels.Slot]bool) (err error) {
	r, need := resolve{}, 0
	for _, c := range append(append([]planned{}, setup...), calls...) {
		need = max(need, align(c.packed)+c.scratch)
	}
	if need > 0 {
		if r.scratch, err = s.take(need); err != nil {
			return fmt.Errorf("scratch of %d elements: %w", need, err)
		}
	}
	if len(words) > 0 {
		if r.op, err = s.take(2 * len(words)); err != nil {
			return fmt.Errorf("instructions: %w", err)
		}
		if err = s.upload(r.op, unsafe.Slice((*float32)(unsafe.Pointer(&words[0])), 2*len(words))); err != nil {
			return fmt.Errorf("instructions: %w", err)
		}
	}
	for _, c := range setup {
		if s.setup, err = s.bind(s.setup, c, r, false); err != nil {
			return err
		}
	}
	for _, c := range calls {
		s.first = append(s.first, len(s.calls))
		if s.calls, err = s.bind(s.calls, c, r, constant[c.call.Bufs[c.from]]); err != nil {
			return err
		}
	}
	if len(s.calls) > 0 {
		s.graph, err = lazy.Record(s.handle(), func() error { return launchAll(s.calls, s.stream) })
	}
	return err
}

// bind appends the kernels of a call. r has the addresses of the session; its
// packed words lie at the start of the scratch memory, unless they are to be kept:
// then they have memory of their own, and their kernel joins s.packs.
func (s *session) bind(to []*bound, c planned, r resolve, keep bool) ([]*bound, error) {
	r.op += cu.DevicePtr(8 * c.words)
	for _, slot := range c.call.Bufs {
		r.buffers = append(r.buffers, s.slots[slot])
	}
	if c.pack != nil {
		var err error
		r.packed = r.scratch
		r.scratch += cu.DevicePtr(4 * align(c.packed))
		if keep {
			if r.packed, err = s.take(c.packed); err != nil {
				return nil, fmt.Errorf("packed weights of %d elements: %w", c.packed, err)
			}
		}
		b, err := s.device.bind(*c.pack, r)
		if err != nil {
			return nil, err
		}
		if keep {
			s.packs = append(s.packs, b)
			s.kept[c.call.Bufs[c.from]] = true
		} else {
			to = append(to, b)
		}
	}
	for _, l := range c.launches {
		b, err := s.device.bind(l, r)
		if err != nil {
			return nil, err
		}
		to = append(to, b)
	}
	return to, nil
}

func (s *session) handle() lazy.Stream { return lazy.Stream(unsafe.Pointer(s.stream.C())) }

// upload copies values to the device, by way of the staging memory.
func (s *session) upload(to cu.DevicePtr, values []float32) error {
	for len(values) > 0 {
		n := copy(s.staging, values)
		if err := cu.MemcpyHtoDAsync(to, unsafe.Pointer(&s.staging[0]), 4*int64(n), s.stream); err != nil {
			return err
		}
		if err := s.stream.Synchronize(); err != nil {
			return err
		}
		to, values = to+cu.DevicePtr(4*n), values[n:]
	}
	return nil
}

func (s *session) download(from cu.DevicePtr, values []float32) error {
	for len(values) > 0 {
		n := min(len(s.staging), len(values))
		if err := cu.MemcpyDtoHAsync(unsafe.Pointer(&s.staging[0]), from, 4*int64(n), s.stream); err != nil {
			return err
		}
		if err := s.stream.Synchronize(); err != nil {
			return err
		}
		copy(values, s.staging[:n])
		from, values = from+cu.DevicePtr(4*n), values[n:]
	}
	return nil
}

// on runs f, which has `doing` for a name in errors, on the device.
func (s *session) on(doing string, f func() error) error {
	if s.closed {
		return fmt.Errorf("%s: %s: the session is closed", s.device.Name(), doing)
	}
	return s.device.do(func() error { return s.device.wrap(doing, f()) })
}

// fits checks a transfer of n elements of a slot.
func (s *session) fits(slot kernels.Slot, n int) error {
	if slot < 0 || int(slot) >= len(s.sizes) {
		return fmt.Errorf("slot %d does not exist, the program has %d", slot, len(s.sizes))
	}
	if n > s.sizes[slot] {
		return fmt.Errorf("slot %d holds %d elements, got %d values", slot, s.sizes[slot], n)
	}
	return nil
}

func (s *session) Write(slot kernels.Slot, values []float32) error {
	return s.on("write", func() error {
		if err := s.fits(slot, len(values)); err != nil {
			return err
		}
		s.stale = s.stale || s.kept[slot]
		return s.upload(s.slots[slot], values)
	})
}

func (s *session) Read(slot kernels.Slot, values []float32) error {
	return s.on("read", func() error {
		if err := s.fits(slot, len(values)); err != nil {
			return err
		}
		return s.download(s.slots[slot], values)
	})
}

func (s *session) Setup() error {
	return s.on("setup", func() error {
		if err := launchAll(s.setup, s.stream); err != nil {
			return err
		}
		s.stale = false
		if err := launchAll(s.packs, s.stream); err != nil {
			return err
		}
		return s.stream.Synchronize()
	})
}

// repack packs the weights again if one was written since.
func (s *session) repack() error {
	if !s.stale {
		return nil
	}
	s.stale = false
	return launchAll(s.packs, s.stream)
}

func (s *session) Run() error {
	return s.on("run", func() error {
		if err := s.repack(); err != nil {
			return err
		}
		if s.graph != nil {
			if err := s.graph.Launch(s.handle()); err != nil {
				return err
			}
		}
		return s.stream.Synchronize()
	})
}

// Close frees the memory. After the device was lost, freeing fails too; what the
// process holds goes with its context.
func (s *session) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	return s.device.do(func() error {
		var all []error
		if s.graph != nil {
			all = append(all, s.graph.Close())
		}
		// Work may be left in the stream where Load failed.
		if s.stream != cu.NoStream {
			all = append(all, s.stream.Synchronize(), s.stream.Destroy())
		}
		if s.staging != nil {
			all = append(all, cu.MemFreeHost(unsafe.Pointer(&s.staging[0])))
		}
		for _, p := range s.memory {
			all = append(all, cu.MemFree(p))
		}
		return s.device.wrap("close", errors.Join(all...))
	})
}
