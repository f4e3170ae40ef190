package synth

import (
	"math"

	"aecsad/core/data/synth/draw"
)

// labelledBottle is a bottle of juice in one of three flavours; the fruit on its
// label must be that of the juice, and the fill level is fixed.
var labelledBottle = category{
	name: "labelled_bottle", w: 208, h: 320, variants: 3,
	classes: []string{"cap", "glass", "label", "cherry_juice", "banana_juice", "kiwi_juice", "cherry", "banana", "kiwi"},
	expect: func(v int) []int {
		n := []int{1, 1, 1, 0, 0, 0, 0, 0, 0}
		n[3+v], n[6+v] = 1, 1
		return n
	},
	faults: []fault{
		{name: "underfilled", logical: true},
		{name: "overfilled", logical: true},
		{name: "missing_label", logical: true},
		{name: "wrong_fruit_on_label", logical: true},
		{name: "misplaced_label", logical: true},
		{name: "missing_cap", logical: true},
		{name: "cracked_glass"},
		{name: "torn_label"},
		{name: "stained_label"},
		{name: "particle_in_juice"},
		{name: "damaged_cap"},
	},
	draw: drawBottle,
}

const (
	bottleCap = iota + 1
	bottleGlass
	bottleLabel
	bottleJuice // + flavour
	bottleFruit = bottleJuice + 3
)

const fillLevel = 94.0

var (
	juiceColors = [3]draw.Color{draw.Hex(0x8c1a2c), draw.Hex(0xdc9a2e), draw.Hex(0x86a83c)}
	fruitColors = [3]draw.Color{draw.Hex(0xc01838), draw.Hex(0xf0c224), draw.Hex(0x4f8f24)}
)

func drawBottle(s *draw.Scene) {
	wall := s.Grain("wall", draw.Hex(0xd2d5d8), 0.02)
	table := s.Grain("table", draw.Hex(0xc3c1bd), 0.03)
	s.Background(func(x, y, d float64) draw.Color { return wall(x, y, d).Mix(table(x, y, d), draw.Smooth(270, 300, y)) })
	p := draw.At(2.5*s.Sym("bottle.x", 0), 2*s.Sym("bottle.y", 0), 0.012*s.Sym("bottle.turn", 0))
	outer := p.Place(bottleShape(0))
	inner := p.Place(bottleShape(3))
	s.Shade(p.Place(draw.Oval(112, 303, 62, 9)), 0.42, 9)
	drawGlass(s, p, outer)
	drawJuice(s, p, inner)
	drawLabel(s, p, outer)
	drawCap(s, p)
	// Two soft boxes mirrored in the glass; they pass over the label's edge.
	s.Shade(draw.Meet(inner, p.Place(draw.Slab(60, 200, 3, 80, 3))), -0.35, 4)
	s.Shade(draw.Meet(inner, p.Place(draw.Slab(151, 205, 1.5, 70, 1))), -0.22, 3)
	switch s.Fault {
	case "cracked_glass":
		side := math.Copysign(1, s.Sym("fault.side", 0))
		x, y := p.Out(104+side*54, s.Span("fault.y", 0, 262, 276))
		s.Crack(outer, x, y, math.Pi/2+side*(math.Pi/2-0.2), 44, draw.Hex(0xf4f6f4))
	case "particle_in_juice":
		x, y := p.Out(s.Span("fault.x", 0, 70, 138), s.Span("fault.y", 0, 268, 284))
		lump := draw.Meet(inner, s.Blob("lump", x, y, s.Span("fault.r", 0, 6, 8)))
		s.Blend(lump, s.Grain("lump", draw.Hex(0x1d1512), 0.25), 0.9, 1, draw.Keep)
		s.Mark(lump.Grow(draw.Halo))
	}
}

