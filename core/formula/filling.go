package formula

import (
	"math"

	"aecsad/kernels"
)

// field is a pattern over the plane, 0 to 1: how much of a surface's second
// colour shows.
type field func(x, y float64) float64

// filling makes a pattern of a given period in pixels, whose lines run along the
// y axis. Turning it is the caller's.
type filling func(d *draws, period float64) field

// fillings are the textures; a filling without orientation or scale leaves those
// targets open.
var fillings = [...]struct {
	name             string
	make             filling
	oriented, scaled bool
}{
	{"plain", plain, false, false},
	{"gradient", gradient, true, false},
	{"waves", waves, true, true},
	{"stripes", stripes, true, true},
	{"zigzag", zigzag, true, true},
	{"bricks", bricks, true, true},
	{"brushed", brushed, true, true},
	{"checks", checks, false, true},
	{"mesh", mesh, false, true},
	{"weave", weave, false, true},
	{"dots", dots, false, true},
	{"rings", rings, false, true},
	{"cells", cells, false, true},
	{"noise", noise, false, true},
	{"clouds", clouds, false, true},
	{"speckle", speckle, false, true},
}

func plain(*draws, float64) field { return func(_, _ float64) float64 { return 0 } }

// gradient is less than a period within a picture.
func gradient(d *draws, _ float64) field {
	length, at := d.ratio(60, 250), d.float()
	return func(x, _ float64) float64 { return 0.5 + 0.5*wave(x/length+at) }
}

func waves(_ *draws, period float64) field {
	k := 1 / period
	return func(x, _ float64) float64 { return 0.5 + 0.5*wave(k*x) }
}

// soft is a step at 0 that is one pixel wide; x is in pixels.
func soft(x float64) float64 { return min(max(x+0.5, 0), 1) }

// band is 1 where x, counted in periods, lies within a share of its period.
func band(x, share, period float64) float64 {
	t := math.Abs(x - math.Round(x))
	return soft((share/2 - t) * period)
}

func stripes(d *draws, period float64) field {
	share := d.between(0.25, 0.75)
	return func(x, _ float64) float64 { return band(x/period, share, period) }
}

func zigzag(d *draws, period float64) field {
	share, k, depth := d.between(0.3, 0.7), 1/(period*d.between(1.2, 2.5)), d.between(0.5, 1)
	return func(x, y float64) float64 {
		t := y * k
		return band(x/period+depth*math.Abs(t-math.Round(t)), share, period)
	}
}

// bricks are long courses with joints, every other course shifted.
func bricks(d *draws, period float64) field {
	length, joint := period*d.between(1.6, 2.6), max(0.16, 1.2/period)
	return func(x, y float64) float64 {
		course := math.Floor(x / period)
		t := y/length + 0.5*(course-2*math.Floor(course/2))
		return max(band(x/period, joint, period), band(t, joint*period/length, length))
	}
}

// brushed is noise drawn out along the lines, as on machined metal.
func brushed(d *draws, period float64) field {
	along := 1 / (period * d.between(5, 12))
	return func(x, y float64) float64 {
		return 0.5 + 0.4*lattice(2*x/period, y*along) + 0.25*lattice(4.3*x/period+31, 2*y*along)
	}
}

func checks(_ *draws, period float64) field {
	return func(x, y float64) float64 {
		a, b := band(x/period, 0.5, period), band(y/period, 0.5, period)
		return a + b - 2*a*b
	}
}

func mesh(d *draws, period float64) field {
	share := max(d.between(0.12, 0.3), 1.2/period)
	return func(x, y float64) float64 {
		return max(band(x/period, share, period), band(y/period, share, period))
	}
}

// weave passes threads over and under each other in turn.
func weave(d *draws, period float64) field {
	gloss := d.between(0.6, 1)
	return func(x, y float64) float64 {
		u, v := 2*x/period, 2*y/period
		i, j := math.Floor(u), math.Floor(v)
		if odd := i + j - 2*math.Floor((i+j)/2); odd == 0 {
			u, v = v, u
			i = j
		}
		t := 2*(u-i) - 1 // across the thread on top
		return gloss * (1 - t*t) * (0.7 + 0.3*wave(v))
	}
}

