package image

import (
	"math"
	"unsafe"
)

// The filter is Pillow's antialiased bilinear one, to the bit (spec A): first
// along rows, then along columns, eight bits between. Its weights are fixed-point
// numbers of precision bits.
const (
	precision = 22
	half      = 1 << (precision - 1)
)

// axis is the filter along one side: output i is the weighted mean of the count
// inputs from first[i], with weights taps[i*count:(i+1)*count]. Windows that are
// shorter are filled with zero weights, which leave no trace in a sum of whole
// numbers; loops of one length run faster.
type axis struct {
	count int
	first []int
	taps  []uint64
}

// newAxis is the triangle filter from in to out pixels. All sums are in float64
// and no multiplication is fused with an addition, on any processor.
func newAxis(in, out int) axis {
	scale := float64(in) / float64(out)
	width := max(scale, 1)
	window := func(i int) (centre float64, lo, hi int) {
		centre = float64((float64(i) + 0.5) * scale)
		return centre, max(int(centre-width+0.5), 0), min(int(centre+width+0.5), in)
	}
	count := 0
	for i := range out {
		_, lo, hi := window(i)
		count = max(count, hi-lo)
	}
	a := axis{count, make([]int, out), make([]uint64, count*out)}
	weights := make([]float64, count)
	for i := range out {
		centre, lo, hi := window(i)
		sum := 0.0
		for x := lo; x < hi; x++ {
			w := max(1-math.Abs(float64((float64(x)-centre+0.5)*(1/width))), 0)
			weights[x-lo] = w
			sum += w
		}
		first := min(lo, in-count)
		for x := lo; x < hi; x++ {
			a.taps[i*count+x-first] = uint64(float64(weights[x-lo]/sum*(1<<precision)) + 0.5)
		}
		a.first[i] = first
	}
	return a
}

// packed is a pixel with room for sums of weighted colours: red in the lower
// and green in the upper half of one number, blue in another, so that two
// multiplications weigh three colours. A sum of 8-bit colours times weights that
// add up to about 2^22 stays below 2^32.
type packed struct{ redGreen, blue uint64 }

const halves = half<<32 | half

// rounded turns sums into 8-bit colours. Weights are rounded one by one, so that
// their sum may exceed one a little; hence the clipping.
func (s packed) rounded() packed {
	red, green := s.redGreen&math.MaxUint32>>precision, s.redGreen>>(32+precision)
	return packed{min(red, 255) | min(green, 255)<<32, min(s.blue>>precision, 255)}
}

// swapped exchanges red and blue.
func (s packed) swapped() packed {
	return packed{s.redGreen&^math.MaxUint32 | s.blue, s.redGreen & math.MaxUint32}
}

// pixel is a pixel in memory; a fourth byte is not used.
type pixel interface{ [3]byte | [4]byte }

// view is a row of bytes as whole pixels: indexing within an array needs no
// check, which makes weigh twice as fast.
func view[P pixel](row []byte) []P {
	var p P
	return unsafe.Slice((*P)(unsafe.Pointer(unsafe.SliceData(row))), len(row)/len(p))
}

// across filters one row; the colours keep their order.
func across[P pixel](a *axis, out []packed, row []P) {
	taps := a.taps
	for i, first := range a.first[:len(out)] {
		redGreen, blue := weigh(row[first:], taps[:a.count])
		out[i] = packed{redGreen, blue}.rounded()
		taps = taps[a.count:]
	}
}

// weigh is the weighted sum of pixels. The sums are no struct and the function is
// not inlined, so that the compiler keeps them in registers.
//
//go:noinline
func weigh[P pixel](row []P, taps []uint64) (redGreen, blue uint64) {
	redGreen, blue = halves, half
	row = row[:len(taps)]
	for i, w := range taps {
		redGreen += (uint64(row[i][0]) | uint64(row[i][1])<<32) * w
		blue += uint64(row[i][2]) * w
	}
	return redGreen, blue
}

// highBytes shortens 16-bit colours in memory order to 8 bits.
func highBytes(out, row []byte) {
	for i := range out {
		out[i] = row[2*i+1]
	}
}

// resize filters the region of p to width x height pixels and gives them to emit
// row by row, from the top. Filtered input rows wait in a ring just long enough.
func resize(p Pixels, width, height int, emit func(y int, row []packed)) {
	region, l := p.Region(), layouts[p.Format]
	columns, rows := newAxis(region.Width, width), newAxis(region.Height, height)
	ring := make([]packed, rows.count*width)
	line := func(y int) []packed { return ring[y%rows.count*width:][:width] }
	sums := make([]packed, width)
	short := make([]byte, 3*region.Width) // for 16-bit colours
	ready := 0                            // input rows before this one are filtered
	for y, first := range rows.first {
		for ready = max(ready, first); ready < first+rows.count; ready++ {
			switch row := p.row(ready, region); l.size {
			case 3:
				across(&columns, line(ready), view[[3]byte](row))
			case 4:
				across(&columns, line(ready), view[[4]byte](row))
			case 6:
				highBytes(short, row)
				across(&columns, line(ready), view[[3]byte](short))
			}
		}
		for i := range sums {
			sums[i] = packed{halves, half}
		}
		for k, w := range rows.taps[y*rows.count:][:rows.count] {
			addWeighted(sums, line(first+k), w)
		}
		for i, s := range sums {
			sums[i] = s.rounded()
			if l.blueFirst {
				sums[i] = sums[i].swapped()
			}
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

// Resize returns the picture at another size, as Pillow to version 12.0 does with
// Image.BILINEAR. Later versions filter columns first where that is faster, which
// changes single pixels by one.
func Resize(im *RGB, width, height int) *RGB {
	out := New(width, height)
	if len(im.Pix) == 0 || len(out.Pix) == 0 {
		return out
	}
	resize(im.Pixels(), width, height, func(y int, row []packed) {
		pix := out.Pix[3*y*width:]
		for i, p := range row {
			pix[3*i], pix[3*i+1], pix[3*i+2] = byte(p.redGreen), byte(p.redGreen>>32), byte(p.blue)
		}
	})
	return out
}
