package graph

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"sync/atomic"

	"aecsad/core/task"
	"aecsad/kernels"
)

// SetWeights writes every weight that the program uses and runs its setup.
// Weights that the program does not use are ignored.
func (s *Session) SetWeights(from Source) error {
	if err := s.p.Fits(from); err != nil {
		return err
	}
	if err := s.fill(from); err != nil {
		return err
	}
	return s.s.Setup()
}

// Fits checks, before any memory is taken, that the source has every weight that
// the program uses, in its shape. Errors name the first misfit in alphabetical
// order.
func (p *Program) Fits(from Source) error {
	names := make([]string, 0, len(p.Weights))
	for name := range p.Weights {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		shape, ok := from.Shape(name)
		if want := p.Weights[name].Shape; !ok {
			return fmt.Errorf("weight %s is missing; expected shape %v", name, want)
		} else if !slices.Equal(shape, want) {
			return fmt.Errorf("weight %s has shape %v, expected %v", name, shape, want)
		}
	}
	return nil
}

// order lists the weights such that a machine that uses them as they come keeps
// few of them: what a setup call reads comes together. The largest come first,
// when least of the memory is taken.
func (p *Program) order() []string {
	names := map[kernels.Slot]string{}
	for name, b := range p.Weights {
		names[b.Slot] = name
	}
	var groups [][]string
	take := func(slots ...kernels.Slot) {
		var group []string
		for _, s := range slots {
			if name, ok := names[s]; ok {
				group = append(group, name)
				delete(names, s)
			}
		}
		groups = append(groups, group)
	}
	for _, c := range p.Kernels.Setup {
		take(c.Bufs...)
	}
	for s := range p.Kernels.Sizes {
		take(kernels.Slot(s))
	}
	size := func(group []string) (n int) {
		for _, name := range group {
			n += p.Weights[name].Len()
		}
		return n
	}
	slices.SortStableFunc(groups, func(a, b []string) int { return cmp.Compare(size(b), size(a)) })
	return slices.Concat(groups...)
}

// maxReaders bounds how many weights are read before the machine takes them.
const maxReaders = 4

// filling is SetWeights at work.
type filling struct {
	s     *Session
	from  Source
	order []string
	next  atomic.Int64  // of order, to be read
	ready []chan weight // by the place in order
	stop  chan struct{} // closed when nobody wants more
}

type weight struct {
	data     []float32
	err      error
	panicked any
}

// fill reads weights on several cores, each of which waits until the machine has
// taken its last one, and writes them in order.
func (s *Session) fill(from Source) error {
	f := &filling{s: s, from: from, order: s.p.order(), stop: make(chan struct{})}
	for range f.order {
		f.ready = append(f.ready, make(chan weight))
	}
	for range min(runtime.GOMAXPROCS(0), maxReaders) {
		defer task.Start(f.read).Join()
	}
	defer close(f.stop)
	return f.write()
}

func (f *filling) read() {
	for {
		i := int(f.next.Add(1)) - 1
		if i >= len(f.order) {
			return
		}
		select {
		case f.ready[i] <- f.weight(f.order[i]):
		case <-f.stop:
			return
		}
	}
}

// weight reads into the machine's own memory where it lends some. A panic is left
// to write, which waits for the weight.
func (f *filling) weight(name string) (w weight) {
	defer func() { w.panicked = recover() }()
	b := f.s.p.Weights[name]
	if lender, ok := f.s.s.(kernels.Lender); ok {
		w.data = lender.Lend(b.Slot)
	}
	if w.data == nil {
		w.data = make([]float32, b.Len())
	}
	w.err = f.from.Read(name, w.data)
	return w
}

func (f *filling) write() error {
	for i, name := range f.order {
		w := <-f.ready[i]
		if w.panicked != nil {
			panic(w.panicked)
		}
		if w.err != nil {
			return w.err // names the weight
		}
		if err := f.s.s.Write(f.s.p.Weights[name].Slot, w.data); err != nil {
			return fmt.Errorf("weight %s: %w", name, err)
		}
	}
	return nil
}
