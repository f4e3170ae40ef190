package formula

import (
	"math"
	"slices"
)

// canvas is a picture in the making. All lengths are pixels of the picture's
// middle; positions are scene coordinates with the origin in the middle.
type canvas struct {
	side    int
	x, y    []float64 // where in the scene each pixel's centre lies
	albedo  []float32 // 3 planes
	light   []float32 // how much of it the light brings out, 1 plane
	classes [Targets][]uint8
	bodies  []uint16 // which body a pixel shows, in the order of painting; 0 is the ground
	painted uint16   // bodies so far
	without []Trait
}

func (c *canvas) has(t Trait) bool { return !slices.Contains(c.without, t) }

// tilt is the largest change of scale from the middle to the border.
const tilt = 0.15

// newCanvas looks at the scene straight or at a slant: a pixel (X, Y) shows the
// point (X, Y) / (1 + p*X + q*Y).
func newCanvas(side int, d *draws, without ...Trait) *canvas {
	n, half := side*side, float64(side)/2
	c := &canvas{side: side, without: without, x: make([]float64, n), y: make([]float64, n), albedo: make([]float32, 3*n), light: make([]float32, n), bodies: make([]uint16, n)}
	for t := range c.classes {
		c.classes[t] = make([]uint8, n)
	}
	p, q := 0.0, 0.0
	if c.has(Slant) && d.chance(0.6) {
		p, q = d.between(-tilt, tilt)/half, d.between(-tilt, tilt)/half
	}
	for i := range c.x {
		x, y := float64(i%side)+0.5-half, float64(i/side)+0.5-half
		w := 1 / (1 + p*x + q*y)
		c.x[i], c.y[i] = x*w, y*w
	}
	return c
}

// body is a shape with its place, its surface and its classes.
type body struct {
	shape        distance
	class, size  uint8
	x, y, r      float64 // middle and radius of the disc it fits into
	sin, cos     float64 // of its turn
	paint        *surface
	dome, halo   float64 // strengths of the shading inside and the shadow outside
	lampX, lampY float64
}

// local takes a scene point into the shape's coordinates.
func (b *body) local(x, y float64) (float64, float64) {
	x, y = x-b.x, y-b.y
	return b.cos*x + b.sin*y, b.cos*y - b.sin*x
}

// Shadows reach this many pixels.
const haloReach = 5

// around calls f for the pixels whose row and column may show the disc of radius
// r about (x, y).
func (c *canvas) around(x, y, r float64, f func(i int)) {
	// Within the picture a point moves by tilt at each border at most, in both
	// directions.
	const slack = 1 + 2*tilt
	half := float64(c.side) / 2
	lo := func(v float64) int { return max(int(min((v-r)*slack, (v-r)/slack)+half)-1, 0) }
	hi := func(v float64) int { return min(int(max((v+r)*slack, (v+r)/slack)+half)+2, c.side) }
	for py := lo(y); py < hi(y); py++ {
		for px := lo(x); px < hi(x); px++ {
			f(py*c.side + px)
		}
	}
}

// fill paints a body over what is there.
func (c *canvas) fill(b *body) {
	c.painted++
	c.around(b.x, b.y, b.r+haloReach, func(i int) {
		x, y := c.x[i], c.y[i]
		if dx, dy := x-b.x, y-b.y; dx*dx+dy*dy > (b.r+haloReach)*(b.r+haloReach) {
			return
		}
		u, v := b.local(x, y)
		d := b.shape(u, v)
		if d > -0.5 && d < haloReach {
			c.light[i] *= float32(1 - b.halo*(1-max(d, 0)/haloReach))
		}
		if d >= 1 {
			return
		}
		if cover := float32(soft(-d)); cover > 0 {
			shade := 1 + b.dome*((x-b.x)*b.lampX+(y-b.y)*b.lampY)/b.r
			c.blend(i, cover, b.paint, float32(shade))
		}
		if d < 0 {
			c.describe(i, b.class, b.size, b.paint)
			c.bodies[i] = c.painted
		}
		if d > -1 {
			c.classes[Edge][i] = b.edge(u, v, d)
		}
	})
}

// edge is the class of a pixel on the outline: the direction across it.
func (b *body) edge(u, v, d float64) uint8 {
	const h = 0.25
	gu, gv := b.shape(u+h, v)-d, b.shape(u, v+h)-d
	return 1 + direction(math.Atan2(b.sin*gu+b.cos*gv, b.cos*gu-b.sin*gv))
}

// direction is the class of an undirected angle.
func direction(angle float64) uint8 {
	t := angle / math.Pi
	return uint8(min(int(directions*(t-math.Floor(t))), directions-1))
}

// grade is the class of a length.
func grade(length, least float64) uint8 {
	return uint8(min(max(math.Log(length/least)/math.Log(1.6), 0), grades-1))
}

// blend lays a surface over pixel i.
func (c *canvas) blend(i int, cover float32, s *surface, shade float32) {
	n := c.side * c.side
	color := s.at(c.x[i], c.y[i])
	for k := range color {
		c.albedo[k*n+i] += cover * (color[k] - c.albedo[k*n+i])
	}
	c.light[i] += cover * (shade - c.light[i])
}

// describe enters what pixel i shows, away from edges.
func (c *canvas) describe(i int, shape, size uint8, s *surface) {
	c.classes[Shape][i] = shape
	c.classes[Size][i] = size
	c.classes[Texture][i] = s.class
	c.classes[Orientation][i] = s.orientation
	c.classes[Scale][i] = s.scale
	c.classes[Edge][i] = 0
}

// reach is the distance of the pixels that Instance compares: at any stage some
// cells away, and within most bodies.
const reach = 8

// relate enters which neighbours are of the same body, once all are painted. Close
// to the border, where one is missing, there is no answer.
func (c *canvas) relate() {
	for i, body := range c.bodies {
		if i%c.side+reach >= c.side || i/c.side+reach >= c.side {
			c.classes[Instance][i] = Ignore
			continue
		}
		var class uint8
		if c.bodies[i+reach] == body {
			class |= 1
		}
		if c.bodies[i+reach*c.side] == body {
			class |= 2
		}
		c.classes[Instance][i] = class
	}
}
