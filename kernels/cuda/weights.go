package cuda

import (
	"slices"

	"aecsad/kernels"
)

// share finds what sessions of the program may share.
func (w *work) share(p *kernels.Program) {
	w.fixed, w.alone = map[kernels.Slot]bool{}, len(p.Once) > 0
	once, constant := map[kernels.Slot]bool{}, constants(p)
	for _, s := range p.Once {
		once[s], w.fixed[s] = true, true
	}
	for _, c := range p.Setup {
		outputs, _ := c.Op.Buffers()
		for i, s := range c.Bufs {
			switch {
			case i >= len(outputs):
				w.alone = w.alone && once[s]
			case constant[s]:
				w.fixed[s] = true
			default:
				w.alone = false
			}
		}
	}
	for _, c := range w.calls {
		w.alone = w.alone && (c.pack == nil || w.fixed[c.call.Bufs[c.from]])
	}
}

// shares tells if sessions of the work share a slot.
func (w *work) shares(s kernels.Slot) bool { return w.alone && w.fixed[s] }

// maxStaging is the floats copied at once, 4 MiB: large enough for the full rate
// of the bus.
const maxStaging = 1 << 20

// stagingOf is the floats of staging memory for slots of these sizes.
func stagingOf(sizes []int) int { return min(slices.Max(append([]int{1}, sizes...)), maxStaging) }

// footprint is the memory that sessions of the work take, in bytes. The driver
// adds its own: some megabytes per device, and what it rounds up.
func (w *work) footprint() kernels.Footprint {
	f := kernels.Footprint{Session: 8*int64(len(w.words)) + 4*int64(stagingOf(w.sizes))}
	add := func(shared bool, n int) {
		if shared {
			f.Shared += 4 * int64(n)
		} else {
			f.Session += 4 * int64(n)
		}
	}
	for i, n := range w.sizes {
		add(w.shares(kernels.Slot(i)), n)
	}
	for _, n := range w.scratch {
		add(false, n)
	}
	for _, c := range w.calls {
		if c.once {
			add(w.alone, c.packed)
		}
	}
	return f
}