func dots(d *draws, period float64) field {
	r := period * d.between(0.2, 0.38)
	staggered := 0.0
	if d.chance(0.5) {
		staggered = 0.5
	}
	return func(x, y float64) float64 {
		row := math.Round(y / period)
		u := x/period + staggered*(row-2*math.Floor(row/2))
		u, v := period*(u-math.Round(u)), y-period*row
		return soft(r - hypot(u, v))
	}
}

// rings are concentric waves about a point somewhere in the picture.
func rings(d *draws, period float64) field {
	x0, y0 := d.between(0, Side), d.between(0, Side)
	return func(x, y float64) float64 { return 0.5 + 0.5*wave(hypot(x-x0, y-y0)/period) }
}

// cells darken towards the borders between scattered points.
func cells(_ *draws, period float64) field {
	return func(x, y float64) float64 {
		u, v := x/period, y/period
		i, j := int(math.Floor(u)), int(math.Floor(v))
		near, next := 9.0, 9.0
		for b := j - 1; b <= j+1; b++ {
			for a := i - 1; a <= i+1; a++ {
				dx := float64(a) + 0.5 + 0.45*knot(a, b) - u
				dy := float64(b) + 0.5 + 0.45*knot(a+97, b+41) - v
				if q := dx*dx + dy*dy; q < near {
					near, next = q, near
				} else if q < next {
					next = q
				}
			}
		}
		return soft((0.12 - math.Sqrt(next) + math.Sqrt(near)) * period)
	}
}

// noise is band-limited: one octave.
func noise(_ *draws, period float64) field {
	k := 2 / period
	return func(x, y float64) float64 {
		// Two turned lattices hide each other's axes.
		return 0.5 + 0.45*(lattice(k*x, k*y)+lattice(k*(0.8*x-0.6*y)+13, k*(0.6*x+0.8*y)+57))
	}
}

// clouds add octaves, each twice as fine and half as strong.
func clouds(_ *draws, period float64) field {
	k := 1 / period
	return func(x, y float64) float64 {
		u, v := k*x, k*y
		return 0.5 + 0.4*lattice(u, v) + 0.2*lattice(2*u+37, 2*v+71) + 0.1*lattice(4*u+74, 4*v+142)
	}
}

// speckle is sparse grains on a plain ground.
func speckle(d *draws, period float64) field {
	rare := d.between(0.2, 0.5)
	k := 3 / period
	return func(x, y float64) float64 { return min(max(3*(lattice(k*x, k*y)-rare), 0), 1) }
}

// waveTable holds a period of the sine.
var waveTable = func() (t [1024]float64) {
	for i := range t {
		t[i] = math.Sin(2 * math.Pi * float64(i) / float64(len(t)))
	}
	return t
}()

// wave is sin(2*pi*t).
func wave(t float64) float64 { return waveTable[int((t-math.Floor(t))*float64(len(waveTable)))&1023] }

// knots are white noise in [-1,1), wrapped around: what all noise is made of.
// Pictures differ by where they look.
const knotSide = 256

var knots = func() (t [knotSide * knotSide]float64) {
	for i := range t {
		t[i] = 2*float64(kernels.Uniform(0x6b6e, 0x6f74, uint64(i))) - 1
	}
	return t
}()

func knot(x, y int) float64 { return knots[(y&(knotSide-1))*knotSide+x&(knotSide-1)] }

// lattice is smooth noise in [-1,1] with one knot per unit.
func lattice(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	i, j := int(fx), int(fy)
	x, y = x-fx, y-fy
	x, y = x*x*(3-2*x), y*y*(3-2*y)
	top := knot(i, j) + x*(knot(i+1, j)-knot(i, j))
	bottom := knot(i, j+1) + x*(knot(i+1, j+1)-knot(i, j+1))
	return top + y*(bottom-top)
}
