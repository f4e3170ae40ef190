package synth

import (
	"math"

	"aecsad/core/data/synth/draw"
)

// portionedPlate is a plate with portions of three foods in fixed proportions
// and one tomato.
var portionedPlate = category{
	name: "portioned_plate", w: 320, h: 256, variants: 1,
	classes: []string{"plate", "corn", "peas", "cabbage", "tomato"},
	expect:  func(int) []int { return []int{1, 1, 1, 1, 1} },
	faults: []fault{
		{name: "missing_food", logical: true},
		{name: "missing_tomato", logical: true},
		{name: "extra_tomato", logical: true},
		{name: "wrong_proportion", logical: true},
		{name: "swapped_foods", logical: true},
		{name: "wrong_fruit", logical: true},
		{name: "foreign_body"},
		{name: "mould"},
		{name: "hair"},
		{name: "chipped_plate"},
		{name: "cracked_plate"},
		{name: "bruised_tomato"},
	},
	draw: drawPlate,
}

const (
	plateClass = iota + 1
	corn
	peas
	cabbage
	tomato
)

const (
	plateX, plateY = 160.0, 128.0
	plateR, wellR  = 117.0, 93.0
	degree         = math.Pi / 180
)

// portion is a sector of the plate that holds one food.
type portion struct {
	food     int
	from, to float64 // degrees
	r        float64
}

func platePortions(s *draw.Scene) [3]portion {
	j := func(i int) float64 { return 2.2 * s.Sym("portion.edge", i) }
	r := func(i int) float64 { return 86 + 1.6*s.Sym("portion.r", i) }
	a, b := j(0), j(1)
	return [3]portion{
		{corn, 112 + j(2), 243 + a, r(0)},
		{peas, 249 + a, 337 + b, r(1)},
		{cabbage, 343 + b, 411 + j(3), r(2)},
	}
}

// shape is the heap: a sector with an uneven edge, clear of the middle.
func (p portion) shape(s *draw.Scene) draw.Shape {
	sector := draw.Wedge(plateX, plateY, p.r, p.from*degree, p.to*degree)
	ox, oy := s.Offset("heap")
	heap := draw.Shape{
		D: func(x, y float64) float64 {
			return sector.D(x, y) + 2 + 2.2*draw.Noise(x/6+ox, y/6+oy)
		},
		Box: sector.Box,
	}
	return draw.Cut(heap, draw.Circle(plateX, plateY, 9))
}

func tomatoPlace(s *draw.Scene) (x, y, r float64) {
	a := (81 + 2*s.Sym("tomato.angle", 0)) * degree
	return plateX + 61*math.Cos(a), plateY + 61*math.Sin(a), 22.5 + 0.8*s.Sym("tomato.r", 0)
}

func drawPlate(s *draw.Scene) {
	s.Background(s.Cloth("table", draw.Hex(0x3d4d63), 0.10))
	disc := draw.Circle(plateX, plateY, plateR)
	drawDish(s, disc)
	portions := platePortions(s)
	target := s.Pick("fault.portion", 3)
	switch s.Fault {
	case "missing_food":
		s.Mark(portions[target].shape(s))
	case "wrong_proportion":
		// The border of corn and peas has moved a long way.
		old := portions
		shift := math.Copysign(s.Span("fault.shift", 0, 30, 44), s.Sym("fault.side", 0))
		portions[0].to += shift
		portions[1].from += shift
		s.Mark(draw.Differ(old[0].shape(s), portions[0].shape(s)))
	case "swapped_foods":
		i, j := target, (target+1)%3
		portions[i].food, portions[j].food = portions[j].food, portions[i].food
		s.Mark(portions[i].shape(s))
		s.Mark(portions[j].shape(s))
	}
	for i, p := range portions {
		if !(s.Is("missing_food") && i == target) {
			drawFood(s, p)
		}
	}
	drawTomatoes(s)
	soilPlate(s, disc, portions[target])
}

func drawDish(s *draw.Scene, disc draw.Shape) {
	china := s.Grain("china", draw.Hex(0xe6e5e0), 0.012)
	shaped := func(x, y, d float64) draw.Color {
		r := draw.Hypot(x-plateX, y-plateY)
		slope := draw.Smooth(wellR-6, wellR, r) - draw.Smooth(wellR, wellR+6, r) // the step into the well
		lit := (0.57*(x-plateX) + 0.82*(y-plateY)) / (r + 1)
		return china(x, y, d).Times(1 + 0.10*slope*lit - 0.05*draw.Smooth(-4, 0, d))
	}
	s.Shadow(disc, 9, 0.45)
	if !s.Is("chipped_plate") {
		s.Fill(disc, shaped, plateClass)
		return
	}
	a := 6.3 * s.Rnd("fault.angle", 0)
	rest, piece := s.Bite(disc, plateX+116*math.Cos(a), plateY+116*math.Sin(a), s.Span("fault.r", 0, 13, 16))
	s.Fill(rest, shaped, plateClass)
	// The break is rough and a little darker than the glaze.
	s.Fill(draw.Cut(draw.Meet(rest, piece.Grow(3)), piece), s.Grain("break", draw.Hex(0xb9ad98), 0.1), draw.Keep)
	s.Mark(draw.Meet(disc, piece.Grow(3)))
}

