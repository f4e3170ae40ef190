// Package shape measures the connected regions of a map of component classes and
// compares them with those of good images. Areas per class (spec section 6) count
// parts; they say little about one bent or broken part among several.
package shape

import "math"

// Region is a 4-connected set of pixels of one class.
type Region struct {
	Class          uint8
	X0, Y0, X1, Y1 int // box in pixels, X1 and Y1 included
	Pixels         int
	Shape          Shape
}

// Shape is what is compared of a region: the logarithms of its area in pixels and
// of the standard deviations of its pixels along its two main axes. It does not
// depend on where the region lies nor on how it is turned, and a difference of 0.1
// is one of 10 % in every number.
type Shape [3]float32

// smallest is the share of the image that a region covers at least: less is noise
// of the segmentation.
const smallest = 1.0 / 4096

// Regions are those of the classes above 0, the background, in the order of their
// first pixels.
func Regions(classes []uint8, side int) []Region {
	seen := make([]bool, len(classes))
	var found []Region
	var stack []int
	for start, class := range classes {
		if class == 0 || seen[start] {
			continue
		}
		r := Region{Class: class, X0: side, Y0: side}
		var m moments
		seen[start], stack = true, append(stack[:0], start)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := i%side, i/side
			m.add(x, y)
			r.X0, r.X1, r.Y0, r.Y1 = min(r.X0, x), max(r.X1, x), min(r.Y0, y), max(r.Y1, y)
			visit := func(j int, inside bool) {
				if inside && !seen[j] && classes[j] == class {
					seen[j], stack = true, append(stack, j)
				}
			}
			visit(i-1, x > 0)
			visit(i+1, x < side-1)
			visit(i-side, y > 0)
			visit(i+side, y < side-1)
		}
		r.Pixels, r.Shape = m.n, m.shape()
		if float64(r.Pixels) >= smallest*float64(len(classes)) {
			found = append(found, r)
		}
	}
	return found
}

// moments of the pixels of a region: whole numbers, so that nothing depends on
// the order in which they are found.
type moments struct{ n, x, y, xx, yy, xy int }

func (m *moments) add(x, y int) {
	m.n++
	m.x, m.y = m.x+x, m.y+y
	m.xx, m.yy, m.xy = m.xx+x*x, m.yy+y*y, m.xy+x*y
}

// pixelVariance is that of the places within a pixel.
const pixelVariance = 1.0 / 12

func (m *moments) shape() Shape {
	n := float64(m.n)
	mx, my := float64(m.x)/n, float64(m.y)/n
	xx, yy, xy := float64(m.xx)/n-mx*mx+pixelVariance, float64(m.yy)/n-my*my+pixelVariance, float64(m.xy)/n-mx*my
	// The eigenvalues of the covariance.
	middle, half := (xx+yy)/2, math.Hypot((xx-yy)/2, xy)
	return Shape{
		float32(math.Log(n)),
		float32(math.Log(middle+half) / 2),
		float32(math.Log(max(middle-half, pixelVariance)) / 2),
	}
}
