package cpu

import (
	"slices"

	"aecsad/kernels"
)

// resizedOf are the convolutions of a run that do the Resize before them as well, because
// nobody else sees what it puts out.
func (d *Device) resizedOf(p *kernels.Program, w *weights) map[int]bool {
	resized := map[int]bool{}
	for i := 1; i < len(p.Calls); i++ {
		c, before := p.Calls[i], p.Calls[i-1]
		conv, is := c.Op.(kernels.Conv2D)
		resize, does := before.Op.(kernels.Resize)
		if of, ok := w.calls[i]; !is || !does || ok && of.as.name != kernels.Float32 {
			continue
		}
		large, small := before.Bufs[0], before.Bufs[1]
		alone := c.Bufs[inputSlot] == large && c.Bufs[0] != small && !slices.Contains(c.Bufs[weightSlot:], large)
		if alone && forgotten(p, p.Calls[i+1:], large) && d.resizesAtOnce(conv, resize) {
			resized[i] = true
		}
	}
	return resized
}
