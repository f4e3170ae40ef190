package formula

import "math"

// Radii of shapes: from smallest pixels to largest picture sides.
const smallest, largest = 4, 0.5

// compose paints a ground and bodies over it, later ones over earlier ones.
func (c *canvas) compose(d *draws) {
	ground := newSurface(d, c.has(Textures))
	for i := range c.light {
		c.light[i] = 1
		c.blend(i, 1, ground, 1)
		c.describe(i, 0, Ignore, ground)
	}
	// As many per area whatever the side.
	area := float64(c.side*c.side) / (Side * Side)
	fractals := c.has(Fractals) && d.chance(0.25)
	for n := int(math.Ceil(area * d.between(1, 8))); n > 0; n-- {
		if fractals && d.chance(0.5) {
			c.scatter(d)
		} else if b := c.newBody(d); d.chance(0.25) {
			c.row(d, b)
		} else {
			c.fill(b)
		}
	}
}

func (c *canvas) newBody(d *draws) *body {
	side := float64(c.side)
	kind := d.below(len(outlines))
	r := d.ratio(smallest, largest*side)
	b := &body{
		shape: outlines[kind].make(d, r), class: uint8(1 + kind), size: grade(r, smallest),
		x: d.between(-0.5, 0.5) * side, y: d.between(-0.5, 0.5) * side, r: r,
		paint: newSurface(d, c.has(Textures)),
	}
	b.sin, b.cos = math.Sincos(d.angle())
	b.lampX, b.lampY = math.Sincos(d.angle())
	if c.has(Light) && d.chance(0.5) {
		b.dome = d.between(0, 0.35)
	}
	if c.has(Light) && d.chance(0.5) {
		b.halo = d.between(0, 0.5)
	}
	return b
}

// row repeats a body at equal distances.
func (c *canvas) row(d *draws, b *body) {
	dy, dx := math.Sincos(d.angle())
	pitch := b.r * d.between(1.5, 2.6)
	for n := 2 + d.below(4); n > 0; n-- {
		c.fill(b)
		b.x, b.y = b.x+pitch*dx, b.y+pitch*dy
	}
}

// scatter paints a fractal, point by point.
func (c *canvas) scatter(d *draws) {
	kind, side := d.below(fractalCount), float64(c.side)
	s, r := &systems()[kind], d.ratio(3*smallest, largest*side)
	x0, y0 := d.between(-0.4, 0.4)*side, d.between(-0.4, 0.4)*side
	sin, cos := math.Sincos(d.angle())
	paint, size := newSurface(d, c.has(Textures)), grade(r, smallest)
	c.painted++
	s.points(d, r, func(u, v float64) {
		px, py := int(math.Floor(x0+cos*u-sin*v+side/2)), int(math.Floor(y0+sin*u+cos*v+side/2))
		if px < 0 || py < 0 || px >= c.side || py >= c.side {
			return
		}
		i := py*c.side + px
		c.blend(i, 0.7, paint, 1)
		c.describe(i, uint8(1+len(outlines)+kind), size, paint)
		c.classes[Edge][i] = Ignore // a fractal is all edge
		c.bodies[i] = c.painted
	})
}
