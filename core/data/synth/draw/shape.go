package draw

import "math"

// Shape is a region given by its signed distance, negative inside, and by a box
// that holds it. Distances after union and the like are bounds rather than exact,
// which is enough for edges one pixel wide. (Formulas: Hart, "Sphere tracing",
// 1996, and plain geometry.)
type Shape struct {
	D   func(x, y float64) float64
	Box Box
}

// Box is an axis-aligned rectangle.
type Box struct{ x0, y0, x1, y1 float64 }

// Rect is the box between two corners, the upper left one first.
func Rect(x0, y0, x1, y1 float64) Box { return Box{x0, y0, x1, y1} }

// Grow widens a box by k on all sides.
func (b Box) Grow(k float64) Box { return Box{b.x0 - k, b.y0 - k, b.x1 + k, b.y1 + k} }

// Join is the smallest box around both.
func (b Box) Join(o Box) Box {
	return Box{min(b.x0, o.x0), min(b.y0, o.y0), max(b.x1, o.x1), max(b.y1, o.y1)}
}

func (b Box) meet(o Box) Box {
	return Box{max(b.x0, o.x0), max(b.y0, o.y0), min(b.x1, o.x1), min(b.y1, o.y1)}
}

// Circle is a disc of radius r about x, y.
func Circle(x, y, r float64) Shape {
	return Shape{
		D:   func(px, py float64) float64 { return Hypot(px-x, py-y) - r },
		Box: Box{x - r, y - r, x + r, y + r},
	}
}

// Ring is a disc with a round hole.
func Ring(x, y, inner, outer float64) Shape {
	return Cut(Circle(x, y, outer), Circle(x, y, inner))
}

// Slab is a rectangle of half sizes hw, hh with rounded corners.
func Slab(x, y, hw, hh, round float64) Shape {
	return Shape{
		D: func(px, py float64) float64 {
			qx, qy := math.Abs(px-x)-hw+round, math.Abs(py-y)-hh+round
			return min(max(qx, qy), 0) + Hypot(max(qx, 0), max(qy, 0)) - round
		},
		Box: Box{x - hw, y - hh, x + hw, y + hh},
	}
}

// Oval is an ellipse of half axes a, b (distance to first order).
func Oval(x, y, a, b float64) Shape {
	return Shape{
		D: func(px, py float64) float64 {
			ux, uy := (px-x)/a, (py-y)/b
			k := Hypot(ux, uy)
			if k < 1e-9 {
				return -min(a, b)
			}
			return k * (k - 1) / Hypot(ux/a, uy/b)
		},
		Box: Box{x - a, y - b, x + a, y + b},
	}
}

// Polygon is a regular polygon of n sides with inner radius r.
func Polygon(x, y, r float64, n int) Shape {
	step := 2 * math.Pi / float64(n)
	out := r / math.Cos(step/2)
	return Shape{
		D: func(px, py float64) float64 {
			px, py = px-x, py-y
			a := math.Atan2(py, px)
			a -= step * math.Round(a/step)
			return Hypot(px, py)*math.Cos(a) - r
		},
		Box: Box{x - out, y - out, x + out, y + out},
	}
}

// Stroke is the line through points, radius r thick to each side, round ends.
func Stroke(r float64, points ...[2]float64) Shape {
	b := Box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range points {
		b = b.Join(Box{p[0] - r, p[1] - r, p[0] + r, p[1] + r})
	}
	return Shape{
		D: func(px, py float64) float64 {
			best := math.Inf(1)
			for i := 1; i < len(points); i++ {
				ax, ay := points[i-1][0], points[i-1][1]
				bx, by := points[i][0]-ax, points[i][1]-ay
				qx, qy := px-ax, py-ay
				t := Clamp((qx*bx + qy*by) / (bx*bx + by*by + 1e-12))
				ex, ey := qx-t*bx, qy-t*by
				best = min(best, ex*ex+ey*ey)
			}
			return math.Sqrt(best) - r
		},
		Box: b,
	}
}

// Bezier returns n+1 points of the cubic through p0 and p3 with handles p1, p2.
func Bezier(n int, p0, p1, p2, p3 [2]float64) [][2]float64 {
	pts := make([][2]float64, n+1)
	for i := range pts {
		t := float64(i) / float64(n)
		u := 1 - t
		for k := range 2 {
			pts[i][k] = u*u*u*p0[k] + 3*u*u*t*p1[k] + 3*u*t*t*p2[k] + t*t*t*p3[k]
		}
	}
	return pts
}

