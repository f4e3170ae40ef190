package image

import (
	std "image"
	"image/color"
)

// convert turns a decoded picture into ours.
func convert(im std.Image) *RGB {
	b := im.Bounds()
	out := New(b.Dx(), b.Dy())
	at := pixelReader(im)
	i := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = at(x, y)
			i += 3
		}
	}
	return out
}

// pixelReader returns how to get a colour without alpha. The cases are what the
// decoders make of usual files; the last one fits all.
func pixelReader(im std.Image) func(x, y int) (r, g, b uint8) {
	switch m := im.(type) {
	case *std.NRGBA:
		return func(x, y int) (r, g, b uint8) {
			p := m.Pix[m.PixOffset(x, y):]
			return p[0], p[1], p[2]
		}
	case *std.RGBA:
		if m.Opaque() {
			return func(x, y int) (r, g, b uint8) {
				p := m.Pix[m.PixOffset(x, y):]
				return p[0], p[1], p[2]
			}
		}
	case *std.YCbCr:
		return func(x, y int) (r, g, b uint8) {
			k, c := m.YOffset(x, y), m.COffset(x, y)
			return color.YCbCrToRGB(m.Y[k], m.Cb[c], m.Cr[c])
		}
	case *std.NYCbCrA:
		return func(x, y int) (r, g, b uint8) {
			k, c := m.YOffset(x, y), m.COffset(x, y)
			return color.YCbCrToRGB(m.Y[k], m.Cb[c], m.Cr[c])
		}
	case *std.Gray:
		return func(x, y int) (r, g, b uint8) {
			v := m.Pix[m.PixOffset(x, y)]
			return v, v, v
		}
	case *std.NRGBA64:
		return func(x, y int) (r, g, b uint8) {
			p := m.Pix[m.PixOffset(x, y):] // big-endian
			return p[0], p[2], p[4]
		}
	case *std.Paletted:
		var palette [256][3]uint8
		for i, c := range m.Palette {
			palette[i][0], palette[i][1], palette[i][2] = straight(c)
		}
		return func(x, y int) (r, g, b uint8) {
			c := palette[m.ColorIndexAt(x, y)]
			return c[0], c[1], c[2]
		}
	}
	return func(x, y int) (r, g, b uint8) { return straight(im.At(x, y)) }
}

// straight undoes a multiplication by alpha.
func straight(c color.Color) (r, g, b uint8) {
	if n, ok := c.(color.NRGBA); ok { // exact, and it keeps the colour of a transparent pixel
		return n.R, n.G, n.B
	}
	n := color.NRGBA64Model.Convert(c).(color.NRGBA64)
	return uint8(n.R >> 8), uint8(n.G >> 8), uint8(n.B >> 8)
}
