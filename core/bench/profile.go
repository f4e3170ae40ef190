package bench

import (
	"slices"
	"strings"
	"time"

	"aecsad/core/graph"
	"aecsad/kernels"
)

// Layer is one instruction of a program, or the sum over several, with its time.
type Layer struct {
	Path       string // scope in the network
	Form       string
	Time       time.Duration
	Operations float64
	Bytes      float64
}

// Profile runs a subject several times and returns the median time of each of
// its instructions, in order.
func Profile(d kernels.Device, s Subject, threads, runs int) ([]Layer, error) {
	each, err := ProfileInTurn([]kernels.Device{d}, s, threads, runs)
	if err != nil {
		return nil, err
	}
	return each[0], nil
}

// ProfileInTurn is Profile on several devices, which take turns.
func ProfileInTurn(devices []kernels.Device, s Subject, threads, runs int) ([][]Layer, error) {
	var sessions []*graph.Session
	for _, d := range devices {
		session, err := load(d, s, threads)
		if err != nil {
			return nil, err
		}
		defer session.Close()
		if err := session.Run(); err != nil { // touches all memory
			return nil, err
		}
		sessions = append(sessions, session)
	}
	calls := s.Program.Kernels.Calls
	times := make([][]Times, len(devices))
	for range runs {
		for k, session := range sessions {
			t, err := session.Profile()
			if err != nil {
				return nil, err
			}
			if times[k] == nil {
				times[k] = make([]Times, len(calls))
			}
			for i := range calls {
				times[k][i] = append(times[k][i], t[i])
			}
		}
	}
	each := make([][]Layer, len(devices))
	for k := range devices {
		for i, c := range calls {
			each[k] = append(each[k], Layer{s.Program.Paths[i], form(c.Op), times[k][i].Median(), operations(c.Op), traffic(c.Op)})
		}
	}
	return each, nil
}

// Stages sums the layers of each network, in the order of their first layers,
// and ends with the sum over all.
func Stages(layers []Layer) []Layer {
	var stages []Layer
	total := Layer{Path: "all"}
	for _, l := range layers {
		name, _, _ := strings.Cut(l.Path, ".")
		i := slices.IndexFunc(stages, func(s Layer) bool { return s.Path == name })
		if i < 0 {
			i = len(stages)
			stages = append(stages, Layer{Path: name})
		}
		stages[i].add(l)
		total.add(l)
	}
	return append(stages, total)
}

func (l *Layer) add(o Layer) {
	l.Time += o.Time
	l.Operations += o.Operations
	l.Bytes += o.Bytes
}
