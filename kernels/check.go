package kernels

import (
	"fmt"
	"reflect"
)

// Name is the instruction's name, "Conv2D".
func Name(op Op) string { return reflect.TypeOf(op).Name() }

// Check verifies that every call binds the right number of slots, that every
// slot exists and is large enough, and that no output aliases another buffer of
// the same call. Machines call it in Load, so that kernels need not check.
func (p *Program) Check() error {
	for name, calls := range map[string][]Call{"setup": p.Setup, "run": p.Calls} {
		for i, c := range calls {
			if err := p.checkCall(c); err != nil {
				return fmt.Errorf("program: %s call %d (%s): %w", name, i, Name(c.Op), err)
			}
		}
	}
	if err := p.checkRanges(); err != nil {
		return err
	}
	for _, s := range p.Passing {
		if s < 0 || int(s) >= len(p.Sizes) {
			return fmt.Errorf("program: slot %d of Passing is not among the %d of the program", s, len(p.Sizes))
		}
	}
	return p.checkOnce()
}

func (p *Program) checkRanges() error {
	if n := len(p.Ranges); n != 0 && n != len(p.Calls) {
		return fmt.Errorf("program: there are %d ranges for %d calls; expected one for each, or none", n, len(p.Calls))
	}
	if n := len(p.Wider); n != 0 && n != len(p.Calls) {
		return fmt.Errorf("program: there are %d wider precisions for %d calls; expected one for each, or none", n, len(p.Calls))
	}
	for i, r := range p.Ranges {
		if err := r.Check(); err != nil {
			return fmt.Errorf("program: run call %d (%s): %w", i, Name(p.Calls[i].Op), err)
		}
	}
	return nil
}

func (p *Program) checkOnce() error {
	once := map[Slot]bool{}
	for _, s := range p.Once {
		if s < 0 || int(s) >= len(p.Sizes) || once[s] {
			return fmt.Errorf("program: slot %d of Once is there twice or not among the %d of the program", s, len(p.Sizes))
		}
		once[s] = true
	}
	for _, c := range append(append([]Call{}, p.Setup...), p.Calls...) {
		out, _ := c.Op.Buffers()
		for _, s := range c.Bufs[:len(out)] {
			if once[s] {
				return fmt.Errorf("program: %s writes slot %d, which is of Once", Name(c.Op), s)
			}
		}
	}
	return nil
}

// check is asked before the sizes, which divide by the stride.
func (c ConvShape) check() error { return checkStride(c.Stride) }

func (s PoolShape) check() error { return checkStride(s.Stride) }

func checkStride(stride int) error {
	if stride < 1 {
		return fmt.Errorf("stride is %d; expected at least 1", stride)
	}
	return nil
}

func (p *Program) checkCall(c Call) error {
	if g, ok := c.Op.(interface{ check() error }); ok {
		if err := g.check(); err != nil {
			return err
		}
	}
	out, in := c.Op.Buffers()
	want := append(append([]int{}, out...), in...)
	if len(c.Bufs) != len(want) {
		return fmt.Errorf("wants %d buffers, call binds %d", len(want), len(c.Bufs))
	}
	for i, s := range c.Bufs {
		if s < 0 || int(s) >= len(p.Sizes) {
			return fmt.Errorf("buffer %d: slot %d does not exist, the program has %d", i, s, len(p.Sizes))
		}
		if want[i] <= 0 {
			return fmt.Errorf("buffer %d: shape gives %d elements", i, want[i])
		}
		if p.Sizes[s] < want[i] {
			return fmt.Errorf("buffer %d: wants %d elements, slot %d holds %d", i, want[i], s, p.Sizes[s])
		}
		for j := 0; j < min(i, len(out)); j++ {
			if c.Bufs[j] == s {
				return fmt.Errorf("buffers %d and %d share slot %d, but %d is an output", j, i, s, j)
			}
		}
	}
	return nil
}
