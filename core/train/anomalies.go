package train

import (
	"fmt"
	"math"

	"aecsad/core/image"
)

// Anomalies are logical synthetic anomalies (LSA, spec 5.6): copies of an
// image's own components, turned and pasted elsewhere in it with their labels,
// so that the segmentor names a part by its looks and not by its place.
type Anomalies struct {
	Probability float64 `json:"probability" yaml:"probability"`
	// MinDistance of a paste from its source, in image sides.
	MinDistance float64 `json:"min_distance" yaml:"min_distance"`
}

func (o Anomalies) check() error {
	if !(o.Probability >= 0 && o.Probability <= 1) || !(o.MinDistance >= 0 && o.MinDistance < 1) {
		return fmt.Errorf("anomalies.probability is %v and min_distance %v; expected shares in [0,1]", o.Probability, o.MinDistance)
	}
	return nil
}

// part is a connected region of one class.
type part struct {
	pixels         []int
	x0, y0, x1, y1 int
}

// Draws of a place before a paste is given up, and candidates per draw.
const (
	pasteTries      = 20
	pasteCandidates = 200
)

// apply pastes one component and tries a second one. The inputs stay as they are.
func (o Anomalies) apply(im *image.RGB, labels *image.Labels, d *draws) (*image.RGB, *image.Labels) {
	if d.float() >= o.Probability {
		return im, labels
	}
	parts := findParts(labels)
	if len(parts) == 0 {
		return im, labels
	}
	outIm := &image.RGB{Width: im.Width, Height: im.Height, Pix: append([]byte{}, im.Pix...)}
	outLab := &image.Labels{Width: labels.Width, Height: labels.Height, Pix: append([]uint8{}, labels.Pix...)}
	count := 1 + d.below(2)
	for n := 0; n < count && len(parts) > 0; n++ {
		i := d.below(len(parts))
		p := parts[i]
		parts = append(parts[:i], parts[i+1:]...)
		for try := 0; try < pasteTries; try++ {
			if t, ok := o.place(p, labels, d); ok {
				paste(outIm, outLab, im, labels, p, t)
				break
			}
		}
	}
	return outIm, outLab
}

// place draws a turn and a target: far targets are likelier, as the square of
// the distance. It is accepted when the copy lies within the image and at least
// half of it within the box around all components, where products are.
func (o Anomalies) place(p part, labels *image.Labels, d *draws) (affine, bool) {
	side := float64(labels.Width)
	cx, cy := float64(p.x0+p.x1)/2, float64(p.y0+p.y1)/2
	angle := float64(d.below(360)) * math.Pi / 180
	var total, tx, ty float64
	for i := 0; i < pasteCandidates; i++ { // one pass of weighted reservoir sampling
		x, y := d.between(0.1, 0.9)*side, d.between(0.1, 0.9)*side
		w := ((x-cx)*(x-cx) + (y-cy)*(y-cy)) / (side * side)
		if w < o.MinDistance*o.MinDistance {
			continue
		}
		total += w
		if d.float()*total < w {
			tx, ty = x, y
		}
	}
	if total == 0 {
		return affine{}, false
	}
	x0, y0, x1, y1 := bounds(labels)
	sin, cos := math.Sin(angle), math.Cos(angle)
	inside, near := 0, 0
	for _, i := range p.pixels {
		dx, dy := float64(i%labels.Width)-cx, float64(i/labels.Width)-cy
		x, y := int(tx+cos*dx-sin*dy), int(ty+sin*dx+cos*dy)
		if x >= 0 && y >= 0 && x < labels.Width && y < labels.Height {
			inside++
		}
		if x >= x0 && y >= y0 && x <= x1 && y <= y1 {
			near++
		}
	}
	n := len(p.pixels)
	return rotation(angle, 1, cx, cy, tx, ty), 10*inside >= 9*n && 2*near >= n
}

// paste copies the pixels and labels of a part to where t takes them from.
func paste(dst *image.RGB, dstLab *image.Labels, src *image.RGB, srcLab *image.Labels, p part, t affine) {
	member := make([]bool, len(srcLab.Pix))
	for _, i := range p.pixels {
		member[i] = true
	}
	w, h := srcLab.Width, srcLab.Height
	for y := 0; y < h; y++ {
		for x := 0; x < w; x++ {
			sx, sy := t.at(x, y)
			ix, iy := int(math.Round(sx)), int(math.Round(sy))
			if ix < p.x0 || iy < p.y0 || ix > p.x1 || iy > p.y1 || !member[iy*w+ix] {
				continue
			}
			rgb := sample(src, sx, sy)
			copy(dst.Pix[3*(y*w+x):], rgb[:])
			dstLab.Pix[y*w+x] = srcLab.Pix[iy*w+ix]
		}
	}
}

// bounds is the box around all labelled pixels.
func bounds(l *image.Labels) (x0, y0, x1, y1 int) {
	x0, y0 = l.Width, l.Height
	for i, c := range l.Pix {
		if c != 0 && c != 255 {
			x, y := i%l.Width, i/l.Width
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
		}
	}
	return x0, y0, x1, y1
}

// findParts lists the 4-connected regions larger than 0.1 % of the image, in
// order of their first pixel.
func findParts(l *image.Labels) []part {
	seen := make([]bool, len(l.Pix))
	var parts []part
	for start, class := range l.Pix {
		if class == 0 || class == 255 || seen[start] {
			continue
		}
		p := part{x0: l.Width, y0: l.Height, pixels: []int{start}}
		seen[start] = true
		for k := 0; k < len(p.pixels); k++ {
			i := p.pixels[k]
			x, y := i%l.Width, i/l.Width
			p.x0, p.x1, p.y0, p.y1 = min(p.x0, x), max(p.x1, x), min(p.y0, y), max(p.y1, y)
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				nx, ny := x+d[0], y+d[1]
				if nx < 0 || ny < 0 || nx >= l.Width || ny >= l.Height {
					continue
				}
				if j := ny*l.Width + nx; !seen[j] && l.Pix[j] == class {
					seen[j] = true
					p.pixels = append(p.pixels, j)
				}
			}
		}
		if 1000*len(p.pixels) > len(l.Pix) {
			parts = append(parts, p)
		}
	}
	return parts
}
