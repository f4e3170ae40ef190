package cpu

import "aecsad/kernels"

// Convolutions want their weights in another form: taken to the points of
// Winograd's method, or packed as panels. Weights that no call of the run writes
// are prepared when they are new; those of a training step, at every call.

// weights is where the prepared weights of a run's calls are, in floats.
type weights struct {
	calls    map[int]preparedWeights
	constant map[kernels.Slot][]int // slots of constant weights, and their calls
	folded   []kernels.Slot         // those of them that Setup writes
	size     int
	scratch  int // floats that a task needs
}

type preparedWeights struct {
	first    int
	changing bool
}

// weightSlot is the buffer that holds the weights, of the calls that have some.
const weightSlot = 2

// weightsOf lays out the prepared weights of a program: the constant ones, and
// behind them one place for all changing ones, which are prepared just before
// their use. needs gives the sizes that an instruction asks for.
func weightsOf(p *kernels.Program, needs func(kernels.Op) (prepared, scratch int)) weights {
	w := weights{calls: map[int]preparedWeights{}, constant: map[kernels.Slot][]int{}}
	written, shared := outputs(p.Calls), 0
	for i, c := range p.Calls {
		n, scratch := needs(c.Op)
		w.scratch = max(w.scratch, scratch)
		switch {
		case n == 0:
		case written[c.Bufs[weightSlot]]:
			w.calls[i] = preparedWeights{changing: true}
			shared = max(shared, n)
		default:
			w.calls[i] = preparedWeights{first: w.size}
			w.constant[c.Bufs[weightSlot]] = append(w.constant[c.Bufs[weightSlot]], i)
			w.size += n
		}
	}
	for i, of := range w.calls {
		if of.changing {
			w.calls[i] = preparedWeights{w.size, true}
		}
	}
	w.size += shared
	for slot := range outputs(p.Setup) {
		if w.constant[slot] != nil {
			w.folded = append(w.folded, slot)
		}
	}
	return w
}

// outputs are the slots that calls write.
func outputs(calls []kernels.Call) map[kernels.Slot]bool {
	written := map[kernels.Slot]bool{}
	for _, c := range calls {
		out, _ := c.Op.Buffers()
		for _, b := range c.Bufs[:len(out)] {
			written[b] = true
		}
	}
	return written
}
