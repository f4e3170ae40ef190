package cpu

import (
	"fmt"
	"math"
	"runtime"

	"aecsad/kernels"
)

// Every slot begins on a cache line and has slack before and behind it, so that
// kernels may read a vector too many.
const line, slack = 64, 64

// Footprint is what a session takes: slots, prepared weights, the scratch of each
// thread, and the input of a convolution in less than float32. Calls take some
// kilobytes more, and threads their stacks.
func (d *Device) Footprint(p *kernels.Program, o kernels.Options) (kernels.Footprint, error) {
	if err := check(p); err != nil {
		return kernels.Footprint{}, fmt.Errorf("cpu: %w", err)
	}
	threads, err := threadsOf(o)
	if err != nil {
		return kernels.Footprint{}, err
	}
	precision, err := precisionOf(p, o)
	if err != nil {
		return kernels.Footprint{}, err
	}
	d = d.at(precision)
	w := d.weightsOf(p, precision, o.Rounded)
	k := intakeOf(p, &w)
	_, own, err := layOut(p.Sizes, func(s kernels.Slot) bool { return !k.constant[s] })
	if err != nil {
		return kernels.Footprint{}, err
	}
	f := kernels.Footprint{
		Shared:  k.bytes(p) + 4*int64(w.size),
		Session: int64(own) + 4*int64(threads)*int64(w.scratchOfThread()) + 4*int64(w.cells),
	}
	if !k.alone {
		f = kernels.Footprint{Session: f.Shared + f.Session}
	}
	return f, nil
}

// bytes is the memory of constant slots: those that stay, and the most that is
// there at a time of those that do not, if weights are written in the order of Setup.
func (k *intake) bytes(p *kernels.Program) int64 {
	stay, passing := 0, 0
	for s := range k.constant {
		if k.spent[s] {
			passing = max(passing, p.Sizes[s])
		} else {
			stay += p.Sizes[s]
		}
	}
	for _, c := range p.Setup {
		n := 0
		for _, b := range c.Bufs {
			if k.spent[b] {
				n += p.Sizes[b]
			}
		}
		passing = max(passing, n)
	}
	return 4 * int64(stay+passing)
}

// threadsOf is the number of threads that the options ask for.
func threadsOf(o kernels.Options) (int, error) {
	if o.Threads < 0 || o.Threads > maxThreads {
		return 0, fmt.Errorf("cpu: threads is %d; expected 0 to %d", o.Threads, maxThreads)
	}
	if o.Threads == 0 {
		return min(runtime.NumCPU(), maxThreads), nil
	}
	return o.Threads, nil
}

// layOut puts those of the slots that are asked for one behind the other, and
// returns the offset of each and the size of all, in bytes.
func layOut(sizes []int, wanted func(kernels.Slot) bool) (offsets []int, total int, err error) {
	offsets, total = make([]int, len(sizes)), slack
	for i, n := range sizes {
		if n < 1 || n > math.MaxInt/16 || total > math.MaxInt/4 {
			return nil, 0, fmt.Errorf("cpu: slot %d holds %d elements behind %d bytes; expected at least 1, and to fit in memory", i, n, total)
		}
		if wanted(kernels.Slot(i)) {
			offsets[i] = total
			total += (4*n + slack + line - 1) / line * line
		}
	}
	return offsets, total, nil
}
