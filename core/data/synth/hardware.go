package synth

import (
	"math"

	"aecsad/core/data/synth/draw"
)

// hardwareBag is loose hardware poured onto a mat: two long screws, a short one,
// three washers and two nuts, in any position, none on top of another.
var hardwareBag = category{
	name: "hardware_bag", w: 320, h: 256, variants: 1,
	classes: []string{"long_screw", "short_screw", "washer", "nut"},
	expect:  func(int) []int { return []int{2, 1, 3, 2} },
	faults: []fault{
		// Nobody can say where a missing piece would lie: as in MVTec LOCO the mask
		// is the whole ground, saturated at the area of the piece.
		{name: "missing_washer", logical: true, area: 540},
		{name: "extra_nut", logical: true},
		{name: "missing_short_screw", logical: true, area: 420},
		{name: "long_screw_for_short", logical: true},
		{name: "nut_for_washer", logical: true},
		{name: "bent_screw"},
		{name: "broken_washer"},
		{name: "rusty_washer"},
		{name: "chipped_nut"},
		{name: "metal_chip"},
		{name: "oil_stain"},
	},
	draw: drawHardware,
}

const (
	longScrew = iota + 1
	shortScrew
	washer
	nut
)

// hardwarePlan lists the pieces, then a nut and a free place that only faults use:
// every scene keeps room for them, so the other pieces lie the same with and
// without the fault. The short screw has the room of a long one.
var hardwarePlan = [10]int{longScrew, longScrew, shortScrew, washer, washer, washer, nut, nut, nut, 0}

const (
	longLength, shortLength = 96, 54
	shank, headWide         = 4.4, 9.5
	washerIn, washerOut     = 6.5, 14.5
	nutIn, nutOut           = 6.0, 12.5
)

func drawHardware(s *draw.Scene) {
	s.Background(s.Grain("mat", draw.Hex(0x4a8466), 0.05))
	poses := hardwarePoses(s)
	washerHit, nutHit, screwHit := 3+s.Pick("fault.washer", 3), 6+s.Pick("fault.nut", 2), s.Pick("fault.screw", 2)
	ground := draw.Slab(160, 128, 142, 110, 4)
	for i, kind := range hardwarePlan[:8] {
		p := poses[i]
		switch {
		case s.Is("missing_washer") && i == washerHit, s.Is("missing_short_screw") && kind == shortScrew:
			s.Mark(ground)
		case s.Is("long_screw_for_short") && kind == shortScrew:
			s.Mark(drawPiece(s, i, longScrew, p))
		case s.Is("nut_for_washer") && i == washerHit:
			s.Mark(drawPiece(s, i, nut, p))
		case i == washerHit && (s.Is("broken_washer") || s.Is("rusty_washer")),
			i == nutHit && s.Is("chipped_nut"), i == screwHit && s.Is("bent_screw"):
			damagePiece(s, i, kind, p)
		default:
			drawPiece(s, i, kind, p)
		}
	}
	switch free := poses[9]; s.Fault {
	case "extra_nut":
		s.Mark(drawPiece(s, 8, nut, poses[8]))
	case "metal_chip":
		s.Swarf(free.X, free.Y)
	case "oil_stain":
		s.Stain(ground, free.X, free.Y, s.Span("fault.r", 0, 10, 13), draw.Hex(0x1b1a12), 0.75)
	}
}

// hardwarePoses scatters the pieces: largest first, each where it is clear of
// the earlier ones, all anew if one finds no place.
func hardwarePoses(s *draw.Scene) []draw.Pose {
	for try := 0; ; try++ {
		if poses := scatter(s, try); len(poses) == len(hardwarePlan) {
			return poses
		}
	}
}

// piece is the room a piece takes: a capsule of half length l and radius r.
func pieceRoom(kind int) (l, r float64) {
	switch kind {
	case longScrew, shortScrew:
		return longLength/2 - 6, 14
	case washer:
		return 0, washerOut + 3
	case nut:
		return 0, nutOut + 4
	}
	return 0, 14
}

func scatter(s *draw.Scene, try int) []draw.Pose {
	const margin, attempts = 14.0, 60
	var poses []draw.Pose
	for i, kind := range hardwarePlan {
		l, r := pieceRoom(kind)
		for a := range attempts {
			n := (try*len(hardwarePlan)+i)*attempts + a
			p := draw.At(0, 0, math.Pi*s.Sym("piece.turn", n))
			ex, ey := math.Abs(l*math.Cos(p.Angle))+r+margin, math.Abs(l*math.Sin(p.Angle))+r+margin
			p.X, p.Y = s.Span("piece.x", n, ex, 320-ex), s.Span("piece.y", n, ey, 256-ey)
			if clear(poses, p, l, r) {
				poses = append(poses, p)
				break
			}
		}
		if len(poses) == i {
			return nil
		}
	}
	return poses
}

