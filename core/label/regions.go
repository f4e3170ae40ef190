package label

// region is a set of 4-connected pixels of one palette entry.
type region struct {
	entry  uint8
	pixels []int
	border bool // touches the border of the image
}

// regions splits a map into its connected regions, in the order of their first
// pixels.
func regions(entries []uint8, side int) []region {
	seen := make([]bool, len(entries))
	var out []region
	for start := range entries {
		if seen[start] {
			continue
		}
		seen[start] = true
		r := region{entry: entries[start], pixels: []int{start}}
		for k := 0; k < len(r.pixels); k++ {
			for _, j := range neighbours(r.pixels[k], side) {
				if j < 0 {
					r.border = true
				} else if !seen[j] && entries[j] == r.entry {
					seen[j] = true
					r.pixels = append(r.pixels, j)
				}
			}
		}
		out = append(out, r)
	}
	return out
}

// neighbours are the pixels above, left, right and below; -1 beyond the image.
func neighbours(i, side int) [4]int {
	n := [4]int{i - side, i - 1, i + 1, i + side}
	if i < side {
		n[0] = -1
	}
	if i%side == 0 {
		n[1] = -1
	}
	if i%side == side-1 {
		n[2] = -1
	}
	if i >= side*(side-1) {
		n[3] = -1
	}
	return n
}

// tidy dissolves what is thinner than three pixels, such as outlines, and regions
// that are too small to be a part.
func (p *palette) tidy(entries []uint8, c []color, side, minPixels int) {
	isOpen := thin(entries, side)
	for _, r := range regions(entries, side) {
		solid := 0
		for _, i := range r.pixels {
			if !isOpen[i] {
				solid++
			}
		}
		if solid < minPixels {
			for _, i := range r.pixels {
				isOpen[i] = true
			}
		}
	}
	var open []int
	for i, yes := range isOpen {
		if yes {
			open = append(open, i)
		}
	}
	if len(open) < len(entries) {
		p.dissolve(entries, c, side, isOpen, open)
	}
}

// thin marks the pixels that are in no square of 3 x 3 pixels of one entry.
func thin(entries []uint8, side int) []bool {
	out := make([]bool, len(entries))
	for i := range out {
		out[i] = true
	}
	square := func(i int, f func(j int)) {
		for _, row := range [3]int{i - side, i, i + side} {
			f(row - 1)
			f(row)
			f(row + 1)
		}
	}
	for y := 1; y < side-1; y++ {
		for x := 1; x < side-1; x++ {
			i, same := y*side+x, true
			square(i, func(j int) { same = same && entries[j] == entries[i] })
			if same {
				square(i, func(j int) { out[j] = false })
			}
		}
	}
	return out
}

// dissolve gives the open pixels, layer by layer from the outside, to the
// adjacent entry that is nearest in colour.
func (p *palette) dissolve(entries []uint8, c []color, side int, isOpen []bool, open []int) {
	for len(open) > 0 {
		var rest, closed []int
		for _, i := range open {
			least := -1.0
			for _, j := range neighbours(i, side) {
				if j < 0 || isOpen[j] {
					continue
				}
				if d := c[i].distance(p.entries[entries[j]]); least < 0 || d < least {
					least, entries[i] = d, entries[j]
				}
			}
			if least < 0 {
				rest = append(rest, i)
			} else {
				closed = append(closed, i)
			}
		}
		for _, i := range closed {
			isOpen[i] = false
		}
		open = rest
	}
}
