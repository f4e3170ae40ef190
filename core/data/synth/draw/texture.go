package draw

import (
	"math"

	"aecsad/kernels"
)

// tile is a square of white noise, wrapped around, from which all textures are
// made. It is the same for every picture; pictures differ by where they look.
const tileSide = 256

var tile = func() (t [tileSide * tileSide]float32) {
	for i := range t {
		t[i] = 2*kernels.Uniform(0x7469, 0x6c65, uint64(i)) - 1
	}
	return t
}()

func tileAt(x, y int) float64 {
	return float64(tile[(y&(tileSide-1))*tileSide+x&(tileSide-1)])
}

// Noise is smooth noise in [-1,1] with one knot per unit (value noise).
func Noise(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	ix, iy := int(fx), int(fy)
	x, y = x-fx, y-fy
	x, y = x*x*(3-2*x), y*y*(3-2*y)
	top := tileAt(ix, iy) + x*(tileAt(ix+1, iy)-tileAt(ix, iy))
	bottom := tileAt(ix, iy+1) + x*(tileAt(ix+1, iy+1)-tileAt(ix, iy+1))
	return top + y*(bottom-top)
}

// Fractal adds octaves of noise, each twice as fine and half as strong, in [-1,1].
func Fractal(x, y float64, octaves int) float64 {
	sum, amp, norm := 0.0, 1.0, 0.0
	for o := range octaves {
		sum += amp * Noise(x+float64(37*o), y+float64(71*o))
		norm += amp
		x, y, amp = 2*x, 2*y, amp/2
	}
	return sum / norm
}

// Offset is where this picture looks into the noise for the named texture.
func (s *Scene) Offset(name string) (float64, float64) {
	return 200 * s.Rnd(name+".tx", 0), 200 * s.Rnd(name+".ty", 0)
}

// Grain is a matt surface: fine speckle over faint clouds, both of the given
// relative strength.
func (s *Scene) Grain(name string, c Color, strength float64) Paint {
	ox, oy := s.Offset(name)
	return func(x, y, _ float64) Color {
		n := 0.65*Noise(1.1*x+ox, 1.1*y+oy) + 0.7*Fractal(x/23+ox, y/23+oy, 3)
		return c.Times(1 + strength*n)
	}
}

// Cloth is a plain weave of threads about 3 units wide.
func (s *Scene) Cloth(name string, c Color, strength float64) Paint {
	ox, oy := s.Offset(name)
	return func(x, y, _ float64) Color {
		u, v := x+0.8*Noise(x/9+ox, y/9+oy), y+0.8*Noise(x/9+oy, y/9+ox)
		warp, weft := math.Sin(2.1*u), math.Sin(2.1*v)
		n := 0.45*warp*weft + 0.5*Noise(0.35*x+ox, 1.7*y+oy) + 0.4*Fractal(x/31+oy, y/31+ox, 2)
		return c.Times(1 + strength*n)
	}
}

// Brushed is metal with fine lines along the x axis of p.
func (s *Scene) Brushed(name string, p Pose, c Color, strength float64) Paint {
	ox, oy := s.Offset(name)
	return func(x, y, _ float64) Color {
		u, v := p.Local(x, y)
		return c.Times(1 + strength*(Noise(u/9+ox, 1.9*v+oy)+0.4*Noise(u/2+oy, v/2+ox)))
	}
}

// Bevel lights a surface whose edge is rounded off over width units: the side
// towards the lamp (upper left) is brighter, the other darker.
func Bevel(s Shape, p Paint, width, strength float64) Paint {
	const e = 0.35
	return func(x, y, d float64) Color {
		c := p(x, y, d)
		if d < -width {
			return c
		}
		gx := s.D(x+e, y) - s.D(x-e, y)
		gy := s.D(x, y+e) - s.D(x, y-e)
		n := Hypot(gx, gy)
		if n < 1e-6 {
			return c
		}
		slope := Smooth(-width, 0, d)
		return c.Times(1 + strength*slope*(-0.57*gx-0.82*gy)/n)
	}
}

// Dome lights a surface rounded all over a disc of radius r about x0, y0, with a
// small reflection of the lamp.
func Dome(x0, y0, r float64, p Paint, gloss float64) Paint {
	return func(x, y, d float64) Color {
		u, v := (x-x0)/r, (y-y0)/r
		c := p(x, y, d).Times(1.06 - 0.3*(0.57*u+0.82*v) - 0.22*(u*u+v*v))
		h := Smooth(0.34, 0.05, Hypot(u+0.33, v+0.42))
		return c.Mix(Color{1, 1, 1}, gloss*h)
	}
}

// Grains covers a surface with domes of the given size in jittered rows, each
// with its own brightness: corn, peas, seeds. gap darkens what lies between.
func (s *Scene) Grains(name string, c Color, size, stretch, gap, vary float64) Paint {
	key := kernels.Mix64(s.key ^ Hash(name))
	at := func(ix, iy int) (float64, float64, float64) {
		z := kernels.Mix64(key + uint64(uint32(ix))<<32 + uint64(uint32(iy)))
		f := func(sh uint) float64 { return float64(z>>sh&0xffff)/65536 - 0.5 }
		return float64(ix) + 0.75*f(0), float64(iy) + 0.75*f(16), f(32)
	}
	return func(x, y, _ float64) Color {
		u, v := x/(size*stretch), y/size
		iu, iv := int(math.Floor(u+0.5)), int(math.Floor(v+0.5))
		best, bx, by, tone := 9.0, 0.0, 0.0, 0.0
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				px, py, t := at(iu+dx, iv+dy)
				if d := (u-px)*(u-px) + (v-py)*(v-py); d < best {
					best, bx, by, tone = d, u-px, v-py, t
				}
			}
		}
		k := 1 + vary*tone - gap*Smooth(0.2, 0.5, best) - 0.28*(0.57*bx+0.82*by)
		return c.Times(k).Mix(Color{1, 1, 1}, 0.25*Smooth(0.06, 0.01, (bx+0.2)*(bx+0.2)+(by+0.25)*(by+0.25)))
	}
}
