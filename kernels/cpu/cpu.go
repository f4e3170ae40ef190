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
	"fmt"
	"os"
	"reflect"
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
// (scalar, avx2, avx512, or for tests wide, vnni, which is avx512 without AMX, and
// tiles, which is wide with AMX in plain C), else the best of this processor.
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

// Offers says what computes in other precisions than float32.
func (d *Device) Offers() string {
	switch {
	case d.isa.tiles != nil:
		return "bf16x6, bf16 and int8 on matrix tiles (AMX)"
	case !strings.HasPrefix(d.Describe(), "cpu (avx512") || C.ae_has_vnni() == 0:
		return "int8; bf16 and bf16x6 as float32"
	case HasBF16():
		return "bf16 and int8 with AVX-512 BF16 and VNNI; bf16x6 as float32"
	default:
		return "int8 with VNNI; bf16 and bf16x6 as float32"
	}
}

// HasBF16 tells whether the processor has the products of AVX-512 BF16.
func HasBF16() bool { return C.ae_has_bf16() != 0 }

// HasAMX tells whether the processor has matrix tiles.
func HasAMX() bool { return C.ae_has_amx() != 0 }

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

// needs asks the kernel of an instruction what it needs.
func (d *Device) needs(op kernels.Op) needs {
	opcode, ok := d.opcodes[reflect.TypeOf(op)]
	if !ok {
		return needs{}
	}
	words := kernels.Words(op)
	n := C.ae_unit_needs(d.isa.unit, C.int64_t(opcode), unsafe.Pointer(unsafe.SliceData(words)))
	return needs{int(n.prepared), int(n.scratch), int(n.cells)}
}

// reduced are the precisions of convolutions but float32, as C numbers them.
var reduced = map[string]C.int64_t{kernels.Int8: C.AE_INT8, kernels.BFloat16: C.AE_BF16, kernels.BF16x6: C.AE_THIRDS}

// reducedNeeds is needs of a convolution in another precision. Nothing is prepared
// where float32 is faster.
func (d *Device) reducedNeeds(precision string, op kernels.Op) needs {
	words := kernels.Words(op)
	n := C.ae_unit_reduced_needs(d.isa.unit, reduced[precision], unsafe.Pointer(unsafe.SliceData(words)))
	return needs{int(n.prepared), int(n.scratch), int(n.cells)}
}

// poolsAtOnce tells whether a convolution and the pooling behind it gain by being one.
func (d *Device) poolsAtOnce(conv kernels.Conv2D, pool kernels.AvgPool) bool {
	a, b := kernels.Words(conv), kernels.Words(pool)
	return C.ae_unit_pooled_pays(d.isa.unit, unsafe.Pointer(unsafe.SliceData(a)), unsafe.Pointer(unsafe.SliceData(b))) != 0
}

// comparesAtOnce tells whether a convolution and the comparison behind it may be one.
func (d *Device) comparesAtOnce(conv kernels.Conv2D, difference kernels.SquaredDifference) bool {
	a, b := kernels.Words(conv), kernels.Words(difference)
	return C.ae_unit_compared_pays(d.isa.unit, unsafe.Pointer(unsafe.SliceData(a)), unsafe.Pointer(unsafe.SliceData(b))) != 0
}

// resizesAtOnce tells whether a convolution and the Resize before it gain by being one.
func (d *Device) resizesAtOnce(conv kernels.Conv2D, resize kernels.Resize) bool {
	a, b := kernels.Words(conv), kernels.Words(resize)
	return C.ae_unit_resized_pays(d.isa.unit, unsafe.Pointer(unsafe.SliceData(a)), unsafe.Pointer(unsafe.SliceData(b))) != 0
}

// upsampledNeeds is needs of a convolution that does a Resize and a Concat as well. Nothing
// is prepared where three calls are faster.
func (d *Device) upsampledNeeds(conv kernels.Conv2D, e enlarged) needs {
	a, b := kernels.Words(conv), kernels.Words(e.resize)
	n := C.ae_unit_upsampled_needs(d.isa.unit, unsafe.Pointer(unsafe.SliceData(a)), unsafe.Pointer(unsafe.SliceData(b)), C.int64_t(e.offset))
	return needs{int(n.prepared), int(n.scratch), int(n.cells)}
}

// at is the device for a precision. Only those who ask for something but float32 by name
// make the process ask the system for AMX, because that has a price (cpu.h).
func (d *Device) at(precision string) *Device {
	if precision == kernels.Float32 {
		return d
	}
	other := *d
	other.isa.unit = C.ae_isa_reduced(&d.isa)
	return &other
}

// leastScratch is the scratch that every thread has, in floats.
const leastScratch = int(C.AE_SCRATCH)

// pool is the threads of a session.
type pool struct{ run *C.ae_run }

// newPool starts threads; run is nil if the system refuses.
func newPool(threads, scratch int) pool {
	return pool{C.ae_threads_new(C.int(threads), C.int64_t(scratch))}
}

func (p pool) close() {
	if p.run != nil {
		C.ae_threads_free(p.run)
	}
}

