package graph

import (
	"slices"

	"aecsad/kernels"
)

// plan maps virtual slots to real ones: bound buffers keep a slot of their own,
// the others share slots when their lives do not overlap. A call's outputs are
// never placed on its inputs, nor on those of a call before it that a machine may do at
// once with it, nor those that stay on what a chain of calls around it reads.
func (l *lowering) plan() (real []kernels.Slot, p *kernels.Program) {
	last := make([]int, len(l.sizes))
	for i, c := range l.calls {
		for _, b := range c.Bufs {
			last[b] = i
		}
		if i > 0 && follows(l.calls[i-1], c) {
			for _, b := range l.calls[i-1].Bufs {
				last[b] = i
			}
		}
	}
	p = &kernels.Program{}
	real = make([]kernels.Slot, len(l.sizes))
	for i := range real {
		real[i] = -1
		if l.bound[kernels.Slot(i)] {
			real[i] = kernels.Slot(len(p.Sizes))
			p.Sizes = append(p.Sizes, l.sizes[i])
		}
	}
	var free []kernels.Slot
	for i, c := range l.calls {
		chain, end := chainAround(l.calls, i)
		for _, b := range c.Bufs {
			if real[b] < 0 {
				var others []kernels.Slot
				if last[b] > end {
					for _, r := range reads(l.calls[chain:i]) {
						others = append(others, real[r])
					}
				}
				real[b], free = place(p, free, others, l.sizes[b])
			}
		}
		freed := map[kernels.Slot]bool{}
		for _, b := range c.Bufs {
			if !l.bound[b] && last[b] == i && !freed[b] {
				freed[b] = true
				free = append(free, real[b])
			}
		}
	}
	kept := map[kernels.Slot]bool{}
	for i, s := range real {
		kept[s] = kept[s] || l.bound[kernels.Slot(i)]
	}
	for s := range kernels.Slot(len(p.Sizes)) {
		if !kept[s] {
			p.Passing = append(p.Passing, s)
		}
	}
	p.Setup, p.Calls = remap(l.setup, real), remap(l.calls, real)
	return real, p
}

// follows tells whether a machine may do a call at once with the one before it: pool or
// compare what a convolution puts out, or convolve what a Concat does.
func follows(before, c kernels.Call) bool {
	_, conv := before.Op.(kernels.Conv2D)
	_, concat := before.Op.(kernels.Concat)
	switch c.Op.(type) {
	case kernels.AvgPool, kernels.SquaredDifference:
		return conv && slices.Contains(c.Bufs[1:], before.Bufs[0])
	case kernels.Conv2D:
		return concat && c.Bufs[1] == before.Bufs[0]
	}
	return false
}

// planar tells whether a call takes planes to planes: a machine may do calls of this kind
// plane by plane, all of them for a plane at once.
func planar(c kernels.Call) bool {
	switch c.Op.(type) {
	case kernels.Resize, kernels.AvgPool, kernels.Standardize, kernels.Add:
		return true
	}
	return false
}

// chainAround is the planar calls around call i, the first and the last, or the call alone.
func chainAround(calls []kernels.Call, i int) (first, last int) {
	first, last = i, i
	for planar(calls[i]) && first > 0 && planar(calls[first-1]) {
		first--
	}
	for planar(calls[i]) && last+1 < len(calls) && planar(calls[last+1]) {
		last++
	}
	return first, last
}

// reads are the slots that calls read before any of them writes them.
func reads(calls []kernels.Call) (slots []kernels.Slot) {
	written := map[kernels.Slot]bool{}
	for _, c := range calls {
		for _, b := range c.Bufs[1:] {
			if !written[b] {
				slots = append(slots, b)
			}
		}
		written[c.Bufs[0]] = true
	}
	return slots
}

// place takes the free slot that fits best, of those that are not others: the smallest that
// is large enough, else the largest, which then grows, else a new one.
func place(p *kernels.Program, free, others []kernels.Slot, size int) (kernels.Slot, []kernels.Slot) {
	best := -1
	for i, s := range free {
		if slices.Contains(others, s) {
			continue
		}
		if best < 0 {
			best = i
			continue
		}
		have, old := p.Sizes[s], p.Sizes[free[best]]
		fits, oldFits := have >= size, old >= size
		if fits && (!oldFits || have < old) || !fits && !oldFits && have > old {
			best = i
		}
	}
	if best < 0 {
		p.Sizes = append(p.Sizes, size)
		return kernels.Slot(len(p.Sizes) - 1), free
	}
	s := free[best]
	p.Sizes[s] = max(p.Sizes[s], size)
	return s, append(free[:best], free[best+1:]...)
}

func remap(calls []kernels.Call, real []kernels.Slot) []kernels.Call {
	out := make([]kernels.Call, len(calls))
	for i, c := range calls {
		out[i] = kernels.Call{Op: c.Op, Bufs: make([]kernels.Slot, len(c.Bufs))}
		for j, b := range c.Bufs {
			out[i].Bufs[j] = real[b]
		}
	}
	return out
}
