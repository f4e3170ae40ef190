package synth

import (
	"math"

	"aecsad/core/data/synth/draw"
)

// wiredConnectors is a pair of equal connector blocks of 2, 3 or 5 clamps,
// joined by one cable between clamps of the same position; the cable's colour
// stands for the size.
var wiredConnectors = category{
	name: "wired_connectors", w: 352, h: 208, variants: 3,
	classes: []string{"block_2", "block_3", "block_5", "lever", "yellow_cable", "blue_cable", "red_cable"},
	expect: func(v int) []int {
		n := []int{0, 0, 0, 2 * blockSizes[v], 0, 0, 0}
		n[v], n[4+v] = 2, 1
		return n
	},
	faults: []fault{
		{name: "wrong_cable_colour", logical: true},
		{name: "different_sizes", logical: true},
		{name: "wrong_clamp", logical: true},
		{name: "missing_block", logical: true},
		{name: "missing_cable", logical: true},
		{name: "extra_cable", logical: true},
		{name: "cut_cable"},
		{name: "bare_wire"},
		{name: "broken_lever"},
		{name: "cracked_block"},
		{name: "scorched_block"},
		{name: "metal_chip"},
	},
	draw: drawConnectors,
}

const (
	blockClass = 1 // + size index
	leverClass = 4
	cableClass = 5 // + colour index
)

const (
	pitch     = 26.0
	blockHalf = 31.0
	cableR    = 4.3
)

var (
	blockSizes  = [3]int{2, 3, 5}
	cableColors = [3]draw.Color{draw.Hex(0xe6c014), draw.Hex(0x2450ae), draw.Hex(0xbd1d20)}
)

// block is one connector; side is -1 for the left one, 1 for the right one,
// whose clamps face each other.
type block struct {
	draw.Pose
	side float64
	size int // index into blockSizes
}

// clamp is the height of the i-th clamp, from the top.
func (b block) clamp(i int) float64 { return pitch * (float64(i) - float64(blockSizes[b.size]-1)/2) }

func (b block) body() draw.Shape {
	return b.Place(draw.Slab(0, 0, blockHalf, pitch*float64(blockSizes[b.size])/2, 5))
}

func (b block) lever(i int) draw.Shape {
	return b.Place(draw.Slab(b.side*9, b.clamp(i), 17, 8.5, 3))
}

// port is where the cable enters clamp i.
func (b block) port(i int, depth float64) [2]float64 {
	x, y := b.Out(-b.side*(blockHalf-depth), b.clamp(i))
	return [2]float64{x, y}
}

func drawConnectors(s *draw.Scene) {
	s.Background(s.Grain("bench", draw.Hex(0x8c8880), 0.06))
	left, right := connectorBlocks(s)
	clamps := blockSizes[s.Variant]
	at := s.Pick("clamp", clamps)
	other := (at + 1 + s.Pick("fault.clamp", clamps-1)) % clamps
	hue, end := s.Variant, at
	switch s.Fault {
	case "different_sizes":
		right.size = (s.Variant + 1 + s.Pick("fault.size", 2)) % 3
		end = min(at, blockSizes[right.size]-1)
	case "wrong_cable_colour":
		hue = (hue + 1 + s.Pick("fault.hue", 2)) % 3
	case "wrong_clamp":
		end = other
	}
	drawBlock(s, left, 0)
	if s.Is("missing_block") {
		s.Mark(right.body())
	} else {
		drawBlock(s, right, 1)
	}
	line := cablePath(s, left.port(at, 9), right.port(end, 9), 0)
	drawCable(s, line, hue)
	switch s.Fault {
	case "different_sizes":
		s.Mark(right.body())
	case "wrong_cable_colour":
		s.Mark(draw.Stroke(cableR, line...))
	case "wrong_clamp":
		s.Mark(draw.Cut(draw.Stroke(cableR, line...), draw.Stroke(cableR, cablePath(s, left.port(at, 9), right.port(at, 9), 0)...)))
	case "extra_cable":
		second := cablePath(s, left.port(other, 9), right.port(other, 9), 1)
		drawCable(s, second, hue)
		s.Mark(draw.Stroke(cableR, second...))
	case "metal_chip":
		s.Swarf(s.Span("fault.x", 0, 130, 222), math.Copysign(s.Span("fault.y", 0, 62, 80), s.Sym("fault.side", 0))+104)
	}
}

func connectorBlocks(s *draw.Scene) (left, right block) {
	for i, b := range [2]*block{&left, &right} {
		b.side, b.size = float64(2*i-1), s.Variant
		b.Pose = draw.At(
			176+b.side*105+4*s.Sym("block.x", i),
			104+5*s.Sym("block.y", i),
			0.035*s.Sym("block.turn", i))
	}
	return left, right
}

