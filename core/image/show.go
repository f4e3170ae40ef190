package image

import "math"

// warmth is the colour map of Heat: anchors at equal distances, from dark over
// violet and red to yellow, with growing lightness so that it also reads in grey.
var warmth = [][3]float64{
	{8, 6, 32}, {74, 16, 105}, {157, 42, 99}, {224, 88, 52}, {250, 160, 30}, {252, 245, 150},
}

// Heat draws a side x side map of numbers: lo and below is dark, hi and above
// light yellow.
func Heat(values []float32, side int, lo, hi float64) *RGB {
	out := New(side, side)
	last := float64(len(warmth) - 1)
	for i, v := range values[:min(len(values), side*side)] {
		t := (float64(v) - lo) / (hi - lo) * last
		if !(t > 0) { // NaN as well
			t = 0
		}
		k := int(min(t, last-1))
		f := min(t, last) - float64(k)
		for c := range 3 {
			out.Pix[3*i+c] = byte(warmth[k][c] + f*(warmth[k+1][c]-warmth[k][c]) + 0.5)
		}
	}
	return out
}

// Blend is (1-alpha)*a + alpha*b. b is resized if it has another size.
func Blend(a, b *RGB, alpha float64) *RGB {
	if a.Width != b.Width || a.Height != b.Height {
		b = Resize(b, a.Width, a.Height)
	}
	out := New(a.Width, a.Height)
	for i := range out.Pix {
		v := (1-alpha)*float64(a.Pix[i]) + alpha*float64(b.Pix[i])
		out.Pix[i] = byte(max(0, min(255, v+0.5)))
	}
	return out
}

// Colors draws a label map: 0 is black, and every class has a colour of its own.
func Colors(l *Labels) *RGB {
	var palette [256][3]byte
	for c := 1; c < 256; c++ {
		palette[c] = Color(uint8(c))
	}
	out := New(l.Width, l.Height)
	for i, c := range l.Pix {
		copy(out.Pix[3*i:], palette[c][:])
	}
	return out
}

// Color is the colour of a class in Colors. Hues go round in steps of the golden
// section, which keeps any number of them apart; lightness takes turns.
func Color(class uint8) [3]byte {
	if class == 0 {
		return [3]byte{}
	}
	_, hue := math.Modf(float64(class-1) * 0.6180339887498949)
	value := [3]float64{1, 0.75, 0.9}[class%3]
	saturation := [2]float64{0.85, 0.6}[class%2]
	var rgb [3]byte
	for c := range rgb {
		// distance of the hue from the primary colour c, in sixths of the circle
		_, d := math.Modf(hue - float64(c)/3 + 1)
		d = 6 * min(d, 1-d)
		rgb[c] = byte(255*value*(1-saturation*max(0, min(1, d-1))) + 0.5)
	}
	return rgb
}
