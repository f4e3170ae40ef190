// Package kernels is the instruction set of libaecsad: what a device can do,
// and nothing about networks. ops.go lists every instruction; the packages
// below it (ref, cpu) are machines that run a list of them.
//
// Buffers are row-major float32, NCHW. A machine may store a slot in any
// layout it likes; only Write and Read speak NCHW.
package kernels

import "time"

// Op is one instruction: a struct of integers, floats and flags that fixes all
// shapes. Buffers gives the number of float32 elements of every buffer that a
// Call of it binds: the outputs first (in/out buffers count as outputs), then
// the inputs.
type Op interface {
	Buffers() (out, in []int)
}

// Slot names a buffer of a Program.
type Slot int32

// Call is an instruction applied to slots, outputs first, then inputs.
type Call struct {
	Op   Op
	Bufs []Slot
}

// Program is everything a machine needs to know to run a network, or a training
// step of one. Shapes are static; nothing is allocated after Load.
type Program struct {
	// Setup runs once after the weights are written (folding, packing).
	Setup []Call
	// Calls run every time.
	Calls []Call
	// Sizes holds the number of float32 elements of each slot. A slot may be
	// larger than a buffer bound to it: the plan lets short-lived values share.
	Sizes []int
	// Once lists slots that the host fills, each as a whole, before Setup, and that
	// neither the host nor a call changes or reads after that but as weights. A
	// machine may use what comes in Write at once and forget it; before another
	// Setup the host fills all of them again.
	Once []Slot
	// Passing lists slots that nobody reads after a run, or before it has written them.
	// What they hold between calls a machine may keep elsewhere.
	Passing []Slot
	// Ranges has what a machine with a Ranger saw, for each of Calls: the precision
	// int8 wants it. Empty where nothing is known.
	Ranges []Range
	// Wider has the precisions, f32 or bf16, that those of Calls keep which int8 or bf16
	// would harm; "" for others. Empty where all may compute in what Options ask for. CPUs
	// heed it.
	Wider []string
}

// Options of Load.
type Options struct {
	// Threads is the number of threads a run may use; 0 means all cores.
	// Results do not depend on it.
	Threads int
	// Precision is what convolutions compute in: empty or f32 for float32, and bf16x6 on CPUs,
	// which is as accurate. bf16, and on GPUs also tf32 and f16, round the factors of products,
	// while sums stay float32; GPUs want tensor cores for it. int8, on CPUs, multiplies bytes
	// and adds exactly, given Program.Ranges. A CPU computes those convolutions of inference so
	// that gain by it there, and the others in float32, or in bf16x6 unless f32 is asked for.
	// Everything else is always float32.
	Precision string
	// Rounded has a CPU compute all convolutions that may be in less than float32 from rounded
	// numbers, in float32 but for what gains by matrix tiles here: what Precision does where
	// they gain by it. For calibration.
	Rounded bool
}

// Device is a machine.
type Device interface {
	Name() string
	Load(p *Program, o Options) (Session, error)
	Close() error
}

// Session is a loaded program with its memory. It is not safe for concurrent
// use; load the program again for every concurrent run. Fresh slots are zero.
// Write and Read copy the leading len(values) elements of a slot; of Program.Once,
// and of what Setup makes of it alone, Read may find zeros. Close is idempotent.
type Session interface {
	Write(s Slot, values []float32) error
	Read(s Slot, values []float32) error
	Setup() error
	Run() error
	Close() error
}

// Sharer is a Session whose weights may serve others.
type Sharer interface {
	// Share is another session of the program, with memory of its own but for
	// Program.Once and what Setup made of it. It is for after Setup; from then on
	// none of these sessions takes new weights. They may be closed in any order.
	Share() (Session, error)
}

// Lender is a Session that lends memory to save a copy of weights.
type Lender interface {
	// Lend is the memory of a slot of Program.Once, to be filled and then handed to
	// Write; nil for other slots. It may be called during Write and by several
	// goroutines.
	Lend(s Slot) []float32
}

// Profiler is a Session that can tell where its time goes.
type Profiler interface {
	// Profile is Run, and returns how long each call took. What a machine does
	// for several calls at once counts for one of them.
	Profile() ([]time.Duration, error)
}

// Ranger is a Session that can tell what its convolutions see.
type Ranger interface {
	// Ranges is Run, and returns the range of the input of each call that is a
	// convolution; zero for others.
	Ranges() ([]Range, error)
}

// Meter is a Device that measures what it could do at best.
type Meter interface {
	// Peak is what the calling thread reaches on registers alone, in GFLOP/s, a
	// multiply-add counting as two operations.
	Peak() float64
}
