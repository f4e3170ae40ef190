package cpu

import (
	"slices"

	"aecsad/kernels"
)

// chain is a run of calls that take planes to planes (planes.h). inside tells of each
// whether its output is nobody else's to read.
type chain struct {
	first  int
	inside []bool
}

// planar tells whether an op takes each plane of its inputs to a plane. An Add does, but
// does not know its planes.
func planar(op kernels.Op) (is, knows bool) {
	switch op.(type) {
	case kernels.Resize, kernels.AvgPool, kernels.Standardize:
		return true, true
	case kernels.Add:
		return true, false
	}
	return false, false
}

// chainsOf finds the longest chains of calls that follow each other, of which the last
// reads what one before it wrote.
func chainsOf(p *kernels.Program) (chains []chain) {
	calls := p.Calls
	for i := 0; i < len(calls); i++ {
		if _, knows := planar(calls[i].Op); !knows {
			continue
		}
		end := i
		for is := true; is && end < len(calls); end++ {
			if is, _ = planar(calls[end].Op); !is {
				break
			}
		}
		for ; end-i > 1; end-- {
			if inside, ok := joins(p, calls[i:end], calls[end:]); ok {
				chains = append(chains, chain{i, inside})
				i = end - 1
				break
			}
		}
	}
	return chains
}

// joins tells whether calls may be done plane by plane, and which of their outputs are
// nobody else's: planes that are written must not be those that are still to be read.
func joins(p *kernels.Program, calls, later []kernels.Call) (inside []bool, ok bool) {
	written, outside := map[kernels.Slot]bool{}, map[kernels.Slot]bool{}
	linked := false
	for _, c := range calls {
		linked = false
		for _, b := range c.Bufs[1:] {
			linked = linked || written[b]
			outside[b] = outside[b] || !written[b]
		}
		written[c.Bufs[0]] = true
	}
	inside = make([]bool, len(calls))
	again := map[kernels.Slot]bool{} // written by a later call
	for i, c := range slices.Backward(calls) {
		b := c.Bufs[0]
		inside[i] = again[b] || i < len(calls)-1 && forgotten(p, later, b)
		if !inside[i] && outside[b] {
			return nil, false
		}
		again[b] = true
	}
	return inside, linked
}
