//go:build cuda

package cuda

import (
	"time"

	"gorgonia.org/cu"
)

// Profile is Run, with an event of the device between the calls; the kernels are
// launched one by one, so that their sum is more than a Run.
func (s *session) Profile() ([]time.Duration, error) {
	times := make([]time.Duration, len(s.first))
	err := s.on("profile", func() error {
		if err := s.repack(); err != nil {
			return err
		}
		events, err := s.runWithEvents()
		for i := 0; err == nil && i < len(times); i++ {
			var milliseconds float64
			milliseconds, err = events[i].Elapsed(events[i+1])
			times[i] = time.Duration(milliseconds * float64(time.Millisecond))
		}
		for i := range events {
			if e := cu.DestroyEvent(&events[i]); err == nil {
				err = e
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return times, nil
}

// runWithEvents runs the calls and returns the events before each and after the
// last, those made so far where it fails.
func (s *session) runWithEvents() (events []cu.Event, err error) {
	for i := 0; i <= len(s.first); i++ {
		e, err := cu.MakeEvent(cu.DefaultEvent)
		if err != nil {
			return events, err
		}
		events = append(events, e)
		if err := e.Record(s.stream); err != nil {
			return events, err
		}
		if i == len(s.first) {
			break
		}
		if err := launchAll(s.launchesOf(i), s.stream); err != nil {
			return events, err
		}
	}
	return events, s.stream.Synchronize()
}
