package ops

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/kernels"
	"aecsad/kernels/ref"
)

// Bound is the largest relative error of a buffer, max|got-want| / max|want|.
// Sums of float32 in blocks stay below it at the lengths of the cases.
const Bound = 1e-5

// Conform runs every case on a device and on ref and compares them: outputs hold
// NaN before the run, what lies behind the buffers and the inputs must not
// change, and outputs must agree.
func Conform(t *testing.T, device kernels.Device) { forEach(t, device, conforms) }

// SameForAnyThreads runs every case on 1, 2 and 3 threads, which must give the
// same bits.
func SameForAnyThreads(t *testing.T, device kernels.Device) { forEach(t, device, sameForAnyThreads) }

// SameInAnyBatch runs every case of inference, whose N examples do not depend on
// each other, at once and one by one, which must give the same bits.
func SameInAnyBatch(t *testing.T, device kernels.Device) { forEach(t, device, sameInAnyBatch) }

func forEach(t *testing.T, device kernels.Device, check func(kernels.Device, Case) error) {
	t.Helper()
	for _, f := range Families() {
		t.Run(f.Name, func(t *testing.T) {
			for _, c := range f.Cases {
				if err := check(device, c); err != nil {
					assert.Fail(t, "differs", "%s on %s: %v", c.Name(), device.Name(), err)
				}
			}
		})
	}
}

func conforms(device kernels.Device, c Case) error {
	m := newMemory(c)
	want, err := m.run(ref.Open(), 1)
	if err != nil {
		return err
	}
	got, err := m.run(device, 0)
	if err != nil {
		return err
	}
	var all []error
	for i := range got {
		if err := m.compare(c, i, got, want); err != nil {
			all = append(all, fmt.Errorf("buffer %d: %w", i, err))
		}
	}
	return errors.Join(all...)
}

// compare checks buffer i of a run, and what lies behind it.
func (m memory) compare(c Case, i int, got, want [][]float32) error {
	if i >= m.outputs {
		if at := firstDifference(got[i], m.buffers[i]); at >= 0 {
			return fmt.Errorf("element %d of %d of an input is now %v", at, m.lens[i], got[i][at])
		}
		return nil
	}
	for j, v := range got[i][m.lens[i]:] {
		if v != fence {
			return fmt.Errorf("element %d behind its end is now %v", j, v)
		}
	}
	if slices.Contains(c.Scratch, i) {
		return nil
	}
	bound := Bound
	if c.Exact {
		bound = 0
	}
	a, b := m.values(got, i), m.values(want, i)
	if e, at := RelativeError(a, b); e > bound {
		return fmt.Errorf("element %d is %v, expected %v: relative error %.3g, bound %.3g", at, a[at], b[at], e, bound)
	}
	return nil
}

// firstDifference is the first index whose values differ, or -1; NaN equals NaN.
func firstDifference(a, b []float32) int {
	for i := range a {
		if a[i] != b[i] && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}

// RelativeError is max|got-want| / max|want| and where it occurs. Where want is
// all zeros it is max|got|. It is +Inf where either has a NaN.
func RelativeError(got, want []float32) (e float64, at int) {
	largest, worst := 0.0, 0.0
	for i := range want {
		largest = max(largest, math.Abs(float64(want[i])))
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if math.IsNaN(d) {
			return math.Inf(1), i
		}
		if d > worst {
			worst, at = d, i
		}
	}
	if largest > 0 {
		worst /= largest
	}
	return worst, at
}

func sameForAnyThreads(device kernels.Device, c Case) error {
	m := newMemory(c)
	one, err := m.run(device, 1)
	if err != nil {
		return err
	}
	for threads := 2; threads <= 3; threads++ {
		many, err := m.run(device, threads)
		if err != nil {
			return err
		}
		for i := range one {
			if slices.Contains(c.Scratch, i) {
				continue
			}
			if at := firstDifference(many[i], one[i]); at >= 0 {
				return fmt.Errorf("buffer %d: element %d is %v on 1 thread, %v on %d", i, at, one[i][at], many[i][at], threads)
			}
		}
	}
	return nil
}