// bottleShape is the outline, drawn in by inset: a body with round shoulders and
// a neck.
func bottleShape(inset float64) draw.Shape {
	body, neck := draw.Slab(104, 202, 57, 100, 17), draw.Slab(104, 74, 19, 50, 4)
	const k = 34.0 // the shoulders' roundness (polynomial smooth minimum)
	return draw.Shape{
		D: func(x, y float64) float64 {
			a, b := body.D(x, y), neck.D(x, y)
			h := draw.Clamp(0.5 + 0.5*(b-a)/k)
			return b + (a-b)*h - k*h*(1-h) + inset
		},
		Box: body.Box.Join(neck.Box).Grow(k / 4),
	}
}

func drawGlass(s *draw.Scene, p draw.Pose, outer draw.Shape) {
	glass := func(x, y, d float64) draw.Color {
		u, v := p.Local(x, y)
		c := draw.Hex(0xa9bbbb).Mix(draw.Hex(0x667c7e), draw.Smooth(-6, -0.5, d))
		if v < fillLevel { // the empty neck: a bright streak to the left, a dim one to the right
			c = c.Times(1 + 0.35*draw.Smooth(3, 0, math.Abs(u-95)) - 0.12*draw.Smooth(4, 0, math.Abs(u-114)))
		}
		return c
	}
	s.Fill(outer, glass, bottleGlass)
	// The thread under the cap, and the mouth.
	for i := range 3 {
		s.Shade(draw.Meet(outer, p.Place(draw.Slab(104, 27.5+4.5*float64(i), 19, 0.9, 0.5))), 0.22, 0.8)
	}
	s.Fill(p.Place(draw.Oval(104, 24.5, 15, 2.6)), draw.Flat(draw.Hex(0x5d7072)), draw.Keep)
}

func drawJuice(s *draw.Scene, p draw.Pose, inner draw.Shape) {
	level := fillLevel + 1.2*s.Sym("juice.level", 0)
	sound := level
	switch s.Fault {
	case "underfilled":
		level += s.Span("fault.level", 0, 22, 40)
	case "overfilled":
		level -= s.Span("fault.level", 0, 18, 30)
	}
	c := s.Vary("juice", 0, juiceColors[s.Variant])
	ox, oy := s.Offset("juice")
	liquid := func(x, y, _ float64) draw.Color {
		u, v := p.Local(x, y)
		u = (u - 104) / 57
		deep := 0.18 * draw.Smooth(286, 299, v) // the thick bottom
		return c.Times(1.08 - 0.42*u*u - 0.08*u - deep + 0.05*draw.Fractal(u*2+ox, v/40+oy, 2) + 0.0006*(v-200))
	}
	top := p.Place(draw.Half(104, level, math.Pi/2))
	s.Fill(draw.Meet(inner, top), liquid, bottleJuice+s.Variant)
	// The surface, seen a little from above.
	s.Shade(draw.Meet(inner, p.Place(draw.Slab(104, level+1.5, 60, 1.5, 1))), 0.25, 1)
	if level != sound {
		lo, hi := min(level, sound), max(level, sound)
		s.Mark(draw.Meet(inner, p.Place(draw.Slab(104, (lo+hi)/2, 80, (hi-lo)/2, 0))))
	}
}

func drawCap(s *draw.Scene, p draw.Pose) {
	body := p.Place(draw.Slab(104, 24, 23, 14, 4))
	if s.Is("missing_cap") {
		s.Mark(body)
		return
	}
	skin := s.Grain("cap", s.Vary("cap", 0, draw.Hex(0x32373d)), 0.05)
	ribbed := func(x, y, d float64) draw.Color {
		u, _ := p.Local(x, y)
		t := (u - 104) / 23
		return skin(x, y, d).Times(1.25 + 0.22*math.Sin(asin(t)*16) - 0.55*t*t - 0.2*t)
	}
	if s.Is("damaged_cap") {
		side := math.Copysign(1, s.Sym("fault.side", 0))
		x, y := p.Out(104+side*20, 14)
		rest, piece := s.Bite(body, x, y, s.Span("fault.r", 0, 11, 13))
		s.Fill(rest, ribbed, bottleCap)
		s.Mark(piece)
		return
	}
	s.Fill(body, ribbed, bottleCap)
}

