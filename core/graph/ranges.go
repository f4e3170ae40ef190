package graph

import (
	"fmt"
	"maps"

	"aecsad/kernels"
)

// Ranges are the ranges of what each convolution of a program sees, by its scope.
type Ranges map[string]kernels.Range

// Check returns an error that names the first impossible range.
func (r Ranges) Check() error {
	for path, x := range r {
		if err := x.Check(); err != nil {
			return fmt.Errorf("input of %s: %w", path, err)
		}
	}
	return nil
}

// With covers what r and o cover.
func (r Ranges) With(o Ranges) Ranges {
	all := Ranges{}
	maps.Copy(all, r)
	for path, x := range o {
		if known, ok := r[path]; ok {
			x = x.With(known)
		}
		all[path] = x
	}
	return all
}

// SetRanges gives the program the ranges of its convolutions' inputs, for the
// precision int8. It must have one for each of them.
func (p *Program) SetRanges(r Ranges) error {
	ranges := make([]kernels.Range, len(p.Kernels.Calls))
	for i, c := range p.Kernels.Calls {
		if _, is := c.Op.(kernels.Conv2D); !is {
			continue
		}
		x, ok := r[p.Paths[i]]
		if !ok {
			return fmt.Errorf("there is no range for the input of %s; expected one for every convolution", p.Paths[i])
		}
		ranges[i] = x
	}
	p.Kernels.Ranges = ranges
	return nil
}

// Convolution is a convolution of a program: its scope, and its multiply-adds.
type Convolution struct {
	Path string
	Work float64
}

// Convolutions are those of the program, in its order.
func (p *Program) Convolutions() []Convolution {
	var all []Convolution
	for i, c := range p.Kernels.Calls {
		if o, is := c.Op.(kernels.Conv2D); is {
			all = append(all, Convolution{p.Paths[i], float64(o.N*o.K*o.P()*o.Q()) * float64(o.C*o.R*o.S)})
		}
	}
	return all
}

// Convolutions are those of the session's program.
func (s *Session) Convolutions() []Convolution { return s.p.Convolutions() }

// Ranges is Run, and returns what each convolution saw. It is an error on a machine
// that cannot tell.
func (s *Session) Ranges() (Ranges, error) {
	ranger, ok := s.s.(kernels.Ranger)
	if !ok {
		return nil, fmt.Errorf("this machine does not tell the ranges of its convolutions' inputs; expected the device cpu")
	}
	seen, err := ranger.Ranges()
	if err != nil {
		return nil, err
	}
	r := Ranges{}
	for i, c := range s.p.Kernels.Calls {
		if _, is := c.Op.(kernels.Conv2D); is {
			r[s.p.Paths[i]] = seen[i]
		}
	}
	return r, nil
}