func drawFood(s *draw.Scene, p portion) {
	body := p.shape(s)
	var skin draw.Paint
	switch p.food {
	case corn:
		skin = s.Grains("corn", s.Vary("corn", 0, draw.Hex(0xecc12e)), 6.2, 1.25, 0.45, 0.25)
	case peas:
		skin = s.Grains("peas", s.Vary("peas", 0, draw.Hex(0x5f9a35)), 8.4, 1, 0.5, 0.28)
	case cabbage:
		c := s.Vary("cabbage", 0, draw.Hex(0x75305f))
		ox, oy := s.Offset("cabbage")
		skin = func(x, y, _ float64) draw.Color {
			w := 6 * draw.Noise(x/17+ox, y/17+oy)
			strand := draw.Noise((x+w)/11+oy, (y+2*w)/2.6+ox) + 0.6*draw.Noise((y-w)/9+ox, (x+w)/2.3+oy)
			return c.Times(1.02+0.5*strand).Mix(draw.Hex(0xc9a2bd), 0.30*draw.Smooth(0.55, 1.1, strand))
		}
	}
	s.Put(body, draw.Bevel(body, skin, 6, 0.22), p.food, 4)
}

func drawTomatoes(s *draw.Scene) {
	x, y, r := tomatoPlace(s)
	body := draw.Circle(x, y, r)
	switch s.Fault {
	case "missing_tomato":
		s.Mark(body)
		return
	case "wrong_fruit": // a lime or a plum
		c := [2]draw.Color{draw.Hex(0x9fc131), draw.Hex(0x4a2d63)}[s.Pick("fault.kind", 2)]
		s.Put(body, draw.Dome(x, y, r, draw.Flat(c), 0.7), tomato, 7)
		s.Mark(body)
		return
	}
	drawTomato(s, x, y, r, 0)
	if s.Is("extra_tomato") {
		a := s.Span("fault.angle", 0, 140, 330) * degree
		ex, ey := plateX+52*math.Cos(a), plateY+52*math.Sin(a)
		drawTomato(s, ex, ey, r, 1)
		s.Mark(draw.Circle(ex, ey, r))
	}
	if s.Is("bruised_tomato") {
		a := 6.3 * s.Rnd("fault.angle", 0)
		s.Stain(body, x+10*math.Cos(a), y+10*math.Sin(a), s.Span("fault.r", 0, 8, 10), draw.Hex(0x42210f), 0.85)
	}
}

func drawTomato(s *draw.Scene, x, y, r float64, i int) {
	body := draw.Circle(x, y, r)
	s.Put(body, draw.Dome(x, y, r, draw.Flat(s.Vary("tomato", i, draw.Hex(0xcc2a1c))), 0.75), tomato, 7)
	turn := 6.3 * s.Rnd("tomato.turn", i)
	for k := range 5 {
		a := turn + float64(k)*2*math.Pi/5
		tip := [2]float64{x + 6.5*math.Cos(a), y + 6.5*math.Sin(a)}
		s.Fill(draw.Stroke(0.9, [2]float64{x, y}, tip), draw.Flat(draw.Hex(0x4d5a22)), draw.Keep)
	}
}

// soilPlate adds the structural faults that lie on top.
func soilPlate(s *draw.Scene, disc draw.Shape, on portion) {
	a := (on.from + (on.to-on.from)*s.Span("fault.along", 0, 0.3, 0.7)) * degree
	r := s.Span("fault.out", 0, 44, 66)
	x, y := plateX+r*math.Cos(a), plateY+r*math.Sin(a)
	switch s.Fault {
	case "foreign_body":
		p := draw.At(x, y, 6.3*s.Rnd("fault.turn", 0))
		body := p.Place(draw.Meet(draw.Slab(0, 0, 10, 7, 1), draw.Half(4, 3, 3.9)))
		s.Put(body, draw.Bevel(body, s.Brushed("shard", p, draw.Hex(0x8fb6d6), 0.1), 2.5, 0.4), draw.Keep, 4)
		s.Mark(body.Grow(draw.Halo))
	case "mould":
		spot := draw.Meet(on.shape(s), s.Blob("mould", x, y, s.Span("fault.r", 0, 9, 12)))
		ox, oy := s.Offset("mould")
		fuzz := func(x, y, d float64) draw.Color {
			return draw.Hex(0x9fb0a4).Mix(draw.Hex(0xe9ece6), draw.Smooth(-5, 0, d)).Times(0.95 + 0.3*draw.Fractal(x/1.6+ox, y/1.6+oy, 2))
		}
		s.Blend(spot, fuzz, 0.85, 3, draw.Keep)
		s.Mark(spot.Grow(1))
	case "hair":
		s.Hair(x, y, 6.3*s.Rnd("fault.turn", 0), s.Span("fault.length", 0, 62, 80))
	case "cracked_plate":
		b := 6.3 * s.Rnd("fault.rim", 0)
		s.Crack(draw.Ring(plateX, plateY, wellR-4, plateR), plateX+plateR*math.Cos(b), plateY+plateR*math.Sin(b),
			b+math.Pi+math.Copysign(1.0, s.Sym("fault.side", 0)), 46, draw.Hex(0x3a342c))
	}
}
