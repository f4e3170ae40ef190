package cpu

import (
	"slices"

	"aecsad/kernels"
)

// pooledOf are the convolutions of a run that do the pooling behind them as well,
// because nobody else sees what they put out: its slot is written again before it is
// read, and so no one can read it after the run either.
func (d *Device) pooledOf(p *kernels.Program, w *weights) map[int]bool {
	pooled := map[int]bool{}
	for i := range p.Calls[:max(len(p.Calls)-1, 0)] {
		c, next := p.Calls[i], p.Calls[i+1]
		conv, is := c.Op.(kernels.Conv2D)
		pool, follows := next.Op.(kernels.AvgPool)
		if !is || !follows || next.Bufs[inputSlot] != c.Bufs[0] || pool.C != conv.K || pool.H != conv.P() || pool.W != conv.Q() {
			continue
		}
		if of, ok := w.calls[i]; ok && of.as.name != kernels.Float32 {
			continue
		}
		pooled[i] = !slices.Contains(c.Bufs, next.Bufs[0]) && forgotten(p.Calls[i+2:], c.Bufs[0]) && d.poolsAtOnce(conv, pool)
	}
	return pooled
}

// forgotten tells whether calls write a slot before they read it.
func forgotten(calls []kernels.Call, slot kernels.Slot) bool {
	for _, c := range calls {
		out, _ := c.Op.Buffers()
		if slices.Contains(c.Bufs[len(out):], slot) {
			return false
		}
		if slices.Contains(c.Bufs[:len(out)], slot) {
			return true
		}
	}
	return false
}
