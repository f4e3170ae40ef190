package synth

import (
	"math"

	"aecsad/core/data/synth/draw"
)

// partsTray is a moulded tray with six cells, one part of a fixed type in each.
var partsTray = category{
	name: "parts_tray", w: 320, h: 256, variants: 1,
	classes: []string{"gear", "bracket", "cap", "bolt"},
	expect:  func(int) []int { return []int{2, 1, 2, 1} },
	faults: []fault{
		{name: "missing_part", logical: true},
		{name: "doubled_part", logical: true},
		{name: "swapped_parts", logical: true},
		{name: "wrong_part", logical: true},
		{name: "misplaced_part", logical: true},
		{name: "scratched_part"},
		{name: "chipped_part"},
		{name: "cracked_part"},
		{name: "stained_cell"},
		{name: "discoloured_part"},
		{name: "punched_part"},
	},
	draw: drawTray,
}

const (
	gear = iota + 1
	bracket
	trayCap
	bolt
)

// trayPlan is the type of part in each cell, row by row.
var trayPlan = [6]int{gear, bracket, trayCap, trayCap, bolt, gear}

var trayColors = map[int]draw.Color{
	gear: draw.Hex(0xb5302a), bracket: draw.Hex(0x2a5aa6), trayCap: draw.Hex(0x3b9448), bolt: draw.Hex(0xd0a52c),
}

func trayCell(i int) (x, y float64) { return 60 + 100*float64(i%3), 68 + 120*float64(i/3) }

func drawTray(s *draw.Scene) {
	s.Background(s.Grain("tray", draw.Hex(0xc4c7c9), 0.035))
	floor := s.Grain("floor", draw.Hex(0xafb3b7), 0.035)
	for i := range trayPlan {
		x, y := trayCell(i)
		cell := draw.Slab(x, y, 44, 53, 9)
		s.Fill(cell, draw.Bevel(cell, floor, 5, -0.22), draw.Keep)
	}
	target := s.Pick("fault.cell", 6)
	for i, kind := range trayPlan {
		drawCell(s, i, kind, i == target)
	}
	if s.Is("stained_cell") {
		x, y := trayCell(target)
		a := 6.3 * s.Rnd("fault.angle", 0)
		s.Stain(draw.Slab(x, y, 44, 53, 9), x+30*math.Cos(a), y+36*math.Sin(a), s.Span("fault.r", 0, 8, 12), draw.Hex(0x3b2c1a), 0.8)
	}
}

// drawCell fills one cell, with the fault if it is the target.
func drawCell(s *draw.Scene, i, kind int, target bool) {
	p := trayPose(s, i, kind)
	if !target {
		if s.Is("swapped_parts") && i == (s.Pick("fault.cell", 6)+swapStep(s))%6 {
			kind = trayPlan[s.Pick("fault.cell", 6)]
			s.Mark(drawTrayPart(s, i, kind, p))
			return
		}
		drawTrayPart(s, i, kind, p)
		return
	}
	switch s.Fault {
	case "missing_part":
		s.Mark(trayShape(kind, p))
	case "doubled_part":
		drawTrayPart(s, i, kind, draw.At(p.X-1, p.Y-22, p.Angle))
		s.Mark(drawTrayPart(s, i+6, kind, draw.At(p.X+2, p.Y+27, p.Angle+0.4)))
	case "swapped_parts":
		s.Mark(drawTrayPart(s, i, trayPlan[(i+swapStep(s))%6], p))
	case "wrong_part":
		other := (kind-1+1+s.Pick("fault.kind", 3))%4 + 1
		s.Mark(drawTrayPart(s, i, other, p))
	case "misplaced_part":
		// Half over the wall to the neighbouring column, its cell else empty.
		p.X += math.Copysign(40, 160-p.X+0.5)
		s.Mark(drawTrayPart(s, i, kind, p))
	default:
		damageTrayPart(s, i, kind, p)
	}
}

// swapStep is the distance to a cell with another part.
func swapStep(s *draw.Scene) int {
	t := s.Pick("fault.cell", 6)
	for step := 1 + s.Pick("fault.step", 5); ; step++ {
		if trayPlan[(t+step)%6] != trayPlan[t] {
			return step % 6
		}
	}
}

