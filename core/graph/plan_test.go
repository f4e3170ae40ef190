package graph

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
)

// replay is the slow checker of a plan. It runs the program before planning, one
// slot per value, beside the planned one, on symbols instead of numbers: a slot
// holds the name of what was last written to it. Whatever the unplanned program
// reads, the planned one must read the same.
func replay(l *lowering, real []kernels.Slot, p *kernels.Program) error {
	virtual, planned := make([]string, len(l.sizes)), make([]string, len(p.Sizes))
	for v := range virtual {
		if l.bound[kernels.Slot(v)] { // what the host writes, or what is kept between runs
			virtual[v] = fmt.Sprintf("initial %d", v)
			planned[real[v]] = virtual[v]
		}
	}
	step := func(name string, c, k kernels.Call) error {
		out, _ := c.Op.Buffers()
		for i, v := range c.Bufs {
			reads := i >= len(out) || l.bound[v] // an output that is kept may be in/out
			if reads && virtual[v] != planned[k.Bufs[i]] {
				return fmt.Errorf("%s %s: buffer %d should hold %q, slot %d holds %q", name, kernels.Name(c.Op), i, virtual[v], k.Bufs[i], planned[k.Bufs[i]])
			}
			if reads && virtual[v] == "" {
				return fmt.Errorf("%s %s: buffer %d is read before it is written", name, kernels.Name(c.Op), i)
			}
		}
		for i := range out {
			virtual[c.Bufs[i]] = fmt.Sprintf("%s %s output %d", name, kernels.Name(c.Op), i)
			planned[k.Bufs[i]] = virtual[c.Bufs[i]]
		}
		return nil
	}
	for run := range 3 { // setup, then twice the calls: the second run sees what the first left
		calls, mapped := l.calls, p.Calls
		if run == 0 {
			calls, mapped = l.setup, p.Setup
		}
		for i := range calls {
			if err := step(fmt.Sprintf("run %d call %d", run, i), calls[i], mapped[i]); err != nil {
				return err
			}
		}
	}
	for v := range virtual {
		if l.bound[kernels.Slot(v)] && virtual[v] != planned[real[v]] {
			return fmt.Errorf("in the end slot %d should hold %q, holds %q", real[v], virtual[v], planned[real[v]])
		}
	}
	return nil
}

// lowered is a training step or an inference with its virtual slots.
func lowered(g *Graph, o Outputs, loss *Value, training bool) *lowering {
	l := newLowering(training)
	if training {
		l.learn(g, loss, o)
		l.adam(g, Adam(0))
	} else {
		l.forward(fuse(reach(g, o.sorted()), o.sorted(), func(*node) bool { return true }))
	}
	for _, name := range o.names() {
		l.bound[l.slot(o[name])] = true
	}
	return l
}

func TestPlanNeverOverwritesWhatIsStillRead(t *testing.T) {
	before, after := 0, 0
	for seed := range uint64(150) {
		g, o, loss := grow(t, seed, 5+int(seed)%30)
		for _, training := range []bool{false, true} {
			l := lowered(g, o, loss, training)
			real, p := l.plan()
			require.NoError(t, p.Check(), "seed %d", seed)
			require.NoError(t, replay(l, real, p), "seed %d, training %v", seed, training)
			before += sum(l.sizes)
			after += sum(p.Sizes)
		}
	}
	assert.Less(t, after, before*9/10, "the plan shares next to nothing")
	t.Logf("planned memory is %.0f %% of one slot per value", 100*float64(after)/float64(before))
}

// TestTheSlowCheckerNotices: a plan with two live values in one slot fails.
func TestTheSlowCheckerNotices(t *testing.T) {
	g, o, loss := grow(t, 7, 20)
	l := lowered(g, o, loss, true)
	real, p := l.plan()
	require.NoError(t, replay(l, real, p))
	caught, tried := 0, 0
	for i, c := range p.Calls[:len(p.Calls)/2] {
		if !readAfter(l, i, l.calls[i].Bufs[0]) {
			continue // nobody would miss it
		}
		first, old := c.Bufs[0], c.Bufs[0]
		for s := range p.Sizes {
			if kernels.Slot(s) != first {
				c.Bufs[0] = kernels.Slot(s)
				tried++
				if replay(l, real, p) != nil {
					caught++
				}
			}
		}
		c.Bufs[0] = old
	}
	assert.Equal(t, tried, caught, "misplaced outputs that the checker let pass")
}

// What a chain of planar calls leaves behind does not lie on what the chain reads, though
// that is read no more and of the right size.
func TestPlanKeepsAChainOffWhatItReads(t *testing.T) {
	o := Outputs{}
	g, err := Build(func(g *Graph) {
		s := g.Root()
		x := g.Input("x", 1, 4, 8, 8)
		one, other := s.Sub("one").Relu(x), s.Sub("other").Relu(x)
		y := s.Resize(s.Add(one, other), 16, 4)
		o["y"] = s.Sub("after").Relu(y)
	})
	require.NoError(t, err)
	calls := g.Compile(o).Kernels.Calls
	require.Len(t, calls, 5)
	assert.Equal(t, "Add", kernels.Name(calls[2].Op))
	assert.NotContains(t, calls[2].Bufs[1:], calls[3].Bufs[0])
}

// Nor does what a convolution and the pooling behind it put out lie on what the resize
// before it reads, since a machine may do the three at once.
func TestPlanKeepsAConvolutionOffWhatIsResized(t *testing.T) {
	o := Outputs{}
	g, err := Build(func(g *Graph) {
		s := g.Root()
		small := s.Sub("before").Relu(g.Input("x", 1, 4, 8, 8))
		y := s.Conv2D(s.Resize(small, 16, 16), s.Param("weight", Uniform(1), 4, 4, 3, 3), nil, Conv{Pad: 1})
		o["y"] = s.Sub("after").Relu(s.AvgPool(y, Pool{Size: 2, Stride: 2}))
	})
	require.NoError(t, err)
	calls := g.Compile(o).Kernels.Calls
	require.Len(t, calls, 5)
	assert.Equal(t, "Conv2D", kernels.Name(calls[2].Op))
	small := calls[1].Bufs[1]
	assert.NotEqual(t, small, calls[2].Bufs[0])
	assert.NotEqual(t, small, calls[3].Bufs[0])
}

func readAfter(l *lowering, i int, v kernels.Slot) bool {
	for _, c := range l.calls[i+1:] {
		out, _ := c.Op.Buffers()
		if slices.Contains(c.Bufs[len(out):], v) {
			return true
		}
	}
	return false
}

func sum(sizes []int) int {
	n := 0
	for _, s := range sizes {
		n += s
	}
	return n
}
