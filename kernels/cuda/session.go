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
	work   *work
	sizes  []int // elements of each slot that the program has

	weights *weights
	asked   int            // of the memory of the weights
	memory  []cu.DevicePtr // the session's own, which Close frees
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

	set, closed bool // Setup has run; Close has
}

// Load takes all the memory that the program needs, uploads the instructions and
// records the calls. The option Threads has no effect; Precision is that of
// convolutions.
func (d *device) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	w, err := d.plan(p, o)
	if err != nil {
		return nil, err
	}
	return d.load(w, &weights{})
}

// plan checks a program and plans it for the GPU.
func (d *device) plan(p *kernels.Program, o kernels.Options) (*work, error) {
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", d.Name(), err)
	}
	precision, err := kernels.PrecisionOf(d.Name(), o, precisions(d.capability)...)
	if err != nil {
		return nil, err
	}
	return d.planner(precision).work(p)
}

// load is a session of the work, with these weights.
func (d *device) load(w *work, of *weights) (kernels.Session, error) {
	s := &session{device: d, work: w, sizes: w.sizes[:w.own], weights: of, kept: map[kernels.Slot]bool{}}
	of.users.Add(1)
	err := d.do(func() error {
		if err := s.allocate(w.sizes); err != nil {
			return err
		}
		return s.prepare(w)
	})
	if err != nil {
		return nil, errors.Join(d.wrap("load", err), s.Close())
	}
	return s, nil
}

// allocate takes slots of these sizes, zeroed, the stream and the staging memory.
func (s *session) allocate(sizes []int) (err error) {
	if s.stream, err = cu.MakeStream(cu.NonBlocking); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	for i, n := range sizes {
		if n < 1 {
			return fmt.Errorf("slot %d holds %d elements, expected at least 1", i, n)
		}
		take := s.take
		if s.work.shares(kernels.Slot(i)) {
			take = s.takeWeights
		}
		p, err := take(n)
		if err != nil {
			return fmt.Errorf("slot %d of %d elements: %w", i, n, err)
		}
		s.slots = append(s.slots, p)
	}
	p, err := lazy.HostAlloc(4 * stagingOf(sizes))
	if err != nil {
		return fmt.Errorf("pinned memory: %w", err)
	}
	s.staging = unsafe.Slice((*float32)(p), stagingOf(sizes))
	return nil
}

// take allocates n zeros, which the session owns.
func (s *session) take(n int) (cu.DevicePtr, error) {
	p, err := cu.MemAlloc(4 * int64(n))
	if err != nil {
		return 0, noMemory(err)
	}
	s.memory = append(s.memory, p)
	return p, cu.MemsetD32Async(p, 0, int64(n), s.stream)
}

// noMemory marks the driver's answer that the GPU is full.
func noMemory(err error) error {
	if errors.Is(err, cu.OutOfMemory) {
		return fmt.Errorf("%w (%w)", err, kernels.ErrNoMemory)
	}
	return err
}

// prepare uploads the words of the instructions, binds the kernels to their
// memory and records the calls.
func (s *session) prepare(w *work) (err error) {
	r := resolve{}
	scratch := make([]cu.DevicePtr, len(w.scratch))
	for lane, n := range w.scratch {
		if n == 0 {
			continue
		}
		if scratch[lane], err = s.take(n); err != nil {
			return fmt.Errorf("scratch of %d elements: %w", n, err)
		}
	}
	if len(w.words) > 0 {
		if r.op, err = s.take(2 * len(w.words)); err != nil {
			return fmt.Errorf("instructions: %w", err)
		}
		if err = s.upload(r.op, unsafe.Slice((*float32)(unsafe.Pointer(&w.words[0])), 2*len(w.words))); err != nil {
			return fmt.Errorf("instructions: %w", err)
		}
	}
	for _, c := range w.setup {
		r.scratch = scratch[0]
		if s.setup, err = s.bind(s.setup, c, r); err != nil {
			return err
		}
	}
	for i, c := range w.calls {
		r.scratch = scratch[w.places[i].lane]
		s.first = append(s.first, len(s.calls))
		if s.calls, err = s.bind(s.calls, c, r); err != nil {
			return err
		}
	}
	if len(s.calls) == 0 {
		return nil
	}
	return s.record(w.places, len(w.scratch))
}

// bind appends the kernels of a call. r has the addresses of the session; its
// packed words lie at the start of the scratch memory, unless they are to be kept:
// then they have memory of their own, and their kernel joins s.packs.
func (s *session) bind(to []*bound, c planned, r resolve) ([]*bound, error) {
	r.op += cu.DevicePtr(8 * c.words)
	for _, slot := range c.call.Bufs {
		r.buffers = append(r.buffers, s.slots[slot])
	}
	if c.pack != nil {
		var err error
		if c.once {
			take := s.take
			if s.work.alone {
				take = s.takeWeights
			}
			if r.packed, err = take(c.packed); err != nil {
				return nil, fmt.Errorf("packed weights of %d elements: %w", c.packed, err)
			}
		} else {
			r.packed = r.scratch
			r.scratch += cu.DevicePtr(4 * align(c.packed))
		}
		b, err := s.device.bind(*c.pack, r)
		if err != nil {
			return nil, err
		}
		if c.once {
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
		if err := s.mayWrite(slot); err != nil {
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
		if err := s.maySetUp(); err != nil {
			return err
		}
		if err := launchAll(s.setup, s.stream); err != nil {
			return err
		}
		s.set, s.stale = true, false
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
		for _, p := range append(s.memory, s.weights.leave()...) {
			all = append(all, cu.MemFree(p))
		}
		return s.device.wrap("close", errors.Join(all...))
	})
}
