package cuda

import "aecsad/kernels"

// renamed is the program with memory of its own for every value that calls leave
// in a slot only for other calls, until a later call writes there again. Programs
// share such slots to save memory; but calls that share nothing else would have to
// wait for one another. The slots keep their numbers, and hold after a run what the
// last call that writes there makes; new ones follow them. The program comes back
// as it is where that would take more than twice its memory.
func renamed(p *kernels.Program) *kernels.Program {
	writers, fixed := writersOf(p.Calls)
	program := *p
	out := &program
	out.Calls, out.Sizes = nil, append([]int{}, p.Sizes...)
	now := make([]kernels.Slot, len(p.Sizes)) // where the value of each slot is
	for s := range now {
		now[s] = kernels.Slot(s)
	}
	budget := 0
	for _, n := range p.Sizes {
		budget += n
	}
	for _, c := range p.Calls {
		sizes, _ := c.Op.Buffers()
		call := kernels.Call{Op: c.Op, Bufs: append([]kernels.Slot{}, c.Bufs...)}
		for i := len(sizes); i < len(c.Bufs); i++ {
			call.Bufs[i] = now[c.Bufs[i]]
		}
		for i, n := range sizes {
			s := c.Bufs[i]
			now[s] = s
			if writers[s]--; writers[s] > 0 && !fixed[s] {
				now[s] = kernels.Slot(len(out.Sizes))
				out.Sizes = append(out.Sizes, n)
				budget -= n
			}
			call.Bufs[i] = now[s]
		}
		out.Calls = append(out.Calls, call)
	}
	if budget < 0 {
		return p
	}
	return out
}

// writersOf counts the calls that write each slot. Fixed are those whose value is
// more than what the last call wrote: it changes a part, or another reads on.
func writersOf(calls []kernels.Call) (writers map[kernels.Slot]int, fixed map[kernels.Slot]bool) {
	writers, fixed = map[kernels.Slot]int{}, map[kernels.Slot]bool{}
	written, early := map[kernels.Slot]int{}, map[kernels.Slot]int{}
	for _, c := range calls {
		out, in := c.Op.Buffers()
		for i, n := range in {
			s := c.Bufs[len(out)+i]
			if writers[s] == 0 {
				early[s] = max(early[s], n) // of what the last run left there
			}
			fixed[s] = fixed[s] || writers[s] > 0 && n > written[s]
		}
		for i, n := range out {
			s := c.Bufs[i]
			fixed[s] = fixed[s] || changes(c.Op, i)
			writers[s]++
			written[s] = n
		}
	}
	for s, n := range early {
		fixed[s] = fixed[s] || n > written[s]
	}
	return writers, fixed
}

// changes tells if an instruction reads its output i as well: "in/out" in ops.go.
func changes(o kernels.Op, i int) bool {
	switch o.(type) {
	case kernels.Adam:
		return true
	case kernels.BatchNormTrain:
		return i >= 3
	}
	return false
}
