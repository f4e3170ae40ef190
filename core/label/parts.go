package label

import "math"

// part is a region that is no background, described by what stays the same when
// it is turned or moved.
type part struct {
	entry    int
	area     float64 // share of the image
	features []float64
}

// Scales of the features: about what lies between two kinds of part, so that
// distances of 1 are clear differences.
const (
	areaScale  = 0.6 // of log2 of the area: half as large again
	shapeScale = 0.8 // of log2 of length by width, and of compactness
)

// enclosed is the size, in least areas of a part, from which on a region of
// background colour is a part if it does not reach the border of the image: the
// white label of a bottle before a white wall.
const enclosed = 4

// isPart says whether a region is more than background.
func (p *palette) isPart(r region, minPixels int) bool {
	if !p.background[r.entry] {
		return true
	}
	return !r.border && len(r.pixels) >= enclosed*minPixels
}

// describe measures a region: area, elongation, compactness (1 for a full
// ellipse, less for rings and stars), which are functions of the area and of the
// first two Hu moments, and how its colour differs from its palette entry's.
func (p *palette) describe(r region, c []color, side int, bandwidth float64) part {
	n := float64(len(r.pixels))
	var mx, my, xx, yy, xy float64
	var mean color
	for _, i := range r.pixels {
		x, y := float64(i%side), float64(i/side)
		mx += x / n
		my += y / n
		for k := range mean {
			mean[k] += c[i][k] / n
		}
	}
	for _, i := range r.pixels {
		x, y := float64(i%side)-mx, float64(i/side)-my
		xx += x * x / n
		yy += y * y / n
		xy += x * y / n
	}
	const pixel = 1.0 / 12 // the variance within a pixel keeps lines finite
	xx, yy = xx+pixel, yy+pixel
	root := math.Hypot((xx-yy)/2, xy)
	long, short := (xx+yy)/2+root, max((xx+yy)/2-root, pixel)
	area := n / float64(side*side)
	f := []float64{
		math.Log2(area) / areaScale,
		math.Log2(long/short) / 2 / shapeScale,
		math.Log2(n/(4*math.Pi*math.Sqrt(long*short))) / shapeScale,
	}
	for k := range mean {
		f = append(f, (mean[k]-p.entries[r.entry][k])/bandwidth)
	}
	return part{int(r.entry), area, f}
}
