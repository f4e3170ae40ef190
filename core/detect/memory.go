package detect

import (
	"fmt"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/kernels"
)

// ErrNoMemory is wrapped by errors of New and Open: the memory limit of the
// options, or the system, refuses what a detector needs.
var ErrNoMemory = kernels.ErrNoMemory

// memory is what a detector takes, in bytes.
type memory struct {
	weights  int64 // once
	session  int64 // for each session
	sessions int
}

func memoryOf(m *model.Model, p *graph.Program, d kernels.Device, o Options) (memory, error) {
	f, err := kernels.FootprintOf(d, p.Kernels, kernels.Options{Threads: o.Threads})
	if err != nil {
		return memory{}, err
	}
	input := 4 * int64(3*m.Config.Side*m.Config.Side)
	return memory{f.Shared, f.Session + input, o.Sessions}, nil
}

func (m memory) total() int64 { return m.weights + int64(m.sessions)*m.session }

// within refuses what exceeds a limit; 0 is none.
func (m memory) within(limit int64) error {
	if limit == 0 || m.total() <= limit {
		return nil
	}
	return fmt.Errorf("%w: the detector needs %s (weights %s, per session %s x %d), the limit is %s",
		ErrNoMemory, mib(m.total()), mib(m.weights), mib(m.session), m.sessions, mib(limit))
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
