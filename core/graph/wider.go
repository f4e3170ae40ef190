package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

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

// Stage of a convolution: the first two names of its path in the large networks, such as
// encoder.layer1, and the first one in others. Calibration gives a stage one precision.
func Stage(path string) string {
	names := strings.SplitN(path, ".", 3)
	if len(names) > 1 && (names[0] == "encoder" || names[0] == "local") {
		return names[0] + "." + names[1]
	}
	return names[0]
}

// Of are the precisions of other convolutions whose stages have the same names: each has
// what most of its stage has here, where `all` are the paths.
func (w Wider) Of(convolutions []Convolution, all []string) Wider {
	counts := map[string]map[string]int{}
	for _, path := range all {
		s := Stage(path)
		if counts[s] == nil {
			counts[s] = map[string]int{}
		}
		counts[s][w[path]]++
	}
	of := Wider{}
	for _, c := range convolutions {
		most, precision := 0, ""
		for _, p := range []string{"", kernels.BFloat16, kernels.Float32} {
			if n := counts[Stage(c.Path)][p]; n > most {
				most, precision = n, p
			}
		}
		if precision != "" {
			of[c.Path] = precision
		}
	}
	return of
}

// String names the stages, such as "bf16 in local.conv3, segmentor; f32 in encoder.conv1".
// A stage that has some wider convolutions, because their input is signed, counts.
func (w Wider) String() string {
	stages := map[string][]string{}
	for _, path := range slices.Sorted(maps.Keys(w)) {
		if s := Stage(path); !slices.Contains(stages[w[path]], s) {
			stages[w[path]] = append(stages[w[path]], s)
		}
	}
	var all []string
	for _, precision := range slices.Sorted(maps.Keys(stages)) {
		all = append(all, precision+" in "+strings.Join(stages[precision], ", "))
	}
	return strings.Join(all, "; ")
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
