package bench

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
)

// Growth is the cost of inspections of one size.
type Growth struct {
	Side, Threads, Sessions int
	Times                   Times
	PerSecond               float64 // inspections, of all sessions together
	Memory                  int64   // resident bytes of this process, 0 if unknown
}

// growthSides and growthSessions are the work that grows: larger inputs, and
// more inspections at the same time.
var (
	growthSides    = []int{256, 384, 512}
	growthSessions = []int{1, 2, 4, 8}
)

// MeasureGrowth times inspections over input sides for each number of threads,
// and over numbers of concurrent inspections of one thread each.
func MeasureGrowth(ctx context.Context, c net.Config, w graph.Weights, d kernels.Device, threads []int, runs int) ([]Growth, error) {
	var work []Growth
	for _, n := range threads {
		for _, side := range growthSides {
			work = append(work, Growth{Side: side, Threads: n, Sessions: 1})
		}
	}
	for _, n := range growthSessions {
		work = append(work, Growth{Side: c.Side, Threads: 1, Sessions: n})
	}
	for i := range work {
		g := &work[i]
		c.Side = g.Side
		debug.FreeOSMemory() // of the size before
		times, took, memory, err := Inspection{c, w, d, g.Threads, g.Sessions, g.Side, g.Side}.measure(ctx, runs)
		if err != nil {
			return nil, err
		}
		g.Times, g.Memory = times, memory
		g.PerSecond = float64(len(times)) / took.Seconds()
	}
	return work, nil
}

// WriteGrowth prints the measurements as a table.
func WriteGrowth(w io.Writer, list []Growth) {
	fmt.Fprintf(w, "%6s %8s %11s %10s %10s %12s %9s\n", "side", "threads", "concurrent", "p50, ms", "p99, ms", "per second", "MB")
	for _, g := range list {
		fmt.Fprintf(w, "%6d %8d %11d %10.2f %10.2f %12.2f %9s\n", g.Side, g.Threads, g.Sessions,
			milliseconds(g.Times.Quantile(0.5)), milliseconds(g.Times.Quantile(0.99)), g.PerSecond, orDash(float64(g.Memory)/1e6, "%.0f"))
	}
}