func drawBlock(s *draw.Scene, b block, i int) {
	body := b.body()
	plastic := s.Grain("block", s.Vary("block", i, draw.Hex(0xdedfdc)), 0.02)
	s.Put(body, draw.Bevel(body, plastic, 3, 0.22), blockClass+b.size, 7)
	hit := i == s.Pick("fault.block", 2)
	which := s.Pick("fault.lever", blockSizes[b.size])
	for k := range blockSizes[b.size] {
		if k > 0 {
			s.Shade(draw.Meet(body, b.Place(draw.Slab(0, b.clamp(k)-pitch/2, blockHalf, 0.6, 0))), 0.25, 0.8)
		}
		p := b.port(k, 6)
		s.Fill(draw.Circle(p[0], p[1], 4.6), draw.Flat(draw.Hex(0x77756f)), draw.Keep)
		drawLever(s, b, k, hit && k == which)
	}
	if !hit {
		return
	}
	c, seam := b.clamp(which), 2-pitch/2 // the seam between two clamps
	if which == 0 {
		seam = -seam
	}
	switch s.Fault {
	case "cracked_block":
		x, y := b.Out(b.side*blockHalf, c+seam)
		inward := b.Angle + math.Pi/2 + b.side*(math.Pi/2+0.12)
		s.Crack(body, x, y, inward, 48, draw.Hex(0x2c2722))
	case "scorched_block":
		x, y := b.Out(-b.side*18, c+seam)
		s.Stain(body, x, y, s.Span("fault.r", 0, 9, 12), draw.Hex(0x6b3a10), 0.9)
	}
}

func drawLever(s *draw.Scene, b block, k int, hit bool) {
	lever := b.lever(k)
	if hit && s.Is("broken_lever") {
		x, y := b.Out(b.side*24, b.clamp(k)+3*s.Sym("fault.y", 0))
		rest, piece := s.Bite(lever, x, y, s.Span("fault.r", 0, 12, 15))
		s.Mark(piece)
		lever = rest
	}
	s.Shade(lever.Move(0.8, 1.2), 0.3, 1.5)
	s.Fill(lever, draw.Bevel(lever, s.Grain("lever", draw.Hex(0x34373b), 0.06), 2.5, 0.4), leverClass)
}

// cablePath hangs a cable between two ports.
func cablePath(s *draw.Scene, from, to [2]float64, i int) [][2]float64 {
	sag := 20 * s.Sym("cable.sag", i)
	reach := s.Span("cable.reach", i, 42, 60)
	return draw.Bezier(28, from,
		[2]float64{from[0] + reach, from[1] + sag},
		[2]float64{to[0] - reach, to[1] + 0.6*sag + 10*s.Sym("cable.bow", i)}, to)
}

func drawCable(s *draw.Scene, line [][2]float64, hue int) {
	cable := draw.Stroke(cableR, line...)
	skin := s.Grain("cable", s.Vary("cable", hue, cableColors[hue]), 0.03)
	n := len(line)
	mid := n/2 + int(5*s.Sym("fault.along", 0))
	switch s.Fault {
	case "cut_cable":
		const gap = 3 // segments to each side
		for _, part := range [2][][2]float64{line[:mid-gap+1], line[mid+gap:]} {
			piece := draw.Stroke(cableR, part...)
			s.Put(piece, draw.Bevel(piece, skin, 4, 0.4), cableClass+hue, 5)
		}
		for _, e := range [2][2]float64{line[mid-gap], line[mid+gap]} {
			s.Fill(draw.Circle(e[0], e[1], 2.6), draw.Flat(draw.Hex(0xc77b46)), draw.Keep)
		}
		s.Mark(draw.Stroke(cableR+draw.Halo, line[mid-gap:mid+gap+1]...))
	case "bare_wire":
		s.Put(cable, draw.Bevel(cable, skin, 4, 0.4), cableClass+hue, 5)
		bare := draw.Stroke(cableR-1, line[mid-2:mid+3]...)
		strands := func(x, y, _ float64) draw.Color { return draw.Hex(0xcf8850).Times(1 + 0.35*math.Sin(1.9*(x+2*y))) }
		s.Shade(draw.Stroke(cableR+0.6, line[mid-2:mid+3]...), 0.25, 1)
		s.Fill(bare, draw.Bevel(bare, strands, 3, 0.4), draw.Keep)
		s.Mark(draw.Stroke(cableR+draw.Halo, line[mid-2:mid+3]...))
	case "missing_cable":
		s.Mark(cable)
	default:
		s.Put(cable, draw.Bevel(cable, skin, 4, 0.4), cableClass+hue, 5)
	}
}