func damageTrayPart(s *draw.Scene, i, kind int, p draw.Pose) {
	a := 6.3 * s.Rnd("fault.angle", 0)
	if s.Is("chipped_part") {
		full := trayShape(kind, p)
		ix, iy := insideOf(kind, p)
		x, y := edgeOf(full, ix, iy, a)
		rest, piece := s.Bite(full, x, y, s.Span("fault.r", 0, 8.5, 11))
		paintTrayPart(s, i, kind, p, rest)
		s.Mark(piece)
		return
	}
	body := drawTrayPart(s, i, kind, p)
	x, y := insideOf(kind, p)
	switch s.Fault {
	case "scratched_part":
		s.Scratch(body, x, y, a, 40)
	case "cracked_part":
		ex, ey := edgeOf(body, x, y, a)
		s.Crack(body, ex, ey, a+math.Pi, 42, draw.Hex(0x15100e))
	case "discoloured_part":
		s.Stain(body, x, y, s.Span("fault.r", 0, 8, 11), draw.Hex(0xe9dcc0), 0.72)
	case "punched_part":
		s.Hole(body, x, y, s.Span("fault.r", 0, 5.5, 7))
	}
}

// edgeOf walks from x, y inside a shape in the direction a to its edge.
func edgeOf(s draw.Shape, x, y, a float64) (float64, float64) {
	sn, cs := math.Sincos(a)
	r := 60.0
	for r > 1 && s.D(x+r*cs, y+r*sn) > 0 {
		r -= 0.5
	}
	return x + r*cs, y + r*sn
}

// insideOf is a point on the material of a part, off its holes.
func insideOf(kind int, p draw.Pose) (float64, float64) {
	switch kind {
	case gear:
		return p.Out(15, 0)
	case bracket:
		return p.Out(-16, 4)
	case bolt:
		return p.Out(13, 6)
	}
	return p.Out(6, 9)
}

func trayPose(s *draw.Scene, i, kind int) draw.Pose {
	x, y := trayCell(i)
	p := draw.At(x+3*s.Sym("part.x", i), y+4*s.Sym("part.y", i), math.Pi*s.Sym("part.turn", i))
	if kind == bracket {
		p.Angle *= 0.06
	}
	return p
}

func trayShape(kind int, p draw.Pose) draw.Shape {
	switch kind {
	case gear:
		teeth := draw.Shape{
			D: func(x, y float64) float64 {
				t := math.Atan2(y, x)
				return draw.Hypot(x, y) - 25.5 - 3*max(-1, min(1, 1.8*math.Sin(13*t)))
			},
			Box: draw.Circle(0, 0, 29).Box,
		}
		return p.Place(draw.Cut(teeth, draw.Circle(0, 0, 7)))
	case bracket:
		l := draw.Union(draw.Slab(-16, 0, 10, 32, 4), draw.Slab(2, 23, 28, 9, 4))
		return p.Place(draw.Cut(draw.Cut(l, draw.Circle(-16, -20, 4)), draw.Circle(20, 23, 4)))
	case trayCap:
		return p.Place(draw.Circle(0, 0, 26))
	}
	return p.Place(draw.Circle(0, 0, 24))
}

func drawTrayPart(s *draw.Scene, i, kind int, p draw.Pose) draw.Shape {
	body := trayShape(kind, p)
	paintTrayPart(s, i, kind, p, body)
	return body
}

// paintTrayPart draws a part whose outline may differ from the sound one.
func paintTrayPart(s *draw.Scene, i, kind int, p draw.Pose, body draw.Shape) {
	c := s.Vary("part", i, trayColors[kind])
	skin := s.Grain("skin", c, 0.05)
	s.Put(body, draw.Bevel(body, skin, 3, 0.3), kind, 6)
	on := func(sh draw.Shape) draw.Shape { return draw.Meet(body, p.Place(sh)) }
	switch kind {
	case gear:
		s.Shade(on(draw.Ring(0, 0, 19, 20.5)), 0.3, 0.8)
		s.Shade(on(draw.Ring(0, 0, 10.5, 12)), -0.25, 0.8)
	case bracket:
		s.Shade(on(draw.Slab(-16, 4, 1.2, 16, 1)), 0.22, 0.8)
	case trayCap:
		for r := 7.0; r < 24; r += 5 {
			s.Shade(on(draw.Ring(0, 0, r, r+1.4)), 0.22, 0.7)
		}
		s.Shade(draw.Circle(p.X-6, p.Y-9, 5), -0.25, 6)
	case bolt:
		hexagon := p.Place(draw.Polygon(0, 0, 16.5, 6))
		head := draw.Meet(body, hexagon)
		s.Shade(draw.Meet(body, hexagon.Move(1.5, 2.2)), 0.3, 2)
		s.Fill(head, draw.Bevel(head, s.Brushed("bolt", p, c.Times(1.12), 0.08), 3, 0.35), draw.Keep)
		s.Fill(on(draw.Polygon(0, 0, 6.5, 6)), draw.Flat(c.Times(0.16)), draw.Keep)
	}
}