// clear says whether a capsule at p keeps off the pieces already placed.
func clear(poses []draw.Pose, p draw.Pose, l, r float64) bool {
	for i, q := range poses {
		ql, qr := pieceRoom(hardwarePlan[i])
		ax, ay := q.Out(-ql, 0)
		bx, by := q.Out(ql, 0)
		axis := draw.Stroke(qr, [2]float64{ax, ay}, [2]float64{bx, by})
		for k := -4; k <= 4; k++ {
			if x, y := p.Out(l*float64(k)/4, 0); axis.D(x, y) < r {
				return false
			}
		}
	}
	return true
}

// screwShape lies along x, head to the left. bend curves its tip away, in units
// at the tip.
func screwShape(length, bend float64) draw.Shape {
	end := length / 2
	body := draw.Shape{
		D: func(x, y float64) float64 {
			y = math.Abs(y)
			return max(y-shank, 0.83*y+0.55*(x-end), -end-x)
		},
		Box: draw.Rect(-end, -shank, end, shank),
	}
	head := draw.Slab(-end+5.5, 0, 5.5, headWide, 2.5)
	whole := draw.Union(body, head)
	k := bend / (end * end)
	return draw.Shape{
		D: func(x, y float64) float64 {
			if x > 0 {
				y -= k * x * x
			}
			return whole.D(x, y)
		},
		Box: whole.Box.Grow(math.Abs(bend)),
	}
}

func pieceShape(kind int) draw.Shape {
	switch kind {
	case longScrew:
		return screwShape(longLength, 0)
	case shortScrew:
		return screwShape(shortLength, 0)
	case washer:
		return draw.Ring(0, 0, washerIn, washerOut)
	}
	return draw.Cut(draw.Polygon(0, 0, nutOut, 6), draw.Circle(0, 0, nutIn))
}

func drawPiece(s *draw.Scene, i, kind int, p draw.Pose) draw.Shape {
	body := p.Place(pieceShape(kind))
	paintPiece(s, i, kind, p, body)
	return body
}

func paintPiece(s *draw.Scene, i, kind int, p draw.Pose, body draw.Shape) {
	switch kind {
	case longScrew, shortScrew:
		c, length := draw.Hex(0xb7bcc3), float64(longLength)
		if kind == shortScrew {
			c, length = draw.Hex(0x2b2c30), shortLength
		}
		c = s.Vary("piece", i, c)
		metal := s.Brushed("screw", p, c, 0.07)
		thread := func(x, y, d float64) draw.Color {
			k, kx := metal(x, y, d), 0.0
			u, v := p.Local(x, y)
			if u > -length/2+15 {
				kx = 0.24 * math.Sin(2.0*u+0.45*v)
			}
			return k.Times(1 + kx - 0.05*v)
		}
		s.Put(body, draw.Bevel(body, thread, 3.5, 0.35), kind, 5)
		s.Shade(draw.Meet(body, p.Place(draw.Slab(-length/2+11.2, 0, 0.8, headWide, 0))), 0.4, 0.8)
	case washer:
		metal := s.Brushed("washer", draw.At(p.X, p.Y, p.Angle), s.Vary("piece", i, draw.Hex(0xb06a45)), 0.08)
		s.Put(body, draw.Bevel(body, metal, 2, 0.32), kind, 2.5)
	case nut:
		c := s.Vary("piece", i, draw.Hex(0xd6b04a))
		s.Put(body, draw.Bevel(body, s.Brushed("nut", p, c, 0.06), 2.5, 0.35), kind, 6)
		s.Shade(draw.Meet(body, draw.Ring(p.X, p.Y, nutIn, nutIn+1.8)), 0.4, 0.9)
	}
}

func damagePiece(s *draw.Scene, i, kind int, p draw.Pose) {
	sound := p.Place(pieceShape(kind))
	a := 6.3 * s.Rnd("fault.angle", 0)
	switch s.Fault {
	case "bent_screw":
		bent := p.Place(screwShape(longLength, math.Copysign(s.Span("fault.bend", 0, 11, 13), s.Sym("fault.side", 0))))
		paintPiece(s, i, kind, p, bent)
		s.Mark(draw.Differ(sound, bent))
	case "broken_washer":
		gap := draw.Wedge(p.X, p.Y, 20, a, a+s.Span("fault.gap", 0, 1.2, 1.6))
		paintPiece(s, i, kind, p, draw.Cut(sound, gap))
		s.Mark(draw.Meet(sound, gap))
	case "rusty_washer":
		drawPiece(s, i, kind, p)
		x, y := p.X+10.5*math.Cos(a), p.Y+10.5*math.Sin(a)
		s.Stain(sound, x, y, s.Span("fault.r", 0, 9, 11), draw.Hex(0x5a2410), 0.85)
	case "chipped_nut":
		x, y := edgeOf(sound, p.X, p.Y, a)
		rest, piece := s.Bite(sound, x, y, s.Span("fault.r", 0, 9, 10.5))
		paintPiece(s, i, kind, p, rest)
		s.Mark(piece)
	}
}
