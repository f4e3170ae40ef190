package cpu

import (
	"fmt"

	"aecsad/kernels"
)

// Convolutions want their weights in another form: taken to the points of
// Winograd's method, or packed as panels. Weights that no call of the run writes
// are prepared when they are new; those of a training step, at every call.

// weights is where the prepared weights of a run's calls are, in floats.
type weights struct {
	calls    map[int]preparedWeights
	constant map[kernels.Slot][]int // slots of constant weights, and their calls
	folded   []kernels.Slot         // those of them that Setup writes
	size     int
	enlarged map[int]enlarged // what convolutions do of the calls before them
	scratch  int              // floats that a task needs
	cells    int              // floats for the input of a convolution in less than float32
}

// needs is what the kernel of an instruction asks for, in floats.
type needs struct{ prepared, scratch, cells int }

type preparedWeights struct {
	first    int
	changing bool
	as       precision
}

// precision is what a call computes in.
type precision struct {
	name    string
	most    float64 // the largest input, in int8
	rounded bool    // it is float32 of rounded numbers
}

// inputSlot and weightSlot are the buffers of a convolution's input and weights.
const inputSlot, weightSlot = 1, 2

// weightsOf lays out the prepared weights of a program: the constant ones, and
// behind them one place for all changing ones, which are prepared just before
// their use. Rounded is that of kernels.Options.
func (d *Device) weightsOf(p *kernels.Program, name string, rounded bool) weights {
	w := weights{calls: map[int]preparedWeights{}, constant: map[kernels.Slot][]int{}, enlarged: map[int]enlarged{}}
	written, shared := outputs(p.Calls), 0
	for i, c := range p.Calls {
		n, as := d.needs(c.Op), precision{name: kernels.Float32}
		if less := lessOf(p, i, name, written); less.name != kernels.Float32 {
			small := d.reducedNeeds(less.name, c.Op)
			switch {
			case small.prepared > 0 && (!rounded || d.isa.unit == d.isa.tiles):
				n, as = small, less
			case rounded:
				n.cells, as = roundedCells(c.Op), less
				as.rounded = true
			}
		}
		if as.name == kernels.Float32 {
			n = d.enlarges(p, i, written, &w, n)
			if tiled := d.thirdsOf(p, i, written, &w); tiled.prepared > 0 {
				n, as = tiled, precision{name: kernels.BF16x6}
			}
		}
		w.scratch, w.cells = max(w.scratch, n.scratch), max(w.cells, n.cells)
		switch {
		case n.prepared == 0:
		case written[c.Bufs[weightSlot]]:
			w.calls[i] = preparedWeights{changing: true, as: as}
			shared = max(shared, n.prepared)
		default:
			w.calls[i] = preparedWeights{first: w.size, as: as}
			w.constant[c.Bufs[weightSlot]] = append(w.constant[c.Bufs[weightSlot]], i)
			w.size += n.prepared
		}
	}
	for i, of := range w.calls {
		if of.changing {
			of.first = w.size
			w.calls[i] = of
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

// enlarges is what call i needs, which is n unless it is a convolution that gains by doing
// the two calls before it as well.
func (d *Device) enlarges(p *kernels.Program, i int, written map[kernels.Slot]bool, w *weights, n needs) needs {
	c := p.Calls[i]
	conv, is := c.Op.(kernels.Conv2D)
	if !is || written[c.Bufs[weightSlot]] {
		return n
	}
	if e, ok := enlargedOf(p, i); ok {
		if less := d.upsampledNeeds(conv, e); less.prepared > 0 {
			w.enlarged[i] = e
			return less
		}
	}
	return n
}

// thirdsOf is what call i needs if it is a convolution that gains by matrix tiles in float32
// (tiles_thirds.h), with weights that the run does not write: training is in float32. What a
// convolution does of the calls around it gains more. In float32 a device has no tiles.
func (d *Device) thirdsOf(p *kernels.Program, i int, written map[kernels.Slot]bool, w *weights) needs {
	c := p.Calls[i]
	conv, is := c.Op.(kernels.Conv2D)
	if _, more := w.enlarged[i]; more || !is || written[c.Bufs[weightSlot]] {
		return needs{}
	}
	if i+1 < len(p.Calls) && d.follower(conv, c.Bufs[0], p.Calls[i+1]) != 0 {
		return needs{}
	}
	if i > 0 {
		if resize, does := p.Calls[i-1].Op.(kernels.Resize); does && d.resizesAtOnce(conv, resize) {
			return needs{}
		}
	}
	return d.reducedNeeds(kernels.BF16x6, c.Op)
}

// lessOf is the precision that call i may compute in, which is float32 but for
// convolutions: those in int8 have an input that is never negative, and those in bf16
// weights that the run does not write, since training is in float32.
func lessOf(p *kernels.Program, i int, name string, written map[kernels.Slot]bool) precision {
	c := p.Calls[i]
	if _, is := c.Op.(kernels.Conv2D); !is || kernels.Whole(name) {
		return precision{name: kernels.Float32}
	}
	if len(p.Wider) > 0 && p.Wider[i] != "" {
		name = p.Wider[i]
	}
	most := 0.0
	if name == kernels.Int8 && p.Ranges[i].Low >= 0 {
		most = float64(p.Ranges[i].High)
	}
	if name == kernels.Int8 && most > 0 || name == kernels.BFloat16 && !written[c.Bufs[weightSlot]] {
		return precision{name: name, most: most}
	}
	return precision{name: kernels.Float32}
}

// roundedCells is the room for rounded numbers of a convolution, of its input or its weights.
func roundedCells(op kernels.Op) int {
	_, in := op.Buffers()
	return max(in[inputSlot-1], in[weightSlot-1])
}

// precisionOf is that of the options, which a program in int8 must have ranges for.
func precisionOf(p *kernels.Program, o kernels.Options) (string, error) {
	precision, err := kernels.PrecisionOf("cpu", o, kernels.Float32, kernels.BF16x6, kernels.BFloat16, kernels.Int8)
	if err == nil && precision == kernels.Int8 && len(p.Ranges) == 0 {
		err = fmt.Errorf("cpu: the program has no ranges of its convolutions' inputs; expected them for precision %s", precision)
	}
	return precision, err
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
