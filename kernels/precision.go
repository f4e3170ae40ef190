package kernels

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// PrecisionError says that a device lacks the precision that Options ask for.
type PrecisionError struct {
	Device, Wanted string
	Has            []string
}

func (e *PrecisionError) Error() string {
	return fmt.Sprintf("%s: no precision %q; this device has %s", e.Device, e.Wanted, strings.Join(e.Has, ", "))
}

// PrecisionOf is the precision that a device computes in for o, which is one of
// those that it has. Nothing but its name asks for less than float32.
func PrecisionOf(device string, o Options, has ...string) (string, error) {
	name := o.Precision
	if name == "" {
		name = Float32
	}
	if !slices.Contains(has, name) {
		return "", &PrecisionError{device, name, has}
	}
	return name, nil
}

// Float32 is the precision of every device, and the default.
const Float32 = "f32"

// BFloat16 rounds the factors of products to eight bits, on GPUs with tensor cores and on CPUs.
const BFloat16 = "bf16"

// BF16x6 is float32 on the matrix tiles of a CPU: a number is the sum of three in bf16, and six of
// the nine products of two of them are made. Its errors are those of float32. Other CPUs compute
// float32.
const BF16x6 = "bf16x6"

// Whole tells whether a precision keeps what float32 keeps.
func Whole(precision string) bool {
	return precision == "" || precision == Float32 || precision == BF16x6
}

// Int8 is a precision of CPUs, for programs with Ranges.
const Int8 = "int8"

// Range is the smallest and the largest number of a buffer.
type Range struct {
	Low  float32 `json:"low"`
	High float32 `json:"high"`
}

// With is the range that covers r and o.
func (r Range) With(o Range) Range { return Range{min(r.Low, o.Low), max(r.High, o.High)} }

// Check returns an error unless both numbers are finite and in order.
func (r Range) Check() error {
	if !(r.Low <= r.High) || math.IsInf(float64(r.Low), 0) || math.IsInf(float64(r.High), 0) {
		return fmt.Errorf("the range is %v to %v; expected finite numbers in ascending order", r.Low, r.High)
	}
	return nil
}

// At is the device with a precision for all that is loaded on it; sessions are
// the device's own. Load answers with a *PrecisionError where it has no such
// precision.
func At(d Device, precision string) Device {
	if precision == "" || precision == Float32 {
		return d
	}
	return precise{d, precision}
}

// Rounding is the device with Options.Rounded for all that is loaded on it.
func Rounding(d Device) Device { return rounding{d} }

type rounding struct{ Device }

func (r rounding) Footprint(program *Program, o Options) (Footprint, error) {
	o.Rounded = true
	return FootprintOf(r.Device, program, o)
}

func (r rounding) Load(program *Program, o Options) (Session, error) {
	o.Rounded = true
	return r.Device.Load(program, o)
}

type precise struct {
	Device
	precision string
}

func (p precise) Name() string { return p.Device.Name() + " (" + p.precision + ")" }

func (p precise) Footprint(program *Program, o Options) (Footprint, error) {
	o.Precision = p.precision
	return FootprintOf(p.Device, program, o)
}

func (p precise) Load(program *Program, o Options) (Session, error) {
	o.Precision = p.precision
	return p.Device.Load(program, o)
}
