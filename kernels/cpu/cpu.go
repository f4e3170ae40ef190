// Package cpu is the fast machine: C kernels in vector code, compiled for every
// instruction set (ISA) of the processor and chosen at run time, on a pool of
// threads. cpu.h describes the C side. This is the only file with cgo.
package cpu

/*
#cgo CFLAGS: -O3 -std=gnu11 -Wall -Wextra -Wno-psabi
#cgo LDFLAGS: -lm -lpthread
#include <stdlib.h>
#include "cpu.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"aecsad/kernels"
)

// Device is the processor with one chosen ISA.
type Device struct {
	isa     C.ae_isa
	opcodes map[reflect.Type]int
}

// Open chooses the ISA: the one that the environment variable AECSAD_CPU names
// (scalar, avx2, avx512, or wide for tests), else the best of this processor.
func Open() (*Device, error) {
	opcodes, err := verify()
	if err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	want := os.Getenv("AECSAD_CPU")
	var names []string
	for i := C.int(0); ; i++ {
		var isa C.ae_isa
		if C.ae_isa_at(i, &isa) == 0 {
			return nil, fmt.Errorf("cpu: AECSAD_CPU is %q; expected one of %s", want, strings.Join(names, ", "))
		}
		name, usable := C.GoString(isa.name), isa.unit != nil && isa.supported != 0
		names = append(names, name)
		switch {
		case name == want && !usable:
			return nil, fmt.Errorf("cpu: AECSAD_CPU is %q, which this processor or build does not support", want)
		case usable && (want == "" || name == want):
			return &Device{isa, opcodes}, nil
		}
	}
}

// verify compares the instruction set as C was compiled with kernels.Ops, and
// returns the opcodes.
func verify() (map[reflect.Type]int, error) {
	if n := int(C.ae_op_count()); n != len(kernels.Ops) {
		return nil, fmt.Errorf("the C kernels have %d instructions, expected %d", n, len(kernels.Ops))
	}
	opcodes := map[reflect.Type]int{}
	for i, op := range kernels.Ops {
		code := C.int64_t(i)
		name, fields := C.GoString(C.ae_op_name(code)), C.GoString(C.ae_op_fields(code))
		if want := kernels.Name(op); name != want {
			return nil, fmt.Errorf("instruction %d of the C kernels is %s, expected %s", i, name, want)
		}
		if want := strings.Join(kernels.Fields(op), " "); fields != want {
			return nil, fmt.Errorf("%s of the C kernels has the fields %q, expected %q", name, fields, want)
		}
		if n, want := int(C.ae_op_words(code)), len(kernels.Words(op)); n != want {
			return nil, fmt.Errorf("%s of the C kernels has %d words, expected %d", name, n, want)
		}
		opcodes[reflect.TypeOf(op)] = i
	}
	return opcodes, nil
}

// Name is "cpu".
func (*Device) Name() string { return "cpu" }

// Describe names the machine with its ISA, "cpu (avx2)".
func (d *Device) Describe() string { return "cpu (" + C.GoString(d.isa.name) + ")" }

// Peak measures the ceiling of one thread in GFLOP/s, with multiply-adds that
// never leave the registers, for some ten milliseconds.
func (d *Device) Peak() float64 {
	best := 0.0
	for range 10 {
		start := time.Now()
		operations := float64(C.ae_unit_peak(d.isa.unit, 300_000))
		best = max(best, operations/time.Since(start).Seconds()/1e9)
	}
	return best
}

// Close has nothing to free: memory and threads belong to sessions.
func (*Device) Close() error { return nil }

// session is a program in C memory. memory is nil once it is closed.
type session struct {
	unit     *C.ae_unit
	memory   unsafe.Pointer // all slots, one behind the other
	slots    []slot
	prepared unsafe.Pointer // weights in the form of the kernels
	weights  weights
	stale    map[kernels.Slot]bool // constant weights that are to be prepared
	setup    list
	calls    list
	run      *C.ae_run
}

// slot is a buffer in memory.
type slot struct {
	at  unsafe.Pointer
	len int
}

// list is calls in C memory: the calls themselves, the words of their
// instructions and the pointers to their buffers, in one block.
type list struct {
	calls *C.ae_call
	len   int
}

// Every slot begins on a cache line and has slack before and behind it, so that
// kernels may read a vector too many.
const line, slack = 64, 64

// Load lays the program out in C memory and starts the session's threads. Nothing
// is allocated after it.
func (d *Device) Load(p *kernels.Program, o kernels.Options) (kernels.Session, error) {
	if err := check(p); err != nil {
		return nil, fmt.Errorf("cpu: %w", err)
	}
	if o.Threads < 0 || o.Threads > maxThreads {
		return nil, fmt.Errorf("cpu: threads is %d; expected 0 to %d", o.Threads, maxThreads)
	}
	if o.Threads == 0 {
		o.Threads = min(runtime.NumCPU(), maxThreads)
	}
	s := &session{unit: d.isa.unit, weights: weightsOf(p, d.needs), stale: map[kernels.Slot]bool{}}
	for slot := range s.weights.constant {
		s.stale[slot] = true
	}
	err := s.allocate(p.Sizes)
	if err == nil {
		s.setup, err = d.encode(p.Setup, s, weights{})
	}
	if err == nil {
		s.calls, err = d.encode(p.Calls, s, s.weights)
	}
	if err == nil {
		scratch := max(C.int64_t(s.weights.scratch), C.AE_SCRATCH)
		if s.run = C.ae_threads_new(C.int(o.Threads), scratch); s.run == nil {
			err = fmt.Errorf("cpu: starting %d threads failed", o.Threads)
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

const maxThreads = 1024

func (s *session) allocate(sizes []int) error {
	offsets, total := make([]int, len(sizes)), slack
	for i, n := range sizes {
		if n < 1 || n > math.MaxInt/16 || total > math.MaxInt/4 {
			return fmt.Errorf("cpu: slot %d holds %d elements behind %d bytes; expected at least 1, and to fit in memory", i, n, total)
		}
		offsets[i] = total
		total += (4*n + slack + line - 1) / line * line
	}
	if s.memory = C.ae_memory_new(C.size_t(total)); s.memory == nil {
		return fmt.Errorf("cpu: no memory for %d bytes of slots", total)
	}
	for i, n := range sizes {
		s.slots = append(s.slots, slot{unsafe.Add(s.memory, offsets[i]), n})
	}
	if n := 4 * s.weights.size; n > 0 {
		if s.prepared = C.ae_memory_take(C.size_t(n)); s.prepared == nil {
			return fmt.Errorf("cpu: no memory for %d bytes of prepared weights", n)
		}
	}
	return nil
}

// needs asks the kernel of an instruction for floats of prepared weights, and of
// scratch.
func (d *Device) needs(op kernels.Op) (prepared, scratch int) {
	opcode, ok := d.opcodes[reflect.TypeOf(op)]
	if !ok {
		return 0, 0
	}
	words := kernels.Words(op)
	n := C.ae_unit_needs(d.isa.unit, C.int64_t(opcode), unsafe.Pointer(unsafe.SliceData(words)))
	return int(n.prepared), int(n.scratch)
}

// encode writes calls as cpu.h declares them.
func (d *Device) encode(calls []kernels.Call, s *session, w weights) (list, error) {
	if len(calls) == 0 {
		return list{}, nil
	}
	words, buffers := 0, 0
	for _, c := range calls {
		words += len(kernels.Words(c.Op))
		buffers += len(c.Bufs) + 1
	}
	size := len(calls)*C.sizeof_ae_call + 8*words + 8*buffers
	block := C.ae_memory_new(C.size_t(size))
	if block == nil {
		return list{}, fmt.Errorf("cpu: no memory for %d bytes of calls", size)
	}
	l := list{(*C.ae_call)(block), len(calls)}
	ops := unsafe.Slice((*uint64)(unsafe.Add(block, len(calls)*C.sizeof_ae_call)), words)
	bufs := unsafe.Slice((*unsafe.Pointer)(unsafe.Add(block, len(calls)*C.sizeof_ae_call+8*words)), buffers)
	for i, c := range calls {
		opcode, ok := d.opcodes[reflect.TypeOf(c.Op)]
		if !ok {
			C.free(block)
			return list{}, fmt.Errorf("cpu: there is no kernel of %s", kernels.Name(c.Op))
		}
		call := (*C.ae_call)(unsafe.Add(block, i*C.sizeof_ae_call))
		call.opcode = C.int64_t(opcode)
		call.op = unsafe.Pointer(unsafe.SliceData(ops))
		call.bufs = (**C.float)(unsafe.Pointer(unsafe.SliceData(bufs)))
		ops = ops[copy(ops, kernels.Words(c.Op)):]
		for j, b := range c.Bufs {
			bufs[j] = s.slots[b].at
		}
		if of, ok := w.calls[i]; ok {
			bufs[len(c.Bufs)] = unsafe.Add(s.prepared, 4*of.first)
			if of.changing {
				call.changing = 1
			}
		}
		bufs = bufs[len(c.Bufs)+1:]
	}
	return l, nil
}

func (s *session) Write(slot kernels.Slot, values []float32) error {
	memory, err := s.view(slot, len(values))
	copy(memory, values)
	if err == nil && s.weights.constant[slot] != nil {
		s.stale[slot] = true
	}
	return err
}

func (s *session) Read(slot kernels.Slot, values []float32) error {
	memory, err := s.view(slot, len(values))
	copy(values, memory)
	return err
}

// view is the leading n elements of a slot.
func (s *session) view(i kernels.Slot, n int) ([]float32, error) {
	if s.memory == nil {
		return nil, errClosed
	}
	if i < 0 || int(i) >= len(s.slots) {
		return nil, fmt.Errorf("cpu: slot %d does not exist, the program has %d", i, len(s.slots))
	}
	if n > s.slots[i].len {
		return nil, fmt.Errorf("cpu: slot %d holds %d elements, got %d values", i, s.slots[i].len, n)
	}
	return unsafe.Slice((*float32)(s.slots[i].at), n), nil
}

var errClosed = errors.New("cpu: the session is closed")

func (s *session) Setup() error {
	for slot := range s.weights.folded {
		s.stale[slot] = true
	}
	return s.execute(s.setup)
}

func (s *session) Run() error {
	if err := s.prepare(); err != nil {
		return err
	}
	return s.execute(s.calls)
}

// prepare prepares the constant weights that are new. What Setup computed for
// nobody else gives back its memory, until the next Setup.
func (s *session) prepare() error {
	if s.memory == nil {
		return errClosed
	}
	calls := unsafe.Slice(s.calls.calls, s.calls.len)
	for slot := range s.stale {
		for _, i := range s.weights.constant[slot] {
			C.ae_prepare(s.unit, &calls[i], s.run)
		}
		if s.weights.spent[slot] {
			C.ae_memory_release(s.slots[slot].at, C.size_t(4*s.slots[slot].len))
		}
	}
	clear(s.stale)
	return nil
}

// Profile is Run, one call at a time.
func (s *session) Profile() ([]time.Duration, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	calls := unsafe.Slice(s.calls.calls, s.calls.len)
	times := make([]time.Duration, len(calls))
	for i := range calls {
		start := time.Now()
		if err := s.execute(list{&calls[i], 1}); err != nil {
			return nil, err
		}
		times[i] = time.Since(start)
	}
	return times, nil
}

func (s *session) execute(l list) error {
	if s.memory == nil {
		return errClosed
	}
	C.ae_execute(s.unit, l.calls, C.int64_t(l.len), s.run)
	return nil
}

// Close stops the threads and frees the memory.
func (s *session) Close() error {
	if s.run != nil {
		C.ae_threads_free(s.run)
	}
	C.free(unsafe.Pointer(s.setup.calls))
	C.free(unsafe.Pointer(s.calls.calls))
	C.free(s.prepared)
	C.free(s.memory)
	*s = session{}
	return nil
}
