package label

// patch is the mean and the variance of a square of pixels.
type patch struct {
	mean     color
	variance float64 // of the three components together
}

// flatten is a Kuwahara filter: every pixel becomes the mean of that one of the
// four squares at whose corner it lies that varies least. Texture and noise go,
// and edges become sharp, so that there are no pixels of mixed colours. reach is
// the side of a square less one.
func flatten(c []color, side, reach int) []color {
	squares := patches(c, side, reach)
	w := side + reach
	out := make([]color, len(c))
	for y := range side {
		for x := range side {
			best := &squares[y*w+x]
			for _, q := range [3]*patch{&squares[y*w+x+reach], &squares[(y+reach)*w+x], &squares[(y+reach)*w+x+reach]} {
				if q.variance < best.variance {
					best = q
				}
			}
			out[y*side+x] = best.mean
		}
	}
	return out
}

// patches are of the squares that end at pixel (x, y), for x and y up to reach
// beyond the image; of squares that hang over its edge the part within counts.
// They are found from sums over all pixels above and to the left.
func patches(c []color, side, reach int) []patch {
	sums := integrate(c, side)
	w := side + reach
	out := make([]patch, w*w)
	for y := range w {
		y0, y1 := max(y-reach, 0), min(y+1, side)
		for x := range w {
			x0, x1 := max(x-reach, 0), min(x+1, side)
			a, b := &sums[y0*(side+1)+x0], &sums[y0*(side+1)+x1]
			d, e := &sums[y1*(side+1)+x0], &sums[y1*(side+1)+x1]
			n := 1 / float64((x1-x0)*(y1-y0))
			p := &out[y*w+x]
			p.variance = (e[3] - b[3] - d[3] + a[3]) * n
			for k := range p.mean {
				p.mean[k] = (e[k] - b[k] - d[k] + a[k]) * n
				p.variance -= p.mean[k] * p.mean[k]
			}
		}
	}
	return out
}

// integrate returns, for y and x from 0 to side, the sums over the rows before y
// and the columns before x: of the three components and of their squares.
func integrate(c []color, side int) [][4]float64 {
	w := side + 1
	sums := make([][4]float64, w*w)
	for y := range side {
		var row [4]float64
		for x := range side {
			for k, v := range c[y*side+x] {
				row[k] += v
				row[3] += v * v
			}
			above, here := &sums[y*w+x+1], &sums[(y+1)*w+x+1]
			for k := range row {
				here[k] = above[k] + row[k]
			}
		}
	}
	return sums
}
