package graph

import (
	"slices"

	"aecsad/kernels"
)

// plan maps virtual slots to real ones: bound buffers keep a slot of their own, the others
// share slots when their lives do not overlap. The largest are placed first, as Pisarchyk
// and Lee do, "Efficient Memory Management for Deep Neural Net Inference" (2020), sec. 4.
func (l *lowering) plan() (real []kernels.Slot, p *kernels.Program) {
	p = &kernels.Program{}
	real = make([]kernels.Slot, len(l.sizes))
	for i := range real {
		real[i] = -1
		if l.bound[kernels.Slot(i)] {
			real[i] = kernels.Slot(len(p.Sizes))
			p.Sizes = append(p.Sizes, l.sizes[i])
		}
	}
	shared := len(p.Sizes) // the first slot that may be
	var placed [][]life    // of these
	for _, v := range l.lives() {
		at := slices.IndexFunc(placed, func(others []life) bool { return !slices.ContainsFunc(others, v.meets) })
		if at < 0 {
			at = len(placed)
			placed = append(placed, nil)
			p.Sizes = append(p.Sizes, l.sizes[v.slot])
		}
		placed[at] = append(placed[at], v)
		real[v.slot] = kernels.Slot(shared + at)
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

// life is the calls from the first to the last that need what is in a virtual slot.
// Outputs do not take the place of inputs, nor of those of calls before that a machine may
// do at once with this one; and what outlives the chain of calls that makes it is kept off
// what the chain reads.
type life struct {
	slot        kernels.Slot
	first, last int
	off         []kernels.Slot
}

func (v life) meets(w life) bool {
	return v.first <= w.last && w.first <= v.last || slices.Contains(v.off, w.slot) || slices.Contains(w.off, v.slot)
}

// lives are those of all slots that calls use and that are not bound, the largest first.
func (l *lowering) lives() (all []life) {
	at := map[kernels.Slot]int{}
	use := func(b kernels.Slot, i int) {
		if l.bound[b] {
			return
		}
		if _, known := at[b]; !known {
			at[b] = len(all)
			all = append(all, life{slot: b, first: i})
		}
		all[at[b]].last = i
	}
	for i, c := range l.calls {
		for _, b := range c.Bufs {
			use(b, i)
		}
		for j := i; j > 0 && follows(l.calls[j-1], l.calls[j]); j-- {
			for _, b := range l.calls[j-1].Bufs {
				use(b, i)
			}
		}
	}
	for i, v := range all {
		if start, end := chainAround(l.calls, v.first); v.last > end {
			all[i].off = reads(l.calls[start:v.first])
		}
	}
	slices.SortStableFunc(all, func(a, b life) int { return l.sizes[b.slot] - l.sizes[a.slot] })
	return all
}

// follows tells whether a machine may do a call at once with the one before it: pool or
// compare what a convolution puts out, or convolve what a Concat or a Resize does.
func follows(before, c kernels.Call) bool {
	_, conv := before.Op.(kernels.Conv2D)
	_, concat := before.Op.(kernels.Concat)
	_, resize := before.Op.(kernels.Resize)
	switch c.Op.(type) {
	case kernels.AvgPool, kernels.SquaredDifference:
		return conv && slices.Contains(c.Bufs[1:], before.Bufs[0])
	case kernels.Conv2D:
		return (concat || resize) && c.Bufs[1] == before.Bufs[0]
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
