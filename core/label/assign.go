package label

const (
	smoothRounds = 4
	// smoothWeight is the cost of one of eight neighbours with another entry, in
	// squared bandwidths of colour distance.
	smoothWeight = 0.15
)

// assign gives every pixel the palette entry that is near in colour and common
// among its neighbours: iterated conditional modes of a Potts field with
//
//	cost(l) = (|colour - entry_l| / bandwidth)^2 + smoothWeight * neighbours not l
func (p *palette) assign(c []color, side int, bandwidth float64) []uint8 {
	out := make([]uint8, len(c))
	for i, v := range c {
		out[i] = uint8(p.nearest(v))
	}
	next := make([]uint8, len(c))
	for range smoothRounds {
		for i := range out {
			next[i] = p.settle(c[i], out, i, side, bandwidth)
		}
		out, next = next, out
	}
	return out
}

// settle is the entry of least cost for pixel i among its own and its neighbours'.
func (p *palette) settle(c color, labels []uint8, i, side int, bandwidth float64) uint8 {
	var around [8]uint8
	n, others := 0, false
	x, y := i%side, i/side
	for ny := max(y-1, 0); ny <= min(y+1, side-1); ny++ {
		for nx := max(x-1, 0); nx <= min(x+1, side-1); nx++ {
			if j := ny*side + nx; j != i {
				around[n] = labels[j]
				others = others || labels[j] != labels[i]
				n++
			}
		}
	}
	if !others {
		return labels[i]
	}
	cost := func(l uint8) float64 {
		sum := c.square(p.entries[l]) / (bandwidth * bandwidth)
		for _, a := range around[:n] {
			if a != l {
				sum += smoothWeight
			}
		}
		return sum
	}
	best := labels[i]
	least := cost(best)
	for k, l := range around[:n] {
		if k > 0 && l == around[k-1] || l == labels[i] {
			continue
		}
		if v := cost(l); v < least {
			best, least = l, v
		}
	}
	return best
}
