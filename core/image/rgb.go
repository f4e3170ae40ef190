package image

// RGB is a picture of ours: rows from the top, no padding, three bytes a pixel.
type RGB struct {
	Width, Height int
	Pix           []byte // Height x Width x 3
}

// New returns a black picture.
func New(width, height int) *RGB {
	return &RGB{width, height, make([]byte, 3*width*height)}
}

// Pixels describes the picture without copying it.
func (im *RGB) Pixels() Pixels {
	return Pixels{Data: im.Pix, Width: im.Width, Height: im.Height, Stride: 3 * im.Width, Format: RGB8}
}

// Labels is a map of classes or mask values, one byte a pixel.
type Labels struct {
	Width, Height int
	Pix           []uint8 // Height x Width
}

// Resize takes the nearest pixel: values stay what they are.
func (l *Labels) Resize(width, height int) *Labels {
	out := &Labels{width, height, make([]uint8, width*height)}
	for y := range height {
		row := l.Pix[(2*y+1)*l.Height/(2*height)*l.Width:]
		for x := range width {
			out.Pix[y*width+x] = row[(2*x+1)*l.Width/(2*width)]
		}
	}
	return out
}
