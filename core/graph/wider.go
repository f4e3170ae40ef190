package graph

import (
	"fmt"
	"slices"

	"aecsad/kernels"
)

// Wider are the precisions that convolutions keep in a program of the precision int8 or
// bf16, by their scope: bf16 or f32.
type Wider map[string]string

// Check returns an error that names the first precision that is none of them.
func (w Wider) Check() error {
	for path, precision := range w {
		if !slices.Contains([]string{kernels.Float32, kernels.BFloat16}, precision) {
			return fmt.Errorf("%s keeps the precision %q; expected %s or %s", path, precision, kernels.Float32, kernels.BFloat16)
		}
	}
	return nil
}

// SetWider tells the program what its convolutions keep.
func (p *Program) SetWider(w Wider) {
	p.Kernels.Wider = make([]string, len(p.Kernels.Calls))
	for i, path := range p.Paths {
		p.Kernels.Wider[i] = w[path]
	}
}

// Signed are the convolutions whose input may be negative, which bytes do not hold:
// they keep bf16.
func (r Ranges) Signed() Wider {
	w := Wider{}
	for path, x := range r {
		if x.Low < 0 {
			w[path] = kernels.BFloat16
		}
	}
	return w
}
