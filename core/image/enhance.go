package image

// Brightness, Contrast and Saturation are Pillow's ImageEnhance: factor 0 gives
// the plain picture (black, mean grey, grey), 1 the picture itself, more than 1
// exaggerates.

// Brightness mixes with black.
func Brightness(im *RGB, factor float64) *RGB {
	return enhance(im, factor, func(int) byte { return 0 })
}

// Contrast mixes with the rounded mean of the grey picture.
func Contrast(im *RGB, factor float64) *RGB {
	n := im.Width * im.Height
	if n == 0 {
		return New(im.Width, im.Height)
	}
	sum := 0
	for i := range n {
		sum += int(grey(im.Pix[3*i:]))
	}
	m := byte(float64(sum)/float64(n) + 0.5)
	return enhance(im, factor, func(int) byte { return m })
}

// Saturation mixes with the grey picture.
func Saturation(im *RGB, factor float64) *RGB {
	return enhance(im, factor, func(i int) byte { return grey(im.Pix[3*i:]) })
}

// grey is the luma of ITU-R 601 in 16-bit fixed point.
func grey(p []byte) byte {
	return byte((19595*uint32(p[0]) + 38470*uint32(p[1]) + 7471*uint32(p[2]) + 1<<15) >> 16)
}

// enhance is plain + factor*(im - plain) in float32, cut to whole numbers and
// to [0,255]; plain gives the value of a pixel in the plain picture.
func enhance(im *RGB, factor float64, plain func(i int) byte) *RGB {
	out := New(im.Width, im.Height)
	f := float32(factor)
	for i := range im.Width * im.Height {
		p := float32(plain(i))
		for c := 3 * i; c < 3*i+3; c++ {
			v := p + float32(f*(float32(im.Pix[c])-p))
			out.Pix[c] = byte(max(0, min(255, v)))
		}
	}
	return out
}
