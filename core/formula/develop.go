package formula

import (
	"math"
	"slices"

	"aecsad/core/image"
)

// develop photographs the canvas: uneven coloured light, a lens that blurs, a
// sensor with noise, 8 bits.
func (c *canvas) develop(d *draws) *image.RGB {
	var planes []float32
	if c.has(Light) {
		planes = c.shine(d)
	} else {
		planes = slices.Clone(c.albedo)
	}
	strength := 0.0
	if c.has(Sensor) {
		for n := d.below(4) - 1; n > 0; n-- {
			for k := range 3 {
				soften(planes[k*c.side*c.side:][:c.side*c.side], c.side)
			}
		}
		if d.chance(0.7) {
			strength = d.ratio(0.004, 0.06)
		}
	}
	return c.expose(planes, strength, d)
}

// shine multiplies the albedo with the light: brightness, tint, a slope across
// the picture.
func (c *canvas) shine(d *draws) []float32 {
	n := c.side * c.side
	planes := make([]float32, 3*n)
	slope := d.between(0, 0.4) / float64(c.side)
	sin, cos := math.Sincos(d.angle())
	sx, sy := float32(slope*cos), float32(slope*sin)
	bright := d.between(0.75, 1.15)
	var tint [3]float32
	for k := range tint {
		tint[k] = float32(bright * d.between(0.92, 1.08))
	}
	half := float32(c.side) / 2
	for i, l := range c.light {
		l *= 1 + sx*(float32(i%c.side)-half) + sy*(float32(i/c.side)-half)
		for k := range tint {
			planes[k*n+i] = l * tint[k] * c.albedo[k*n+i]
		}
	}
	return planes
}

// soften convolves a plane with [1 2 1]/4 in both directions; the border repeats.
func soften(p []float32, side int) {
	smooth := func(first, step int) {
		last := p[first]
		for i := 0; i < side; i++ {
			at := first + i*step
			next := p[at]
			if i < side-1 {
				next = p[at+step]
			}
			last, p[at] = p[at], (last+2*p[at]+next)/4
		}
	}
	for i := range side {
		smooth(i*side, 1)
	}
	for i := range side {
		smooth(i, side)
	}
}

// expose adds noise of triangular distribution and rounds to bytes.
func (c *canvas) expose(planes []float32, strength float64, d *draws) *image.RGB {
	n := c.side * c.side
	im := image.New(c.side, c.side)
	// The sum of two numbers below 1024 has standard deviation 1024/sqrt(6).
	scale := float32(255 * strength * math.Sqrt(6) / 1024)
	for i := range n {
		w := d.word()
		for k := range 3 {
			noise := scale * float32(int(w&1023)+int(w>>10&1023)-1023)
			w >>= 20
			v := 255*planes[k*n+i] + noise + 0.5
			im.Pix[3*i+k] = uint8(min(max(v, 0), 255))
		}
	}
	return im
}
