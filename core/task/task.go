// Package task starts the goroutines of the library. A panic on a goroutine of its
// own would end the host's process; here it is raised again where the task is
// waited for, and so reaches the border on the goroutine of the call.
package task

import "runtime/debug"

// Task is a function at work on its own goroutine.
type Task struct {
	done     chan struct{}
	panicked any
}

// Start runs f. A fault on an address, such as memory that a caller took away, is a
// panic as any other.
func Start(f func()) *Task {
	t := &Task{done: make(chan struct{})}
	go func() {
		defer close(t.done)
		defer func() { t.panicked = recover() }()
		debug.SetPanicOnFault(true)
		f()
	}()
	return t
}

// Join waits until f has ended, in whatever way.
func (t *Task) Join() { <-t.done }

// Wait is Join and then panics if f did.
func (t *Task) Wait() {
	t.Join()
	if t.panicked != nil {
		panic(t.panicked)
	}
}
