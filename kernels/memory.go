package kernels

import "errors"

// ErrNoMemory is wrapped by the errors of a machine that the system refuses
// memory, or threads.
var ErrNoMemory = errors.New("no memory")

// Footprint is the memory that a loaded program takes, in bytes.
type Footprint struct {
	Shared  int64 // once, for all sessions of the program
	Session int64 // for each session
}

// Sizer is a Device that knows the footprint of a program before Load takes it.
type Sizer interface {
	Footprint(p *Program, o Options) (Footprint, error)
}

// FootprintOf asks the device, or adds up the slots if it does not know.
func FootprintOf(d Device, p *Program, o Options) (Footprint, error) {
	if s, ok := d.(Sizer); ok {
		return s.Footprint(p, o)
	}
	f := Footprint{}
	for _, n := range p.Sizes {
		f.Session += 4 * int64(n)
	}
	return f, nil
}
