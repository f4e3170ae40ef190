package cpu

import "aecsad/kernels"

// joined are the calls of a run that are done as one with others.
type joined struct {
	resized   map[int]bool     // convolutions with the Resize before them
	followers map[int]follower // of convolutions
	chains    []chain
}

func (d *Device) joinedOf(p *kernels.Program, w *weights) joined {
	resized := d.resizedOf(p, w)
	return joined{resized, d.followersOf(p, w, resized), chainsOf(p)}
}
