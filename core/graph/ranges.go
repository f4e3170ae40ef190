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

// Convolutions are the scopes of the program's convolutions, in its order.
func (s *Session) Convolutions() []string {
	var paths []string
	for i, c := range s.p.Kernels.Calls {
		if _, is := c.Op.(kernels.Conv2D); is {
			paths = append(paths, s.p.Paths[i])
		}
	}
	return paths
}

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
