package formula

import "math"

// distance is a signed distance in pixels: negative inside, zero on the outline,
// exact or nearly so close to it. The origin is the shape's centre.
type distance func(x, y float64) float64

// outline makes a shape that fits into a disc of radius r.
type outline func(d *draws, r float64) distance

// outlines are the shapes; class 1 is the first of them.
var outlines = [...]struct {
	name string
	make outline
}{
	{"ellipse", ellipse}, {"box", box}, {"frame", frame}, {"ring", ring},
	{"bar", bar}, {"triangle", triangle}, {"polygon", polygon}, {"star", star},
	{"cross", cross}, {"glyph", glyph}, {"thread", thread}, {"hatch", hatch},
	{"arc", arc}, {"gear", gear}, {"crescent", crescent}, {"blob", blob},
}

func ellipse(d *draws, r float64) distance {
	a, b := r, r*d.between(0.4, 1)
	return func(x, y float64) float64 {
		k0, k1 := hypot(x/a, y/b), hypot(x/(a*a), y/(b*b))
		if k1 == 0 {
			return -b
		}
		return k0 * (k0 - 1) / k1
	}
}

// rectangle is a box with half sides a and b and rounded corners.
func rectangle(a, b, round float64) distance {
	return func(x, y float64) float64 {
		u, v := math.Abs(x)-a+round, math.Abs(y)-b+round
		return hypot(max(u, 0), max(v, 0)) + min(max(u, v), 0) - round
	}
}

func box(d *draws, r float64) distance {
	angle := d.between(0.15, math.Pi/4)
	a, b := r*math.Cos(angle), r*math.Sin(angle)
	return rectangle(a, b, b*d.between(0, 0.5))
}

// shell is the border of a shape, 2*w wide.
func shell(s distance, w float64) distance {
	return func(x, y float64) float64 { return math.Abs(s(x, y)) - w }
}

func frame(d *draws, r float64) distance {
	angle := d.between(0.4, math.Pi/4)
	w := max(0.8, r*d.between(0.06, 0.14))
	return shell(rectangle(r*math.Cos(angle)-w, r*math.Sin(angle)-w, 0), w)
}

func ring(d *draws, r float64) distance {
	w := max(0.8, r*d.between(0.07, 0.22))
	return shell(func(x, y float64) float64 { return hypot(x, y) - r + w }, w)
}

// segment is the distance to the line from a to b.
func segment(x, y, ax, ay, bx, by float64) float64 {
	x, y, bx, by = x-ax, y-ay, bx-ax, by-ay
	t := 0.0
	if n := bx*bx + by*by; n > 0 {
		t = min(max((x*bx+y*by)/n, 0), 1)
	}
	return hypot(x-t*bx, y-t*by)
}

func bar(d *draws, r float64) distance {
	w := max(0.8, r*d.between(0.05, 0.2))
	return func(x, y float64) float64 { return segment(x, y, w-r, 0, r-w, 0) - w }
}

// regular is a polygon of n sides with corners at radius r.
func regular(n int, r float64) distance {
	normals := make([][2]float64, n)
	for i := range normals {
		s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		normals[i] = [2]float64{c, s}
	}
	inner := r * math.Cos(math.Pi/float64(n))
	return func(x, y float64) float64 {
		far := -r
		for _, k := range normals {
			far = max(far, x*k[0]+y*k[1]-inner)
		}
		return far
	}
}

func triangle(_ *draws, r float64) distance { return regular(3, r) }

func polygon(d *draws, r float64) distance { return regular(5+d.below(4), r) }

// fold reduces the plane to one of n sectors about the x axis, mirrored to y >= 0.
func fold(x, y float64, n int) (float64, float64) {
	rho, sector := hypot(x, y), 2*math.Pi/float64(n)
	a := math.Atan2(y, x)
	s, c := math.Sincos(math.Abs(a - sector*math.Round(a/sector)))
	return rho * c, rho * s
}

func star(d *draws, r float64) distance {
	n := 4 + d.below(5)
	inner := r * d.between(0.35, 0.6)
	s, c := math.Sincos(math.Pi / float64(n))
	bx, by := inner*c, inner*s
	return func(x, y float64) float64 {
		x, y = fold(x, y, n)
		far := segment(x, y, r, 0, bx, by)
		if (x-r)*by-y*(bx-r) < 0 { // on the inner side of the edge
			return -far
		}
		return far
	}
}