// The kinds of memory of cpu.h; nil if the system refuses.
func zeroed(bytes int) unsafe.Pointer     { return C.ae_memory_new(C.size_t(bytes)) }
func untouched(bytes int) unsafe.Pointer  { return C.ae_memory_take(C.size_t(bytes)) }
func passing(bytes int) unsafe.Pointer    { return C.ae_memory_passing(C.size_t(bytes)) }
func release(p unsafe.Pointer, bytes int) { C.ae_memory_release(p, C.size_t(bytes)) }
func free(p unsafe.Pointer)               { C.free(p) }

// list is calls in C memory: the calls themselves, the words of their
// instructions and the pointers to their buffers, in one block.
type list struct {
	calls *C.ae_call
	len   int
}

func (l list) free() { C.free(unsafe.Pointer(l.calls)) }

func (l list) at(i int) *C.ae_call { return &unsafe.Slice(l.calls, l.len)[i] }

// execute runs n calls from the i-th on.
func (d *Device) execute(l list, i, n int, p pool) {
	if n > 0 {
		C.ae_execute(d.isa.unit, l.at(i), C.int64_t(n), p.run)
	}
}

// prepare prepares the weights of a call.
func (d *Device) prepare(l list, i int, p pool) { C.ae_prepare(d.isa.unit, l.at(i), p.run) }

// encode writes calls as cpu.h declares them.
func (d *Device) encode(calls []kernels.Call, s *session, w weights, j joined) (list, error) {
	if len(calls) == 0 {
		return list{}, nil
	}
	words, buffers := 0, 0
	for _, c := range calls {
		words += len(kernels.Words(c.Op))
		buffers += len(c.Bufs) + 2
	}
	size := len(calls)*C.sizeof_ae_call + 8*words + 8*buffers + len(w.enlarged)*C.sizeof_ae_enlarged
	block := zeroed(size)
	if block == nil {
		return list{}, fmt.Errorf("cpu: %w for %d bytes of calls", kernels.ErrNoMemory, size)
	}
	l := list{(*C.ae_call)(block), len(calls)}
	ops := unsafe.Slice((*uint64)(unsafe.Add(block, len(calls)*C.sizeof_ae_call)), words)
	bufs := unsafe.Slice((*unsafe.Pointer)(unsafe.Add(block, len(calls)*C.sizeof_ae_call+8*words)), buffers)
	large := unsafe.Slice((*C.ae_enlarged)(unsafe.Add(block, size-len(w.enlarged)*C.sizeof_ae_enlarged)), len(w.enlarged))
	for i, c := range calls {
		opcode, ok := d.opcodes[reflect.TypeOf(c.Op)]
		if !ok {
			free(block)
			return list{}, fmt.Errorf("cpu: there is no kernel of %s", kernels.Name(c.Op))
		}
		call := (*C.ae_call)(unsafe.Add(block, i*C.sizeof_ae_call))
		call.opcode = C.int64_t(opcode)
		call.op = unsafe.Pointer(unsafe.SliceData(ops))
		call.bufs = (**C.float)(unsafe.Pointer(unsafe.SliceData(bufs)))
		ops = ops[copy(ops, kernels.Words(c.Op)):]
		for k, b := range c.Bufs {
			bufs[k] = s.slots[b].at
		}
		if of, ok := w.calls[i]; ok {
			bufs[len(c.Bufs)] = unsafe.Add(s.constants.prepared, 4*of.first)
			if of.changing {
				call.changing = 1
			}
			bufs[len(c.Bufs)+1] = s.cells
			call.precision, call._range = reduced[of.as.name], C.double(of.as.most)
			if of.as.rounded {
				call.rounded = 1
			}
		}
		if j.resized[i] {
			before := l.at(i - 1)
			call.resize, before.done = before.op, 1
			bufs[inputSlot] = s.slots[calls[i-1].Bufs[1]].at
		}
		bufs = bufs[len(c.Bufs)+2:]
		if e, ok := w.enlarged[i]; ok {
			at := func(b kernels.Slot) *C.float { return (*C.float)(s.slots[b].at) }
			large[0] = C.ae_enlarged{
				resize: l.at(i - 2).op, offset: C.int64_t(e.offset),
				small: at(e.small), others: at(e.others), products: at(e.products), sums: at(e.sums),
			}
			call.enlarged, large = &large[0], large[1:]
			l.at(i-1).done, l.at(i-2).done = 1, 1
		}
		if f := j.followers[i-1]; f != 0 {
			before := l.at(i - 1)
			if f == pooling {
				before.pool = call.op
			} else {
				other := c.Bufs[1]
				if other == calls[i-1].Bufs[0] {
					other = c.Bufs[2]
				}
				before.compared = (*C.float)(s.slots[other].at)
			}
			*before.bufs = *call.bufs
			call.done = 1
		}
	}
	for _, c := range j.chains {
		d.join(l, c)
	}
	return l, nil
}

// join makes the calls of a chain one, where that is possible.
func (d *Device) join(l list, c chain) {
	for i, inside := range c.inside {
		if l.at(c.first+i).done != 0 {
			return
		}
		if inside {
			l.at(c.first + i).inside = 1
		}
	}
	calls := C.int64_t(len(c.inside))
	if C.ae_unit_planes_pays(d.isa.unit, l.at(c.first), calls) == 0 {
		return
	}
	l.at(c.first).planes = calls
	for i := 1; i < len(c.inside); i++ {
		l.at(c.first + i).done = 1
	}
}
