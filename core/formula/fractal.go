package formula

import (
	"math"
	"sync"
)

// Fractals are the second family of shapes: the attractors of iterated function
// systems, drawn by the chaos game. Each of a few systems is a class of its own.

const (
	fractalCount = 12
	// Points drawn per pixel of a fractal's square, and how many settle first.
	pointsPerPixel = 0.7
	burnIn         = 20
)

// system is a set of affine maps, each with the share of points that go through
// it, scaled so that the attractor fills the square [-1,1]x[-1,1] about.
type system struct {
	maps           [][6]float64 // x' = a x + b y + e, y' = c x + d y + f
	share          []float64    // cumulated
	cx, cy, radius float64
}

// systems are found once: random contractions, kept if the attractor is neither
// dust nor a full square.
var systems = sync.OnceValue(func() []system {
	var list []system
	d := newDraws(0x696673, 0)
	for len(list) < fractalCount {
		if s := newSystem(d); s.measure(d) {
			list = append(list, s)
		}
	}
	return list
})

func newSystem(d *draws) system {
	s := system{maps: make([][6]float64, 2+d.below(3))}
	s.share = make([]float64, len(s.maps))
	total := 0.0
	for i := range s.maps {
		sa, ca := math.Sincos(d.angle())
		sb, cb := math.Sincos(d.angle())
		p, q := d.between(0.4, 0.85), d.between(0.2, 0.75)
		// A turn, a squeeze by p and q, another turn.
		s.maps[i] = [6]float64{
			ca*p*cb - sa*q*sb, -ca*p*sb - sa*q*cb,
			sa*p*cb + ca*q*sb, -sa*p*sb + ca*q*cb,
			d.between(-1, 1), d.between(-1, 1),
		}
		total += p * q
		s.share[i] = total
	}
	for i := range s.share {
		s.share[i] /= total
	}
	return s
}

// step moves a point through a random map.
func (s *system) step(d *draws, x, y float64) (float64, float64) {
	u, i := d.float(), 0
	for i < len(s.share)-1 && u >= s.share[i] {
		i++
	}
	m := &s.maps[i]
	return m[0]*x + m[1]*y + m[4], m[2]*x + m[3]*y + m[5]
}

// measure centres the system; it tells whether the attractor is worth drawing.
func (s *system) measure(d *draws) bool {
	const points, cells = 2000, 16
	xs, ys := make([]float64, points), make([]float64, points)
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	x, y := 0.0, 0.0
	for i := -burnIn; i < points; i++ {
		if x, y = s.step(d, x, y); i >= 0 {
			xs[i], ys[i] = x, y
			x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
		}
	}
	s.cx, s.cy, s.radius = (x0+x1)/2, (y0+y1)/2, max(x1-x0, y1-y0)/2
	if !(s.radius > 0) || min(x1-x0, y1-y0) < s.radius {
		return false
	}
	var hit [cells * cells]bool
	filled := 0
	for i := range xs {
		a := min(int((xs[i]-s.cx+s.radius)/(2*s.radius)*cells), cells-1)
		b := min(int((ys[i]-s.cy+s.radius)/(2*s.radius)*cells), cells-1)
		if k := max(b, 0)*cells + max(a, 0); !hit[k] {
			hit[k] = true
			filled++
		}
	}
	return filled > cells*cells/6 && filled < cells*cells/2
}

// points calls f with the points of a fractal of radius r about the origin.
func (s *system) points(d *draws, r float64, f func(x, y float64)) {
	k := r / s.radius
	x, y := s.cx, s.cy
	n := int(pointsPerPixel * 4 * r * r)
	for i := -burnIn; i < n; i++ {
		if x, y = s.step(d, x, y); i >= 0 {
			f(k*(x-s.cx), k*(y-s.cy))
		}
	}
}
