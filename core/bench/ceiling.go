package bench

import (
	"fmt"
	"sync"
	"time"

	"aecsad/core/graph"
	"aecsad/kernels"
)

// Ceiling is what a machine can do at best with a number of threads. A zero
// means that it cannot be measured.
type Ceiling struct {
	GFLOPS float64 // multiply-adds on registers
	GBPS   float64 // from and to memory outside the caches
}

func (c Ceiling) String() string {
	return fmt.Sprintf("%s GFLOP/s in registers, %s GB/s from memory", orDash(c.GFLOPS, "%.1f"), orDash(c.GBPS, "%.1f"))
}

// MeasureCeiling takes about half a second.
func MeasureCeiling(d kernels.Device, threads int) (Ceiling, error) {
	var c Ceiling
	if m, ok := d.(kernels.Meter); ok {
		c.GFLOPS = registers(m, threads)
	}
	var err error
	c.GBPS, err = bandwidth(d, threads)
	return c, err
}

// registers adds what all threads reach at the same time.
func registers(m kernels.Meter, threads int) float64 {
	rates := make([]float64, threads)
	var wait sync.WaitGroup
	for i := range rates {
		wait.Go(func() { rates[i] = m.Peak() })
	}
	wait.Wait()
	sum := 0.0
	for _, r := range rates {
		sum += r
	}
	return sum
}

// bandwidth is the best of a few additions of buffers of 64 MiB, twice the size
// of large caches: it reads two and writes one.
func bandwidth(d kernels.Device, threads int) (float64, error) {
	const length = 64 << 20 / 4
	p, err := compile(func(g *graph.Graph) graph.Outputs {
		shape := []int{1, 1, 1, length}
		return graph.Outputs{"y": g.Root().Add(g.Input("a", shape...), g.Input("b", shape...))}
	})
	if err != nil {
		return 0, err
	}
	s, err := load(d, Subject{Name: "bandwidth", Program: p}, threads)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	best := time.Hour
	for range 5 {
		start := time.Now()
		if err := s.Run(); err != nil {
			return 0, err
		}
		best = min(best, time.Since(start))
	}
	return traffic(p.Kernels.Calls[0].Op) / best.Seconds() / 1e9, nil
}

// Share is the part of the ceiling that work of so many operations and bytes
// reached: the time that it would take at best over the time that it took. It
// exceeds 1 where data stays in caches or an algebraic trick saves operations.
func (c Ceiling) Share(operations, bytes float64, took time.Duration) float64 {
	best := 0.0
	if c.GFLOPS > 0 {
		best = operations / (c.GFLOPS * 1e9)
	}
	if c.GBPS > 0 {
		best = max(best, bytes/(c.GBPS*1e9))
	}
	return best / took.Seconds()
}
