package draw

import "math"

// The structural faults that several categories share. Each draws itself onto
// what is there, within the shape on, and marks its mask.

// Halo is how far a mask reaches beyond what was drawn, for the blur of the lens.
const Halo = 0.7

// Scratch is a bright groove with a dark flank through x, y.
func (s *Scene) Scratch(on Shape, x, y, angle, length float64) {
	p := Pose{x, y, angle}
	bow := s.Span("scratch.bow", 0, 2, 5)
	var pts [][2]float64
	for i := range 9 {
		t := float64(i)/4 - 1
		px, py := p.Out(t*length/2, bow*(1-t*t)+0.9*s.Sym("scratch", i))
		pts = append(pts, [2]float64{px, py})
	}
	groove := Meet(on, Stroke(1.25, pts...))
	flank := Meet(on, Stroke(1.0, pts...).Move(0.9, 1.2))
	s.Shade(flank, 0.55, 0.6)
	s.Fill(groove, Flat(Hex(0xf2efe8)), Keep)
	s.Mark(Union(groove, flank).Grow(Halo))
}

// Crack is a dark zigzag with a branch, starting at x, y.
func (s *Scene) Crack(on Shape, x, y, angle, length float64, c Color) {
	p := Pose{x, y, angle}
	const steps = 7
	var main [][2]float64
	for i := range steps + 1 {
		side := 3.2 * s.Sym("crack", i)
		if i == 0 {
			side = 0
		}
		px, py := p.Out(length*float64(i)/steps, side)
		main = append(main, [2]float64{px, py})
	}
	fork := main[3]
	ex, ey := Pose{fork[0], fork[1], angle + math.Copysign(0.75, s.Sym("crack.fork", 0))}.Out(length*0.4, 0)
	line := Meet(on, Union(Stroke(1.15, main...), Stroke(0.9, fork, [2]float64{ex, ey})))
	s.Shade(line.Move(0.9, 1.1), 0.3, 1)
	s.Fill(line, Flat(c), Keep)
	s.Mark(line.Grow(Halo))
}

// Blob is an uneven disc of mean radius r.
func (s *Scene) Blob(name string, x, y, r float64) Shape {
	a, b, c := 6.3*s.Rnd(name+".a", 0), 6.3*s.Rnd(name+".b", 0), 6.3*s.Rnd(name+".c", 0)
	return Shape{
		D: func(px, py float64) float64 {
			t := math.Atan2(py-y, px-x)
			return Hypot(px-x, py-y) - r*(1+0.15*math.Sin(2*t+a)+0.10*math.Sin(3*t+b)+0.06*math.Sin(5*t+c))
		},
		Box: Circle(x, y, 1.35*r).Box,
	}
}

// Stain is an uneven spot with a darker rim, through which the ground shows.
func (s *Scene) Stain(on Shape, x, y, r float64, c Color, opacity float64) {
	spot := s.Blob("stain", x, y, r)
	ox, oy := s.Offset("stain")
	p := func(x, y, d float64) Color {
		return c.Times(0.9 + 0.25*Fractal(x/5+ox, y/5+oy, 2) - 0.25*Smooth(-3, 0, d))
	}
	spot = Meet(on, spot)
	s.Blend(spot, p, opacity, 1.5, Keep)
	s.Mark(spot.Grow(Halo))
}

// Hole is a dark pit with a lit lower rim.
func (s *Scene) Hole(on Shape, x, y, r float64) {
	pit := Meet(on, s.Blob("hole", x, y, r))
	s.Fill(Meet(on, pit.Grow(0.9)).Move(0.5, 0.7), Flat(Hex(0xd8d4cc)), Keep)
	s.Fill(pit, func(_, _, d float64) Color { return Hex(0x17130f).Mix(Hex(0x4a4038), Smooth(-3, 0, d)) }, Keep)
	s.Mark(Meet(on, pit.Grow(1.4)))
}

// Swarf is a bright curled chip of metal lying where it does not belong.
func (s *Scene) Swarf(x, y float64) {
	p := Pose{x, y, 6.3 * s.Rnd("swarf.turn", 0)}
	var pts [][2]float64
	for i := range 13 {
		t := float64(i) / 12
		r := 4.5 + 9*t
		a := 4.2 * t
		px, py := p.Out(r*math.Cos(a), r*math.Sin(a))
		pts = append(pts, [2]float64{px, py})
	}
	chip := Stroke(2.1, pts...)
	ox, oy := s.Offset("swarf")
	metal := func(x, y, _ float64) Color { return Hex(0xdfe3e6).Times(0.75 + 0.4*Noise(x/2+ox, y/2+oy)) }
	s.Put(chip, Bevel(chip, metal, 2, 0.45), Keep, 3)
	s.Mark(chip.Grow(Halo))
}

// Hair is a long thin dark fibre.
func (s *Scene) Hair(x, y, angle, length float64) {
	p := Pose{x, y, angle}
	at := func(u, v float64) [2]float64 { px, py := p.Out(u, v); return [2]float64{px, py} }
	l := length / 2
	pts := Bezier(22, at(-l, 0), at(-l/3, 26*s.Sym("hair", 0)), at(l/3, 26*s.Sym("hair", 1)), at(l, 6*s.Sym("hair", 2)))
	line := Stroke(0.85, pts...)
	s.Shade(line.Move(1, 1.5), 0.3, 1)
	s.Fill(line, Flat(Hex(0x2a1c14)), Keep)
	s.Mark(line.Grow(Halo))
}

// Bite is the piece that has come off the edge of a part: what lies within r of
// x, y. It returns the rest of the part and the piece.
func (s *Scene) Bite(part Shape, x, y, r float64) (rest, piece Shape) {
	b := s.Blob("bite", x, y, r)
	return Cut(part, b), Meet(part, b)
}
