package train

import (
	"math"

	"aecsad/core/image"
)

// LogicalAnomaly is a copy of a good image with one or two of its components once
// more, elsewhere and turned (spec 5.6). It depends on the seed and on k; where
// no place is found the copy shows nothing new.
func LogicalAnomaly(im *image.RGB, labels *image.Labels, seed uint32, k int) *image.RGB {
	out, _ := Anomalies{Probability: 1, MinDistance: 0.2}.apply(im, labels, newDraws(seed, streamLogical, k))
	return out
}

// StructuralAnomaly is a copy of a good image with a stroke across a component: a
// bending line of some width in a colour of its own, more or less opaque, like a
// scratch, a crack or a smear.
func StructuralAnomaly(im *image.RGB, labels *image.Labels, seed uint32, k int) *image.RGB {
	d := newDraws(seed, streamStructural, k)
	out := &image.RGB{Width: im.Width, Height: im.Height, Pix: append([]byte{}, im.Pix...)}
	colour := [3]float64{d.between(0, 255), d.between(0, 255), d.between(0, 255)}
	opacity := d.between(0.4, 1)
	for i, in := range stroke(labels, d) {
		if !in {
			continue
		}
		for c := range colour {
			v := float64(im.Pix[3*i+c])
			out.Pix[3*i+c] = byte(v + opacity*(colour[c]-v) + 0.5)
		}
	}
	return out
}

// stroke covers discs along a line that begins on a component, if there is one.
func stroke(labels *image.Labels, d *draws) []bool {
	w, h := labels.Width, labels.Height
	side := float64(w)
	start := d.below(w * h)
	if parts := findParts(labels); len(parts) > 0 {
		p := parts[d.below(len(parts))]
		start = p.pixels[d.below(len(p.pixels))]
	}
	x, y := float64(start%w), float64(start/w)
	angle, radius := d.between(0, 2*math.Pi), d.between(0.008, 0.03)*side
	covered := make([]bool, w*h)
	for left := d.between(0.05, 0.25) * side; left > 0; left -= radius / 2 {
		disc(covered, w, h, x, y, radius)
		angle += d.between(-0.3, 0.3)
		x, y = x+radius/2*math.Cos(angle), y+radius/2*math.Sin(angle)
	}
	return covered
}

// disc covers the pixels within radius of (x, y).
func disc(covered []bool, w, h int, x, y, radius float64) {
	for py := max(0, int(y-radius)); py <= min(h-1, int(y+radius+1)); py++ {
		for px := max(0, int(x-radius)); px <= min(w-1, int(x+radius+1)); px++ {
			if math.Hypot(float64(px)-x, float64(py)-y) <= radius {
				covered[py*w+px] = true
			}
		}
	}
}
