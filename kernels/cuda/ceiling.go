//go:build cuda

package cuda

import (
	"fmt"
	"time"

	"gorgonia.org/cu"

	"aecsad/kernels"
)

// ceilingRounds are measured after one that is not counted; the fastest counts.
const ceilingRounds = 5

// Ceilings measures what a GPU does at best, by kernels that do nothing else:
// copies of `floats` float32 (a multiple of 4), and `turns` rounds of multiply-adds
// in the registers of `blocks` blocks, on the ordinary and the tensor cores.
func Ceilings(name string, floats, blocks, turns int) ([]Ceiling, error) {
	opened, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	d := opened.(*device)
	s := &session{device: d, work: &work{}, weights: &weights{}, sizes: []int{max(floats, blocks*threads), floats}}
	defer s.Close()
	var out []Ceiling
	measure := func(name, precision, unit string, work float64, l launch) error {
		fastest, err := s.fastest(l)
		if err != nil {
			return d.wrap(l.kernel, err)
		}
		out = append(out, Ceiling{name, precision, work / fastest.Seconds(), unit})
		return nil
	}
	err = d.do(func() error {
		if err := s.allocate(s.sizes); err != nil {
			return err
		}
		err := measure("copy, read and written", "", "byte/s", 8*float64(floats), over("ceiling_copy", floats/4, buf(0), buf(1), num(floats/4)))
		all := float64(blocks) * float64(turns)
		if err == nil {
			err = measure("multiply-adds, f32", kernels.Float32, "operations/s", all*threads*16*2, blocksOf("ceiling_fma", blocks, turns))
		}
		for _, precision := range precisions(d.capability)[1:] {
			depth := 8 * numbersPerWord[precision]
			work := all * threads / 32 * 8 * float64(2*16*8*depth)
			if err == nil {
				err = measure("tensor cores, "+precision, precision, "operations/s", work, blocksOf("ceiling_"+precision, blocks, turns))
			}
		}
		return err
	})
	return out, err
}

func blocksOf(kernel string, n, turns int) launch { return blocks(kernel, n, buf(0), num(turns)) }

// fastest is the shortest time of a kernel, by the device's clock.
func (s *session) fastest(l launch) (time.Duration, error) {
	b, err := s.device.bind(l, resolve{buffers: s.slots})
	if err != nil {
		return 0, err
	}
	s.first, s.calls = nil, nil
	for i := 0; i <= ceilingRounds; i++ {
		s.first, s.calls = append(s.first, i), append(s.calls, b)
	}
	events, err := s.runWithEvents()
	best := 0.0
	for i := 1; err == nil && i <= ceilingRounds; i++ {
		var milliseconds float64
		milliseconds, err = events[i].Elapsed(events[i+1])
		if i == 1 || milliseconds < best {
			best = milliseconds
		}
	}
	for i := range events {
		if e := cu.DestroyEvent(&events[i]); err == nil {
			err = e
		}
	}
	if err == nil && best <= 0 {
		err = fmt.Errorf("the clock of the device shows %v ms", best)
	}
	return time.Duration(best * float64(time.Millisecond)), err
}
