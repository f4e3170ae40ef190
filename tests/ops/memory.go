package ops

import (
	"math"

	"aecsad/kernels"
)

// guard is the number of elements behind each buffer that must stay as they are:
// more than two of the widest vectors, and odd.
const guard = 37

// fence is what stands behind an output. Behind an input stands NaN, so that an
// element read beyond the end shows in the result.
const fence = -77.25

var nan = float32(math.NaN())

// memory is a case's buffers before the run, with guards, one slot each. Outputs
// hold NaN.
type memory struct {
	op      kernels.Op
	outputs int
	lens    []int
	buffers [][]float32
}

func newMemory(c Case) memory {
	out, in := c.Op.Buffers()
	m := memory{op: c.Op, outputs: len(out), lens: append(append([]int{}, out...), in...)}
	r := c.rand()
	for i, n := range m.lens {
		values, behind := list(nan)(r, n), float32(fence)
		if i >= len(out) {
			values, behind = c.In[i-len(out)](r, n), nan
		} else if content, ok := c.InOut[i]; ok {
			values = content(r, n)
		}
		m.buffers = append(m.buffers, append(values, list(behind)(r, guard)...))
	}
	return m
}

// run executes the instruction and returns all slots. BatchNormFold runs in
// Setup, where it belongs.
func (m memory) run(device kernels.Device, threads int) ([][]float32, error) {
	call := kernels.Call{Op: m.op}
	p := &kernels.Program{}
	for i, b := range m.buffers {
		call.Bufs = append(call.Bufs, kernels.Slot(i))
		p.Sizes = append(p.Sizes, len(b))
	}
	if _, fold := m.op.(kernels.BatchNormFold); fold {
		p.Setup = []kernels.Call{call}
	} else {
		p.Calls = []kernels.Call{call}
	}
	s, err := device.Load(p, kernels.Options{Threads: threads})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for i, b := range m.buffers {
		if err := s.Write(kernels.Slot(i), b); err != nil {
			return nil, err
		}
	}
	if err := s.Setup(); err != nil {
		return nil, err
	}
	if err := s.Run(); err != nil {
		return nil, err
	}
	out := make([][]float32, len(m.buffers))
	for i, b := range m.buffers {
		out[i] = make([]float32, len(b))
		if err := s.Read(kernels.Slot(i), out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// values are buffer i of a run without its guard.
func (m memory) values(run [][]float32, i int) []float32 { return run[i][:m.lens[i]] }
