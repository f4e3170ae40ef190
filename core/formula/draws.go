package formula

import (
	"math"

	"aecsad/kernels"
)

// draws is a sequence of random numbers that depends on its key only.
type draws struct{ key, i uint64 }

func newDraws(seed uint32, index int) *draws {
	return &draws{key: kernels.Mix64(kernels.Mix64(uint64(seed)+0x666f726d) + uint64(index))}
}

func (d *draws) word() uint64 {
	d.i++
	return kernels.Mix64(d.key + d.i*0x9e3779b97f4a7c15)
}

// float is in [0,1).
func (d *draws) float() float64 { return float64(d.word()>>11) / (1 << 53) }

// between is in [lo,hi).
func (d *draws) between(lo, hi float64) float64 { return lo + (hi-lo)*d.float() }

// ratio is in [lo,hi), every factor equally likely.
func (d *draws) ratio(lo, hi float64) float64 { return lo * math.Pow(hi/lo, d.float()) }

// below is a whole number in [0,n).
func (d *draws) below(n int) int { return int(d.word() >> 33 * uint64(n) >> 31) }

// chance is true with probability p.
func (d *draws) chance(p float64) bool { return d.float() < p }

// angle is in [0,2*pi).
func (d *draws) angle() float64 { return d.between(0, 2*math.Pi) }
