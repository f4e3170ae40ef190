// Package draw paints the scenes of package synth: smooth-edged shapes given by
// signed distances, procedural surfaces, soft shadows, damage, and at last the
// lamp, the lens and the sensor of the photograph.
package draw

import "math"

// Lengths and positions are in scene units: a category's natural picture is
// that many pixels wide and high. Angles are in radians, y points down.

// Color is linear light, red green blue, 1 = white.
type Color [3]float32

// Hex turns a customary 0xRRGGBB (sRGB) into linear light.
func Hex(v uint32) Color {
	return Color{decode[v>>16&255], decode[v>>8&255], decode[v&255]}
}

// Times scales the brightness.
func (c Color) Times(k float64) Color {
	f := float32(k)
	return Color{c[0] * f, c[1] * f, c[2] * f}
}

// Mix goes from c (t=0) to o (t=1).
func (c Color) Mix(o Color, t float64) Color {
	f := float32(Clamp(t))
	return Color{c[0] + (o[0]-c[0])*f, c[1] + (o[1]-c[1])*f, c[2] + (o[2]-c[2])*f}
}

// tint multiplies channel by channel.
func (c Color) tint(o Color) Color { return Color{c[0] * o[0], c[1] * o[1], c[2] * o[2]} }

// Paint gives a surface its colour at a point; d is the signed distance to the
// edge of the shape being filled, negative inside.
type Paint func(x, y, d float64) Color

// Flat is one colour everywhere.
func Flat(c Color) Paint { return func(_, _, _ float64) Color { return c } }

// camera maps scene units to pixels: turn, scale, shift.
type camera struct{ a, b, tx, ty float64 } // px = a*x - b*y + tx, py = b*x + a*y + ty

func (c camera) pixel(x, y float64) (float64, float64) {
	return c.a*x - c.b*y + c.tx, c.b*x + c.a*y + c.ty
}

func (c camera) scene(px, py float64) (float64, float64) {
	px, py = px-c.tx, py-c.ty
	n := c.a*c.a + c.b*c.b
	return (c.a*px + c.b*py) / n, (c.a*py - c.b*px) / n
}

// unit returns the length of one scene unit in pixels.
func (c camera) unit() float64 { return math.Hypot(c.a, c.b) }

// Canvas is a picture in the making: linear light, the true component map, and
// the masks of the faults drawn so far.
type Canvas struct {
	W, H  int
	cam   camera
	pix   []Color
	Label []uint8
	Masks [][]bool
}

func newCanvas(w, h int, cam camera) *Canvas {
	return &Canvas{W: w, H: h, cam: cam, pix: make([]Color, w*h), Label: make([]uint8, w*h)}
}

// Keep as a class leaves the component map as it is.
const Keep = -1

// each calls f for the pixels whose centres lie in the box (scene units), with
// their index and their position in the scene.
func (c *Canvas) each(b Box, f func(i int, x, y float64)) {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range [4][2]float64{{b.x0, b.y0}, {b.x1, b.y0}, {b.x0, b.y1}, {b.x1, b.y1}} {
		x, y := c.cam.pixel(p[0], p[1])
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	left, right := max(int(x0)-1, 0), min(int(x1)+2, c.W)
	top, bottom := max(int(y0)-1, 0), min(int(y1)+2, c.H)
	n := c.cam.a*c.cam.a + c.cam.b*c.cam.b
	dx, dy := c.cam.a/n, -c.cam.b/n
	for py := top; py < bottom; py++ {
		x, y := c.cam.scene(float64(left)+0.5, float64(py)+0.5)
		for px := left; px < right; px++ {
			f(py*c.W+px, x, y)
			x, y = x+dx, y+dy
		}
	}
}

// Fill paints a shape with smooth edges one pixel wide and enters class into the
// component map where the shape covers at least half of a pixel.
func (c *Canvas) Fill(s Shape, p Paint, class int) { c.Blend(s, p, 1, 0, class) }

// Blend is fill with an opacity and with edges widened by soft scene units.
func (c *Canvas) Blend(s Shape, p Paint, opacity, soft float64, class int) {
	unit := c.cam.unit()
	edge := 1/unit + soft
	c.each(s.Box.Grow(edge), func(i int, x, y float64) {
		d := s.D(x, y)
		if d >= edge/2 {
			return
		}
		cov := Clamp(0.5 - d/edge)
		c.pix[i] = c.pix[i].Mix(p(x, y, d), cov*opacity)
		if class != Keep && d <= 0 {
			c.Label[i] = uint8(class)
		}
	})
}

// Shade multiplies the light that a shape's pixels give back by 1-strength,
// fading over soft units to both sides of the edge: shadows, dents, gloss
// (negative strength).
func (c *Canvas) Shade(s Shape, strength, soft float64) {
	c.each(s.Box.Grow(soft), func(i int, x, y float64) {
		if d := s.D(x, y); d < soft {
			c.pix[i] = c.pix[i].Times(1 - strength*Smooth(soft, -soft, d))
		}
	})
}

// Shadow is the contact shadow of a shape that stands height units high: the
// light comes from the upper left.
func (c *Canvas) Shadow(s Shape, height, strength float64) {
	c.Shade(s.Move(0.55*height, 0.8*height), strength, 0.5*height+1)
	c.Shade(s, strength*0.5, 2.5)
}

// Mark adds a ground-truth mask: the pixels that the shapes cover by half.
func (c *Canvas) Mark(shapes ...Shape) {
	m := make([]bool, c.W*c.H)
	for _, s := range shapes {
		c.each(s.Box, func(i int, x, y float64) {
			if !m[i] && s.D(x, y) <= 0 {
				m[i] = true
			}
		})
	}
	c.Masks = append(c.Masks, m)
}

// all is a box larger than any picture.
var all = Box{-1e4, -1e4, 1e4, 1e4}

// Background paints every pixel.
func (c *Canvas) Background(p Paint) {
	c.each(all, func(i int, x, y float64) { c.pix[i] = p(x, y, -1e3) })
}

// Clamp limits v to [0,1].
func Clamp(v float64) float64 { return max(0, min(1, v)) }

// Smooth rises from 0 at a to 1 at b (or falls, if b < a) without corners.
func Smooth(a, b, v float64) float64 {
	t := Clamp((v - a) / (b - a))
	return t * t * (3 - 2*t)
}
