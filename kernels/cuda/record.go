//go:build cuda

package cuda

import (
	"errors"
	"fmt"

	"gorgonia.org/cu"

	"aecsad/kernels/cuda/lazy"
)

// recorder records calls on a stream per lane. Lane 0 is the session's own stream,
// which the recording begins and ends on; the others exist while it is made.
type recorder struct {
	streams []cu.Stream
	done    map[int]cu.Event // of the calls that others wait for
	events  []cu.Event
}

// record makes the graph of the session's calls.
func (s *session) record(places []place, lanes int) (err error) {
	r := &recorder{streams: []cu.Stream{s.stream}, done: map[int]cu.Event{}}
	defer func() { err = errors.Join(err, r.close()) }()
	for len(r.streams) < lanes {
		stream, err := cu.MakeStream(cu.NonBlocking)
		if err != nil {
			return fmt.Errorf("stream: %w", err)
		}
		r.streams = append(r.streams, stream)
	}
	s.graph, err = lazy.Record(s.handle(), func() error {
		if err := r.fork(); err != nil {
			return err
		}
		for i, p := range places {
			if err := r.call(i, p, s.launchesOf(i)); err != nil {
				return err
			}
		}
		return r.join()
	})
	return err
}

// launchesOf are the kernels of a call.
func (s *session) launchesOf(call int) []*bound {
	end := len(s.calls)
	if call+1 < len(s.first) {
		end = s.first[call+1]
	}
	return s.calls[s.first[call]:end]
}

// call launches a call behind those that it waits for.
func (r *recorder) call(i int, p place, launches []*bound) error {
	stream := r.streams[p.lane]
	for _, j := range p.after {
		if err := stream.Wait(r.done[j], 0); err != nil {
			return err
		}
	}
	if err := launchAll(launches, stream); err != nil {
		return err
	}
	done, err := r.mark(stream)
	r.done[i] = done
	return err
}

// mark is an event behind all that the stream has so far.
func (r *recorder) mark(stream cu.Stream) (cu.Event, error) {
	e, err := cu.MakeEvent(cu.DisableTiming)
	if err != nil {
		return e, fmt.Errorf("event: %w", err)
	}
	r.events = append(r.events, e)
	return e, e.Record(stream)
}

// fork makes the other streams part of the recording.
func (r *recorder) fork() error {
	start, err := r.mark(r.streams[0])
	for _, stream := range r.streams[1:] {
		if err == nil {
			err = stream.Wait(start, 0)
		}
	}
	return err
}

// join lets the first stream wait for the others.
func (r *recorder) join() error {
	for _, stream := range r.streams[1:] {
		end, err := r.mark(stream)
		if err != nil {
			return err
		}
		if err := r.streams[0].Wait(end, 0); err != nil {
			return err
		}
	}
	return nil
}

func (r *recorder) close() error {
	var all []error
	for i := range r.events {
		all = append(all, cu.DestroyEvent(&r.events[i]))
	}
	for i := range r.streams[1:] {
		all = append(all, r.streams[1+i].Destroy())
	}
	return errors.Join(all...)
}
