package image

import "math"

// The filter is Pillow's antialiased bilinear one, to the bit (spec A): first
// along rows, then along columns, eight bits between. Its weights are fixed-point
// numbers of precision bits.
const (
	precision = 22
	half      = 1 << (precision - 1)
)

// axis is the filter along one side: output i is a weighted mean of the inputs
// from first[i], with the weights taps[start[i]:start[i+1]].
type axis struct {
	first, start []int
	taps         []uint64
}

// newAxis is the triangle filter from in to out pixels. All sums are in float64
// and no multiplication is fused with an addition, on any processor.
func newAxis(in, out int) axis {
	a := axis{first: make([]int, out), start: make([]int, out+1)}
	scale := float64(in) / float64(out)
	width := max(scale, 1)
	weights := make([]float64, 0, 2*int(math.Ceil(width))+1)
	for i := range out {
		centre := float64((float64(i) + 0.5) * scale)
		lo := max(int(centre-width+0.5), 0)
		hi := min(int(centre+width+0.5), in)
		weights = weights[:0]
		sum := 0.0
		for x := lo; x < hi; x++ {
			w := max(1-math.Abs(float64((float64(x)-centre+0.5)*(1/width))), 0)
			weights = append(weights, w)
			sum += w
		}
		a.first[i] = lo
		for _, w := range weights {
			a.taps = append(a.taps, uint64(float64(w/sum*(1<<precision))+0.5))
		}
		a.start[i+1] = len(a.taps)
	}
	return a
}

// window is the filter of output i.
func (a *axis) window(i int) (first int, taps []uint64) {
	return a.first[i], a.taps[a.start[i]:a.start[i+1]]
}

// packed is a pixel with room for sums of weighted colours: red in the lower
// and green in the upper half of one number, blue in another, so that two
// multiplications weigh three colours. A sum of 8-bit colours times weights that
// add up to about 2^22 stays below 2^32.
type packed struct{ redGreen, blue uint64 }

const halves = half<<32 | half

func (s packed) colours() (red, green, blue uint64) {
	return clip(s.redGreen & math.MaxUint32 >> precision), clip(s.redGreen >> 32 >> precision), clip(s.blue >> precision)
}

// clip: weights are rounded one by one, so that their sum may exceed one a little.
func clip(v uint64) uint64 { return min(v, 255) }

// across filters one row of pixels of a layout into out.
func (a *axis) across(out []packed, row []byte, l layout) {
	for i := range out {
		first, taps := a.window(i)
		px := row[first*l.size:]
		s := packed{halves, half}
		for _, w := range taps {
			s.redGreen += (uint64(px[l.red]) | uint64(px[l.green])<<32) * w
			s.blue += uint64(px[l.blue]) * w
			px = px[l.size:]
		}
		r, g, b := s.colours()
		out[i] = packed{r | g<<32, b}
	}
}

// resize filters the region of p to width x height pixels and gives them to emit
// row by row, from the top. Filtered input rows wait in a ring just long enough,
// and rows that no output needs are not touched.
func resize(p Pixels, width, height int, emit func(y int, row []packed)) {
	region, l := p.region(), layouts[p.Format]
	columns, rows := newAxis(region.Width, width), newAxis(region.Height, height)
	depth := 0
	for y := range height {
		_, taps := rows.window(y)
		depth = max(depth, len(taps))
	}
	ring := make([]packed, depth*width)
	line := func(y int) []packed { return ring[y%depth*width:][:width] }
	sums := make([]packed, width)
	ready := 0 // input rows before this one are filtered
	for y := range height {
		first, taps := rows.window(y)
		for ready = max(ready, first); ready < first+len(taps); ready++ {
			columns.across(line(ready), p.row(ready, region), l)
		}
		for i := range sums {
			sums[i] = packed{halves, half}
		}
		for k, w := range taps {
			addWeighted(sums, line(first+k), w)
		}
		for i, s := range sums {
			r, g, b := s.colours()
			sums[i] = packed{r | g<<32, b}
		}
		emit(y, sums)
	}
}

func addWeighted(sums, row []packed, w uint64) {
	row = row[:len(sums)]
	for i := range sums {
		sums[i].redGreen += row[i].redGreen * w
		sums[i].blue += row[i].blue * w
	}
}

// Resize returns the picture at another size.
func Resize(im *RGB, width, height int) *RGB {
	out := New(width, height)
	resize(im.Pixels(), width, height, func(y int, row []packed) {
		pix := out.Pix[3*y*width:]
		for i, p := range row {
			pix[3*i], pix[3*i+1], pix[3*i+2] = byte(p.redGreen), byte(p.redGreen>>32), byte(p.blue)
		}
	})
	return out
}
