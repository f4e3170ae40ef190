// Package formula draws pictures that are nothing but formulas: shapes given by
// signed distances or iterated function systems, covered with procedural
// textures, lit, blurred and noisy. Because every pixel comes from a formula, so
// does what a network may learn to say about it: which shape, which texture,
// how it is turned, how coarse it is, where edges run, which neighbours belong to
// the same body, what colour it has without the light. An encoder trained to say so has seen no photograph.
//
// A picture is a function of seed, index and side alone, on the same processor
// architecture to the last bit.
package formula

import (
	"fmt"

	"aecsad/core/image"
)

// Side is the customary side of a picture in pixels.
const Side = 96

// The sides that Draw accepts.
const minSide, maxSide = 32, 1024

// Target is a question about every pixel whose answer is a class.
type Target int

// The targets.
const (
	Shape       Target = iota // which formula drew the outline; 0 is the background
	Texture                   // which formula fills it
	Orientation               // of the texture, in steps of 180/8 degrees; only where it has one
	Scale                     // of the texture: its period, in steps of a factor of 1.6
	Size                      // of the shape, in steps of a factor of 1.6; not on the background
	Edge                      // 0 none, else 1 + the direction of the edge in steps of 180/8 degrees
	Instance                  // whether the pixels reach to the right (1) and below (2) are of the same body, or ground like this
	Targets                   // their number
)

// Ignore is the class of a pixel of which a target says nothing.
const Ignore = 255

// Steps of the graded targets.
const (
	directions = 8
	grades     = 6
)

// Name of a target.
func (t Target) Name() string {
	return [Targets]string{"shape", "texture", "orientation", "scale", "size", "edge", "instance"}[t]
}

// Classes is the number of classes of a target.
func (t Target) Classes() int {
	return [Targets]int{
		1 + len(outlines) + fractalCount, len(fillings), directions, grades, grades, 1 + directions, 4,
	}[t]
}

// Picture is a picture with everything that is known about it.
type Picture struct {
	Side    int
	RGB     *image.RGB
	Classes [Targets][]uint8 // Side x Side each
	// Albedo is the colour without the light, the lens and the sensor:
	// 3 x Side x Side, 0 to 1.
	Albedo []float32
}

// Trait is something that pictures may do without, for studies.
type Trait string

// The traits.
const (
	Fractals Trait = "fractals" // bodies given by iterated function systems
	Textures Trait = "textures" // else every surface has one colour
	Slant    Trait = "slant"    // perspective
	Light    Trait = "light"    // uneven, coloured; shading and shadows of bodies
	Sensor   Trait = "sensor"   // blur and noise
)

// Traits are all of them.
func Traits() []Trait { return []Trait{Fractals, Textures, Slant, Light, Sensor} }

// Draw makes picture number index of the endless series that a seed stands for,
// without some traits.
func Draw(seed uint32, index, side int, without ...Trait) (*Picture, error) {
	if side < minSide || side > maxSide {
		return nil, fmt.Errorf("formula: side is %d; expected %d to %d", side, minSide, maxSide)
	}
	d := newDraws(seed, index)
	c := newCanvas(side, d, without...)
	c.compose(d)
	c.relate()
	p := &Picture{Side: side, Classes: c.classes, Albedo: c.albedo}
	p.RGB = c.develop(d)
	return p, nil
}