func cross(d *draws, r float64) distance {
	w, l := r*d.between(0.12, 0.35), r*d.between(0.6, 1)
	a, b := rectangle(r, w, 0), rectangle(w, l, 0)
	return func(x, y float64) float64 { return min(a(x, y), b(x, y)) }
}

// glyph is a few strokes between the points of a 3x3 lattice: nearly a letter.
func glyph(d *draws, r float64) distance {
	w := max(0.7, r*d.between(0.09, 0.17))
	reach := (r - w) / math.Sqrt2
	at := func(i int) (float64, float64) { return reach * float64(i%3-1), reach * float64(i/3-1) }
	type stroke struct{ ax, ay, bx, by float64 }
	strokes := make([]stroke, 3+d.below(3))
	from := d.below(9)
	for i := range strokes {
		to := (from + 1 + d.below(8)) % 9
		s := &strokes[i]
		s.ax, s.ay = at(from)
		s.bx, s.by = at(to)
		if from = to; d.chance(0.3) {
			from = d.below(9)
		}
	}
	return func(x, y float64) float64 {
		near := math.Inf(1)
		for _, s := range strokes {
			near = min(near, segment(x, y, s.ax, s.ay, s.bx, s.by))
		}
		return near - w
	}
}

// thread is a thin wavy line, the graph of two sines.
func thread(d *draws, r float64) distance {
	w := d.between(0.6, 1.6)
	k1, k2 := d.between(1, 4)/r, d.between(4, 8)/r
	a1, a2 := d.between(0.1, 0.35)*r, d.between(0.02, 0.08)*r
	p1, p2 := d.angle(), d.angle()
	return func(x, y float64) float64 {
		s1, c1 := math.Sincos(k1*x + p1)
		s2, c2 := math.Sincos(k2*x + p2)
		slope := a1*k1*c1 + a2*k2*c2
		off := math.Abs(y-a1*s1-a2*s2) / math.Sqrt(1+slope*slope)
		return max(off-w, math.Abs(x)-r)
	}
}

// hatch is a row of parallel strokes.
func hatch(d *draws, r float64) distance {
	n := float64(3 + d.below(5))
	length := r * d.between(0.4, 0.7)
	pitch := 2 * 0.7 * r / n
	w := pitch * d.between(0.15, 0.3)
	return func(x, y float64) float64 {
		i := min(max(math.Round(x/pitch+n/2-0.5), 0), n-1)
		return max(math.Abs(x-pitch*(i-n/2+0.5))-w, math.Abs(y)-length)
	}
}

// arc is a part of a ring with round ends.
func arc(d *draws, r float64) distance {
	w := max(0.8, r*d.between(0.06, 0.18))
	half := d.between(0.6, 2.4)
	s, c := math.Sincos(half)
	mid := r - w
	return func(x, y float64) float64 {
		y = math.Abs(y)
		if c*y > s*x { // beyond the end
			return hypot(x-c*mid, y-s*mid) - w
		}
		return math.Abs(hypot(x, y)-mid) - w
	}
}

func gear(d *draws, r float64) distance {
	n := 6 + d.below(9)
	depth := r * d.between(0.1, 0.22)
	tooth := math.Pi / 2 / float64(n) * r * d.between(0.7, 1.1)
	hole := r * d.between(0, 0.4)
	return func(x, y float64) float64 {
		u, v := fold(x, y, n)
		body := min(hypot(x, y)-r+depth, max(math.Abs(u-r/2)-r/2, v-tooth))
		return max(body, hole-hypot(x, y))
	}
}

func crescent(d *draws, r float64) distance {
	inner, shift := r*d.between(0.7, 0.95), r*d.between(0.4, 0.7)
	return func(x, y float64) float64 {
		return max(hypot(x, y)-r, inner-hypot(x-shift, y))
	}
}

// blob is a disc with a smoothly bent border.
func blob(d *draws, r float64) distance {
	a2, a3, a5 := d.between(0.05, 0.16), d.between(0.05, 0.12), d.between(0, 0.07)
	p2, p3, p5 := d.angle(), d.angle(), d.angle()
	mean := r / (1 + a2 + a3 + a5)
	return func(x, y float64) float64 {
		a := math.Atan2(y, x)
		bend := a2*math.Sin(2*a+p2) + a3*math.Sin(3*a+p3) + a5*math.Sin(5*a+p5)
		return hypot(x, y) - mean*(1+bend)
	}
}

// hypot is the length of a vector; math.Hypot guards against overflow, which
// pictures need not.
func hypot(x, y float64) float64 { return math.Sqrt(x*x + y*y) }
