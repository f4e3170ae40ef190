package cpu

import (
	"slices"

	"aecsad/kernels"
)

// follower is the call behind a convolution that the convolution does as well.
type follower int

const (
	pooling   follower = 1 + iota // AvgPool
	comparing                     // SquaredDifference with something else
)

// followersOf are the convolutions of a run that do the call behind them as well, because
// nobody else sees what they put out.
func (d *Device) followersOf(p *kernels.Program, w *weights, resized map[int]bool) map[int]follower {
	followers := map[int]follower{}
	for i := range p.Calls[:max(len(p.Calls)-1, 0)] {
		c, next := p.Calls[i], p.Calls[i+1]
		conv, is := c.Op.(kernels.Conv2D)
		if of, ok := w.calls[i]; !is || ok && of.as.name != kernels.Float32 || slices.Contains(c.Bufs, next.Bufs[0]) {
			continue
		}
		if _, more := w.enlarged[i]; more {
			continue
		}
		if resized[i] && p.Calls[i-1].Bufs[1] == next.Bufs[0] { // which is still to be read
			continue
		}
		if f := d.follower(conv, c.Bufs[0], next); f != 0 && forgotten(p, p.Calls[i+2:], c.Bufs[0]) {
			followers[i] = f
		}
	}
	return followers
}

// follower tells what follows the convolution whose output is the slot y.
func (d *Device) follower(conv kernels.Conv2D, y kernels.Slot, next kernels.Call) follower {
	switch op := next.Op.(type) {
	case kernels.AvgPool:
		if next.Bufs[inputSlot] == y && op.C == conv.K && op.H == conv.P() && op.W == conv.Q() && d.poolsAtOnce(conv, op) {
			return pooling
		}
	case kernels.SquaredDifference:
		if (next.Bufs[1] == y) != (next.Bufs[2] == y) && d.comparesAtOnce(conv, op) {
			return comparing
		}
	}
	return 0
}

// forgotten tells whether nobody reads what a slot of the program holds: the calls that
// are left write it before they read it, or nobody does after them.
func forgotten(p *kernels.Program, calls []kernels.Call, slot kernels.Slot) bool {
	for _, c := range calls {
		out, _ := c.Op.Buffers()
		if slices.Contains(c.Bufs[len(out):], slot) {
			return false
		}
		if slices.Contains(c.Bufs[:len(out)], slot) {
			return true
		}
	}
	return slices.Contains(p.Passing, slot)
}