// Half is the half plane to the side of the normal angle, starting at x, y.
func Half(x, y, angle float64) Shape {
	nx, ny := math.Cos(angle), math.Sin(angle)
	return Shape{D: func(px, py float64) float64 { return -(px-x)*nx - (py-y)*ny }, Box: all}
}

// Wedge is the sector of radius r with its tip at x, y between the angles from
// and to, less than a full turn apart.
func Wedge(x, y, r, from, to float64) Shape {
	mid, open := (from+to)/2, (to-from)/2
	s, c := math.Sincos(open)
	ms, mc := math.Sincos(mid)
	return Shape{
		D: func(px, py float64) float64 {
			px, py = px-x, py-y
			u, v := px*mc+py*ms, math.Abs(py*mc-px*ms)
			side := v*c - u*s // distance to the nearer border line
			if u*c+v*s < 0 {  // behind the tip
				side = math.Copysign(Hypot(u, v), side)
			}
			return max(side, Hypot(u, v)-r)
		},
		Box: Box{x - r, y - r, x + r, y + r},
	}
}

// Union is where a or b is.
func Union(a, b Shape) Shape {
	return Shape{
		D:   func(x, y float64) float64 { return min(a.D(x, y), b.D(x, y)) },
		Box: a.Box.Join(b.Box),
	}
}

// Meet is where both a and b are.
func Meet(a, b Shape) Shape {
	return Shape{
		D:   func(x, y float64) float64 { return max(a.D(x, y), b.D(x, y)) },
		Box: a.Box.meet(b.Box),
	}
}

// Cut is a without b.
func Cut(a, b Shape) Shape {
	return Shape{
		D:   func(x, y float64) float64 { return max(a.D(x, y), -b.D(x, y)) },
		Box: a.Box,
	}
}

// Differ is where exactly one of a and b is: what changed between two versions
// of a part.
func Differ(a, b Shape) Shape {
	return Shape{
		D: func(x, y float64) float64 {
			da, db := a.D(x, y), b.D(x, y)
			return max(min(da, db), -max(da, db))
		},
		Box: a.Box.Join(b.Box),
	}
}

// Grow widens a shape by k on all sides.
func (s Shape) Grow(k float64) Shape {
	return Shape{D: func(x, y float64) float64 { return s.D(x, y) - k }, Box: s.Box.Grow(k)}
}

// Move shifts a shape.
func (s Shape) Move(dx, dy float64) Shape {
	b := s.Box
	return Shape{
		D:   func(x, y float64) float64 { return s.D(x-dx, y-dy) },
		Box: Box{b.x0 + dx, b.y0 + dy, b.x1 + dx, b.y1 + dy},
	}
}

// Pose is where a part lies: its origin and the angle it is turned by.
type Pose struct{ X, Y, Angle float64 }

// At is a pose.
func At(x, y, angle float64) Pose { return Pose{x, y, angle} }

// Local takes a point of the scene into the part's own coordinates.
func (p Pose) Local(x, y float64) (float64, float64) {
	s, c := math.Sincos(p.Angle)
	x, y = x-p.X, y-p.Y
	return c*x + s*y, c*y - s*x
}

// Out takes a point of the part into the scene.
func (p Pose) Out(x, y float64) (float64, float64) {
	s, c := math.Sincos(p.Angle)
	return p.X + c*x - s*y, p.Y + s*x + c*y
}

// Place puts a shape given in a part's own coordinates into the scene.
func (p Pose) Place(s Shape) Shape {
	sn, cs := math.Sincos(p.Angle)
	b := Box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, q := range [4][2]float64{{s.Box.x0, s.Box.y0}, {s.Box.x1, s.Box.y0}, {s.Box.x0, s.Box.y1}, {s.Box.x1, s.Box.y1}} {
		x, y := p.Out(q[0], q[1])
		b = b.Join(Box{x, y, x, y})
	}
	return Shape{
		D: func(x, y float64) float64 {
			x, y = x-p.X, y-p.Y
			return s.D(cs*x+sn*y, cs*y-sn*x)
		},
		Box: b,
	}
}

// Hypot is the length of a vector; math.Hypot guards against overflow, which
// pictures need not.
func Hypot(x, y float64) float64 { return math.Sqrt(x*x + y*y) }