func asin(t float64) float64 { return math.Asin(max(-1, min(1, t))) }

func drawLabel(s *draw.Scene, p draw.Pose, outer draw.Shape) {
	q := p
	q.X += 0.8 * s.Sym("label.x", 0)
	q.Y += 1.2 * s.Sym("label.y", 0)
	paper := draw.Slab(104, 204, 45, 46, 4)
	if s.Is("missing_label") {
		s.Mark(q.Place(paper))
		return
	}
	if s.Is("misplaced_label") {
		q.Y += math.Copysign(s.Span("fault.shift", 0, 22, 34), s.Sym("fault.side", 0))
	}
	body := q.Place(paper)
	if s.Is("torn_label") {
		sx, sy := math.Copysign(1, s.Sym("fault.side", 0)), math.Copysign(1, s.Sym("fault.side", 1))
		x, y := q.Out(104+sx*44, 204+sy*45)
		rest, piece := s.Bite(body, x, y, s.Span("fault.r", 0, 19, 23))
		s.Mark(piece)
		body = rest
	}
	grain := s.Grain("paper", draw.Hex(0xf1eee4), 0.02)
	sheet := func(x, y, d float64) draw.Color {
		u, _ := q.Local(x, y)
		u = (u - 104) / 57
		return grain(x, y, d).Times(1.02 - 0.2*u*u - 0.06*u)
	}
	s.Shade(body.Move(0.6, 0.8), 0.25, 1.5)
	s.Fill(body, sheet, bottleLabel)
	for i, w := range [3]float64{27, 21, 24} { // lines of print
		s.Blend(draw.Meet(body, q.Place(draw.Slab(104, 229+6*float64(i), w, 1, 1))), draw.Flat(draw.Hex(0xa9a79f)), 0.8, 0.4, draw.Keep)
	}
	if s.Is("misplaced_label") {
		s.Mark(body)
	}
	drawFruit(s, q, body)
	if s.Is("stained_label") {
		x, y := q.Out(104+33*math.Copysign(1, s.Sym("fault.side", 0)), s.Span("fault.y", 0, 178, 230))
		s.Stain(body, x, y, s.Span("fault.r", 0, 8, 11), draw.Hex(0x8f5a1c), 0.85)
	}
}

func drawFruit(s *draw.Scene, q draw.Pose, paper draw.Shape) {
	flavour := s.Variant
	if s.Is("wrong_fruit_on_label") {
		flavour = (flavour + 1 + s.Pick("fault.fruit", 2)) % 3
	}
	sym := draw.Meet(paper, q.Place(fruitShape(flavour)))
	class := bottleFruit + flavour
	s.Fill(sym, draw.Bevel(sym, draw.Flat(fruitColors[flavour]), 5, 0.22), class)
	if flavour == 2 {
		s.Blend(q.Place(draw.Oval(104, 194, 8, 6.5)), draw.Flat(draw.Hex(0xa6c667)), 0.75, 2, draw.Keep)
	}
	if s.Is("wrong_fruit_on_label") {
		s.Mark(sym.Grow(1))
	}
}

func fruitShape(flavour int) draw.Shape {
	switch flavour {
	case 0: // two cherries on one stalk
		stalks := draw.Stroke(1.3, [2]float64{93, 196}, [2]float64{106, 174}, [2]float64{116, 199})
		return draw.Union(draw.Union(draw.Circle(92, 203, 11), draw.Circle(117, 205, 11)), stalks)
	case 1: // a crescent
		return draw.Cut(draw.Circle(104, 187, 25), draw.Circle(104, 172, 25))
	}
	return draw.Oval(104, 194, 21, 16)
}
