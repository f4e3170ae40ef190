package formula

// A network answers once per cell of stride x stride pixels.

// Answers writes a target's class per cell: what the cell's middle shows; for
// edges, the commonest direction if an edge crosses the cell. dst has
// (Side/stride)^2 elements.
func (p *Picture) Answers(dst []float32, t Target, stride int) {
	cells, m := p.Side/stride, p.Classes[t]
	for i := range dst[:cells*cells] {
		at := i/cells*stride*p.Side + i%cells*stride
		if t == Edge {
			dst[i] = float32(p.crossing(at, stride))
		} else {
			dst[i] = float32(m[at+stride/2*p.Side+stride/2])
		}
	}
}

// crossing is the commonest edge class of the cell that begins at a pixel, if at
// least a quarter of the pixels of a line through the cell are edge.
func (p *Picture) crossing(at, stride int) uint8 {
	var count [256]int
	edge := 0
	for y := range stride {
		for _, c := range p.Classes[Edge][at+y*p.Side:][:stride] {
			if count[c]++; c != 0 {
				edge++
			}
		}
	}
	if edge < (stride+3)/4 {
		return 0
	}
	best := uint8(Ignore)
	for c := uint8(1); c <= directions; c++ {
		if count[c] > count[best] {
			best = c
		}
	}
	return best
}

// Colors writes the mean albedo per cell, three planes, from -1 to 1.
func (p *Picture) Colors(dst []float32, stride int) {
	cells := p.Side / stride
	scale := 2 / float32(stride*stride)
	for k := range 3 {
		plane := p.Albedo[k*p.Side*p.Side:]
		for i := range cells * cells {
			at, sum := i/cells*stride*p.Side+i%cells*stride, float32(0)
			for y := range stride {
				for _, v := range plane[at+y*p.Side:][:stride] {
					sum += v
				}
			}
			dst[k*cells*cells+i] = scale*sum - 1
		}
	}
}
