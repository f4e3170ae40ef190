package train

import (
	"math"

	"aecsad/core/image"
)

// affine maps output pixels to input pixels: x' = a*x + b*y + c, y' = d*x + e*y + f.
type affine struct{ a, b, c, d, e, f float64 }

func (t affine) at(x, y int) (float64, float64) {
	fx, fy := float64(x), float64(y)
	return t.a*fx + t.b*fy + t.c, t.d*fx + t.e*fy + t.f
}

// rotation turns by angle (radians) and magnifies about (cx, cy), which lands on
// (tx, ty).
func rotation(angle, scale, cx, cy, tx, ty float64) affine {
	sin, cos := math.Sin(angle)/scale, math.Cos(angle)/scale
	return affine{cos, sin, cx - cos*tx - sin*ty, -sin, cos, cy + sin*tx - cos*ty}
}

// wobble is the light augmentation of labelled images (spec 5.5): with
// probability 1/2 each, a small affine motion with a black border, and a small
// change of brightness and contrast. No flips: left and right may matter.
func wobble(im *image.RGB, labels *image.Labels, d *draws) (*image.RGB, *image.Labels) {
	if d.float() < 0.5 {
		side := float64(im.Width)
		angle := d.between(-2, 2) * math.Pi / 180
		scale := d.between(0.99, 1.01)
		c := (side - 1) / 2
		t := rotation(angle, scale, c, c, c+d.between(-0.01, 0.01)*side, c+d.between(-0.01, 0.01)*side)
		im, labels = warp(im, t), warpLabels(labels, t)
	}
	if d.float() < 0.5 {
		im = image.Brightness(im, d.between(0.95, 1.05))
		im = image.Contrast(im, d.between(0.95, 1.05))
	}
	return im, labels
}

// warp resamples bilinearly; outside is black.
func warp(im *image.RGB, t affine) *image.RGB {
	out := &image.RGB{Width: im.Width, Height: im.Height, Pix: make([]byte, len(im.Pix))}
	for y := 0; y < im.Height; y++ {
		for x := 0; x < im.Width; x++ {
			sx, sy := t.at(x, y)
			rgb := sample(im, sx, sy)
			copy(out.Pix[3*(y*im.Width+x):], rgb[:])
		}
	}
	return out
}

// warpLabels takes the nearest class, so that no class is invented at an edge
// (spec 9.3 #10); outside is background.
func warpLabels(l *image.Labels, t affine) *image.Labels {
	out := &image.Labels{Width: l.Width, Height: l.Height, Pix: make([]uint8, len(l.Pix))}
	for y := 0; y < l.Height; y++ {
		for x := 0; x < l.Width; x++ {
			sx, sy := t.at(x, y)
			ix, iy := int(math.Round(sx)), int(math.Round(sy))
			if ix >= 0 && iy >= 0 && ix < l.Width && iy < l.Height {
				out.Pix[y*l.Width+x] = l.Pix[iy*l.Width+ix]
			}
		}
	}
	return out
}

// sample is bilinear interpolation at (x, y).
func sample(im *image.RGB, x, y float64) [3]byte {
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	fx, fy := x-float64(x0), y-float64(y0)
	var sum [3]float64
	for _, p := range [4]struct {
		x, y int
		w    float64
	}{{x0, y0, (1 - fx) * (1 - fy)}, {x0 + 1, y0, fx * (1 - fy)}, {x0, y0 + 1, (1 - fx) * fy}, {x0 + 1, y0 + 1, fx * fy}} {
		if p.x < 0 || p.y < 0 || p.x >= im.Width || p.y >= im.Height {
			continue
		}
		i := 3 * (p.y*im.Width + p.x)
		for c := range sum {
			sum[c] += p.w * float64(im.Pix[i+c])
		}
	}
	return [3]byte{byte(sum[0] + 0.5), byte(sum[1] + 0.5), byte(sum[2] + 0.5)}
}
