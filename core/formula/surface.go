package formula

import "math"

// surface is a texture in two colours.
type surface struct {
	class, orientation, scale uint8
	pattern                   field
	sin, cos                  float64 // of the texture's turn
	x, y                      float64 // where it looks into the pattern
	first, second             color
}

// Periods of textures in pixels.
const finest, coarsest = 2.6, 30

// plainShare is how many surfaces have no texture, as most products do.
const plainShare = 0.2

func newSurface(d *draws, textured bool) *surface {
	kind := d.below(len(fillings))
	if d.chance(plainShare) || !textured {
		kind = 0
	}
	f := fillings[kind]
	period, turn := d.ratio(finest, coarsest), d.between(0, math.Pi)
	s := &surface{class: uint8(kind), orientation: Ignore, scale: Ignore}
	if f.oriented {
		s.orientation = direction(turn)
	}
	if f.scaled {
		s.scale = grade(period, finest)
	}
	s.sin, s.cos = math.Sincos(turn)
	s.x, s.y = d.between(0, 5000), d.between(0, 5000)
	s.pattern = f.make(d, period)
	s.first = newColor(d)
	s.second = s.first.contrast(d)
	return s
}

// at is the colour at a point of the scene.
func (s *surface) at(x, y float64) color {
	t := float32(s.pattern(s.cos*x+s.sin*y+s.x, s.cos*y-s.sin*x+s.y))
	return s.first.mix(s.second, t)
}

// color is red, green, blue, 0 to 1.
type color [3]float32

// newColor is a grey with more or less colour in it.
func newColor(d *draws) (c color) {
	grey, chroma := d.between(0.05, 0.95), d.float()*d.between(0, 0.6)
	for i := range c {
		c[i] = float32(grey + chroma*d.between(-1, 1))
	}
	return c.clamp()
}

// contrast is a colour that can be told from c: mostly the same hue, lighter or
// darker, else any.
func (c color) contrast(d *draws) color {
	if d.chance(0.3) {
		if o := newColor(d); c.differs(o) {
			return o
		}
	}
	step := float32(d.between(0.12, 0.5))
	if c[0]+c[1]+c[2] > 1.5 {
		step = -step
	}
	return color{c[0] + step, c[1] + step, c[2] + step}.clamp()
}

func (c color) differs(o color) bool {
	const least = 0.15
	for i := range c {
		if math.Abs(float64(c[i]-o[i])) > least {
			return true
		}
	}
	return false
}

func (c color) mix(o color, t float32) color {
	return color{c[0] + t*(o[0]-c[0]), c[1] + t*(o[1]-c[1]), c[2] + t*(o[2]-c[2])}.clamp()
}

func (c color) clamp() color {
	for i := range c {
		c[i] = min(max(c[i], 0), 1)
	}
	return c
}
