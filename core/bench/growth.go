package bench

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"aecsad/core/detect"
	"aecsad/core/model"
)

// Growth is what inspections of one size cost.
type Growth struct {
	Side, Threads, Sessions int
	Batch                   int // pictures at a time
	Callers                 int // at the same time
	*Measurement
}

// PerSecond is the number of inspections of all sessions together.
func (g Growth) PerSecond() float64 {
	return float64(len(g.Times)*g.Batch) / g.Took.Seconds()
}

// The work that grows: larger inputs, larger batches, more callers at once.
var (
	growthSides   = []int{256, 384, 512}
	growthBatches = []int{1, 2, 4, 8, 16}
	growthCallers = []int{1, 2, 4, 8}
)

// MeasureGrowth times inspections over input sides for each number of threads;
// over batches, with a session of one thread on each core; and over numbers of
// callers with a session of one thread each.
func MeasureGrowth(ctx context.Context, m *model.Model, o detect.Options, threads []int, runs int) ([]Growth, error) {
	var list []Growth
	for _, n := range threads {
		for _, side := range growthSides {
			list = append(list, Growth{Side: side, Threads: n, Sessions: 1, Batch: 1, Callers: 1})
		}
	}
	for _, n := range growthBatches {
		list = append(list, Growth{Side: m.Config.Side, Threads: 1, Sessions: runtime.NumCPU(), Batch: n, Callers: 1})
	}
	for _, n := range growthCallers {
		list = append(list, Growth{Side: m.Config.Side, Threads: 1, Sessions: n, Batch: 1, Callers: n})
	}
	for i := range list {
		if err := list[i].measure(ctx, *m, o, runs); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// measure changes its copy of the model only: its networks are of another side.
func (g *Growth) measure(ctx context.Context, m model.Model, o detect.Options, runs int) (err error) {
	debug.FreeOSMemory() // of the size before
	m.Config.Side = g.Side
	o.Threads, o.Sessions = g.Threads, g.Sessions
	g.Measurement, err = Inspection{&m, o, g.Side, g.Side, g.Callers, g.Batch}.Measure(ctx, runs)
	return err
}

// WriteGrowth prints the measurements as a table. The times are those of a batch.
func WriteGrowth(w io.Writer, list []Growth) {
	const row = "%6v %8v %9v %6v %8v %10v %10v %11v %9v\n"
	fmt.Fprintf(w, row, "side", "threads", "sessions", "batch", "callers", "p50, ms", "p99, ms", "per second", "MB")
	for _, g := range list {
		ms := func(q float64) string { return fmt.Sprintf("%.2f", milliseconds(g.Times.Quantile(q))) }
		fmt.Fprintf(w, row, g.Side, g.Threads, g.Sessions, g.Batch, g.Callers, ms(0.5), ms(0.99),
			fmt.Sprintf("%.2f", g.PerSecond()), orDash(float64(g.Memory)/1e6, "%.0f"))
	}
}
