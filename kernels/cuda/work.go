package cuda

import (
	"fmt"

	"aecsad/kernels"
)

// maxElements of a buffer: kernels count in 32 bits.
const maxElements = 1<<31 - 1

// planned is an instruction with its steps.
type planned struct {
	steps
	call  kernels.Call
	words int  // where the instruction's words start in the session's memory of them
	once  bool // what is packed is packed once, and kept
}

// work is a program as it runs on a GPU.
type work struct {
	setup, calls []planned
	places       []place  // of calls
	words        []uint64 // of the instructions
	sizes        []int    // elements of the slots
	own          int      // so many of them are the program's, the others of renamed
	scratch      []int    // elements of each lane's scratch memory; Setup uses that of lane 0

	fixed map[kernels.Slot]bool // slots of Program.Once and those that Setup makes of them alone
	alone bool                  // all weights are among them, so that sessions may share
}

// work plans a program.
func (p planner) work(program *kernels.Program) (w *work, err error) {
	own := renamed(program)
	w = &work{sizes: own.Sizes, own: len(program.Sizes)}
	constant := constants(own)
	if w.setup, err = w.plan(p, own.Setup); err != nil {
		return nil, err
	}
	if w.calls, err = w.plan(p, own.Calls); err != nil {
		return nil, err
	}
	var lanes int
	w.places, lanes = schedule(own.Calls)
	w.scratch = make([]int, max(lanes, 1))
	for _, c := range w.setup {
		w.scratch[0] = max(w.scratch[0], c.space())
	}
	for i := range w.calls {
		c := &w.calls[i]
		c.once = c.pack != nil && constant[c.call.Bufs[c.from]]
		lane := w.places[i].lane
		w.scratch[lane] = max(w.scratch[lane], c.space())
	}
	w.share(own)
	return w, nil
}

// space is the scratch memory of a call: packed words that are not kept, and
// behind them the rest.
func (p planned) space() int {
	if p.once {
		return p.scratch
	}
	return align(p.packed) + p.scratch
}

// plan plans calls; their words follow those of the calls before.
func (w *work) plan(p planner, calls []kernels.Call) (out []planned, err error) {
	for _, c := range calls {
		outputs, inputs := c.Op.Buffers()
		for _, n := range append(outputs, inputs...) {
			if n > maxElements {
				return nil, fmt.Errorf("cuda: %s has a buffer of %d elements, expected at most %d", kernels.Name(c.Op), n, maxElements)
			}
		}
		s, err := p.plan(c.Op)
		if err != nil {
			return nil, err
		}
		out = append(out, planned{steps: s, call: c, words: len(w.words)})
		w.words = append(w.words, kernels.Words(c.Op)...)
	}
	return out, nil
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
