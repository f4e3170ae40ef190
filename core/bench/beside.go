package bench

import (
	"fmt"
	"io"

	"aecsad/core/graph"
	"aecsad/kernels"
)

// Ranges are what the convolutions of a subject see of its drawn inputs.
func Ranges(d kernels.Device, s Subject, threads int) (graph.Ranges, error) {
	session, err := load(d, s, threads)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return session.Ranges()
}

// WriteBeside prints layers or stages in float32, and the same in less.
func WriteBeside(w io.Writer, precision string, f32, less []Layer) {
	width := len("all")
	for _, l := range f32 {
		width = max(width, len(l.Path))
	}
	fmt.Fprintf(w, "%-*s  %-26s %9s %9s %7s\n", width, "", "", "f32, ms", precision+", ms", "times")
	for i, l := range f32 {
		a, b := milliseconds(l.Time), milliseconds(less[i].Time)
		fmt.Fprintf(w, "%-*s  %-26s %9.3f %9.3f %6.2fx\n", width, l.Path, l.Form, a, b, a/b)
	}
}
