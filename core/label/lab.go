package label

import (
	"math"

	"aecsad/core/image"
)

// lightWeight scales lightness in colour distances: shadows and uneven light
// change it, and seldom the other two.
const lightWeight = 0.5

// color is a point of CIE Lab with L scaled by lightWeight, so that Euclidean
// distances are those of this package.
type color [3]float64

func (c color) distance(d color) float64 { return math.Sqrt(c.square(d)) }

// square is the distance squared.
func (c color) square(d color) float64 {
	x, y, z := c[0]-d[0], c[1]-d[1], c[2]-d[2]
	return x*x + y*y + z*z
}

// linear holds the light of the 256 sRGB values (IEC 61966-2-1).
var linear = func() (t [256]float64) {
	for i := range t {
		v := float64(i) / 255
		if v <= 0.04045 {
			t[i] = v / 12.92
		} else {
			t[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return t
}()

// cubeRoot tabulates f of CIE Lab: the cube root, and a line near black.
const cubeRootSteps = 4096

var cubeRoot = func() (t [cubeRootSteps + 2]float64) {
	for i := range t {
		v := float64(i) / cubeRootSteps
		if v > 216.0/24389 {
			t[i] = math.Cbrt(v)
		} else {
			t[i] = (24389.0/27*v + 16) / 116
		}
	}
	return t
}()

func labCurve(v float64) float64 {
	v = min(max(v, 0), 1) * cubeRootSteps
	i := int(v)
	return cubeRoot[i] + (v-float64(i))*(cubeRoot[i+1]-cubeRoot[i])
}

// toColor converts sRGB with white D65.
func toColor(r, g, b byte) color {
	lr, lg, lb := linear[r], linear[g], linear[b]
	x := labCurve((0.4124564*lr + 0.3575761*lg + 0.1804375*lb) / 0.95047)
	y := labCurve(0.2126729*lr + 0.7151522*lg + 0.0721750*lb)
	z := labCurve((0.0193339*lr + 0.1191920*lg + 0.9503041*lb) / 1.08883)
	return color{lightWeight * (116*y - 16), 500 * (x - y), 200 * (y - z)}
}

// colors converts a picture.
func colors(im *image.RGB) []color {
	out := make([]color, im.Width*im.Height)
	for i := range out {
		out[i] = toColor(im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2])
	}
	return out
}
