package label

// flatten is a Kuwahara filter: every pixel becomes the mean of that one of the
// four squares at whose corner it lies that varies least. Texture and noise go,
// and edges become sharp, so that there are no pixels of mixed colours.
// reach is the side of a square less one.
func flatten(c []color, side, reach int) []color {
	// sums[y][x] is over the rows before y and the columns before x, of the three
	// components and of their squares
	type sum [4]float64
	w := side + 1
	sums := make([]sum, w*w)
	for y := range side {
		var row sum
		for x := range side {
			p := c[y*side+x]
			for k := range 3 {
				row[k] += p[k]
				row[3] += p[k] * p[k]
			}
			above := sums[y*w+x+1]
			for k := range row {
				above[k] += row[k]
			}
			sums[(y+1)*w+x+1] = above
		}
	}
	out := make([]color, len(c))
	for y := range side {
		for x := range side {
			least := -1.0
			for _, q := range [4][2]int{{x - reach, y - reach}, {x, y - reach}, {x - reach, y}, {x, y}} {
				x0, y0 := max(q[0], 0), max(q[1], 0)
				x1, y1 := min(q[0]+reach, side-1)+1, min(q[1]+reach, side-1)+1
				a, b, d, e := &sums[y0*w+x0], &sums[y0*w+x1], &sums[y1*w+x0], &sums[y1*w+x1]
				n := float64((x1 - x0) * (y1 - y0))
				var mean color
				variance := (e[3] - b[3] - d[3] + a[3]) / n
				for k := range mean {
					mean[k] = (e[k] - b[k] - d[k] + a[k]) / n
					variance -= mean[k] * mean[k]
				}
				if variance = max(variance, 0); least < 0 || variance < least {
					least, out[y*side+x] = variance, mean
				}
			}
		}
	}
	return out
}
