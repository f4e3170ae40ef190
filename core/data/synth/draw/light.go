package draw

import (
	"image"
	"math"

	"aecsad/kernels"
)

// decode holds the linear light of the 256 sRGB values (IEC 61966-2-1).
var decode = func() (t [256]float32) {
	for i := range t {
		v := float64(i) / 255
		if v <= 0.04045 {
			t[i] = float32(v / 12.92)
		} else {
			t[i] = float32(math.Pow((v+0.055)/1.055, 2.4))
		}
	}
	return t
}()

// encode holds the sRGB value, 0 to 255 with fractions, of linear light in steps
// of 1/encodeSteps.
const encodeSteps = 1 << 13

var encode = func() (t [encodeSteps + 2]float32) {
	for i := range t {
		v := float64(i) / encodeSteps
		if v <= 0.0031308 {
			t[i] = float32(255 * v * 12.92)
		} else {
			t[i] = float32(255 * (1.055*math.Pow(v, 1/2.4) - 0.055))
		}
	}
	return t
}()

func toSRGB(v float32) float32 {
	v = max(0, min(1, v)) * encodeSteps
	i := int(v)
	return encode[i] + (encode[i+1]-encode[i])*(v-float32(i))
}

// How much one photograph differs from the next.
const (
	jitterShift   = 0.012 // of the picture's shorter side
	jitterTurn    = 1.5 * math.Pi / 180
	jitterScale   = 0.01
	jitterGain    = 0.035 // brightness
	jitterBalance = 0.012 // red and blue against green
	noiseRead     = 0.9   // standard deviation of the sensor noise in 8-bit steps, in the dark
	noiseShot     = 0.055 // its growth with the square root of the 8-bit value
)

// jitteredCamera fits a natural picture of nw x nh scene units into w x h pixels
// and shakes it a little about its centre.
func (s *Scene) jitteredCamera(nw, nh, w, h int) camera {
	scale := min(float64(w)/float64(nw), float64(h)/float64(nh))
	scale *= 1 + s.Sym("camera.scale", 0)*jitterScale
	sn, cs := math.Sincos(s.Sym("camera.turn", 0) * jitterTurn)
	c := camera{a: scale * cs, b: scale * sn}
	shift := jitterShift * float64(min(w, h))
	x, y := c.pixel(float64(nw)/2, float64(nh)/2)
	c.tx = float64(w)/2 - x + s.Sym("camera.x", 0)*shift
	c.ty = float64(h)/2 - y + s.Sym("camera.y", 0)*shift
	return c
}

// Develop turns the painted scene into the photograph: lamp, lens, sensor.
func (s *Scene) Develop() *image.NRGBA {
	s.lamp()
	s.lens()
	im := image.NewNRGBA(image.Rect(0, 0, s.W, s.H))
	noise := kernels.Mix64(s.key ^ 0x6e6f697365)
	for i, c := range s.pix {
		z := noise + uint64(i)*0x9e3779b97f4a7c15
		a, b := kernels.Mix64(z), kernels.Mix64(z^0x5bf03635)
		n := [3]float32{gaussian(a), gaussian(a>>32 ^ b<<32), gaussian(b)}
		for k := range 3 {
			v := toSRGB(c[k])
			v += n[k] * (noiseRead + noiseShot*float32(math.Sqrt(float64(v))))
			im.Pix[4*i+k] = uint8(max(0, min(255, v+0.5)))
		}
		im.Pix[4*i+3] = 255
	}
	return im
}

// gaussian is nearly normal, mean 0 and variance 1: the sum of the four low
// bytes of z.
func gaussian(z uint64) float32 {
	sum := z&255 + z>>8&255 + z>>16&255 + z>>24&255
	return (float32(sum) - 510) / 147.8
}

// lamp lays the light over the scene: a slope across it, a bright centre, and
// the exposure and colour balance of this photograph.
func (s *Scene) lamp() {
	gain := 1 + s.Sym("lamp.gain", 0)*jitterGain
	red := gain * (1 + s.Sym("lamp.red", 0)*jitterBalance)
	blue := gain * (1 + s.Sym("lamp.blue", 0)*jitterBalance)
	sx, sy := -0.10+0.03*s.Sym("lamp.x", 0), -0.08+0.03*s.Sym("lamp.y", 0)
	cx, cy := 0.45+0.03*s.Sym("lamp.cx", 0), 0.42+0.03*s.Sym("lamp.cy", 0)
	for y := range s.H {
		v := (float64(y) + 0.5) / float64(s.H)
		for x := range s.W {
			u := (float64(x) + 0.5) / float64(s.W)
			r2 := (u-cx)*(u-cx) + (v-cy)*(v-cy)
			f := 1.03 + sx*(u-0.5) + sy*(v-0.5) - 0.22*r2
			c := &s.pix[y*s.W+x]
			*c = c.tint(Color{float32(f * red), float32(f * gain), float32(f * blue)})
		}
	}
}

// lens blurs by a kernel (side, 1-2*side, side) in both directions.
func (s *Scene) lens() {
	const side = 0.11
	row := make([]Color, max(s.W, s.H))
	pass := func(start, step, n int) {
		for i := range n {
			row[i] = s.pix[start+i*step]
		}
		for i := range n {
			a, b, c := row[max(i-1, 0)], row[i], row[min(i+1, n-1)]
			for k := range 3 {
				s.pix[start+i*step][k] = b[k]*(1-2*side) + (a[k]+c[k])*side
			}
		}
	}
	for y := range s.H {
		pass(y*s.W, 1, s.W)
	}
	for x := range s.W {
		pass(x, s.W, s.H)
	}
}
