package image

import "fmt"

// Mask marks pixels of a picture, a byte each: those that are not zero.
type Mask struct {
	// Data holds the rows, (Height-1)*|Stride| + Width bytes of the picture at
	// least; nil marks no pixel.
	Data []byte
	// Stride is the distance between rows in bytes, negative if they are stored
	// bottom up, as in Pixels.
	Stride int
}

func (m Mask) check(width, height int) error {
	if m.Data == nil {
		return nil
	}
	row, stride := int64(width), int64(m.Stride)
	if stride < 0 {
		stride = -stride
	}
	if stride < row || stride > 1<<32 {
		return fmt.Errorf("the stride of the mask is %d bytes; a row of %d pixels takes %d", m.Stride, width, row)
	}
	if need := stride*int64(height-1) + row; int64(len(m.Data)) < need {
		return fmt.Errorf("the mask has %d bytes; %dx%d pixels with stride %d take %d", len(m.Data), width, height, m.Stride, need)
	}
	return nil
}

// row is row y of a mask of so many rows.
func (m Mask) row(y, height, width int) []byte {
	stride := m.Stride
	if stride < 0 {
		stride, y = -stride, height-1-y
	}
	return m.Data[y*stride : y*stride+width]
}

// ReadIgnore reads the mask of a picture from a PNG file as large as the picture:
// what is not black becomes 1. Colours count, not palette indices.
func ReadIgnore(path string) (*Labels, error) {
	im, _, err := readPNG(path)
	if err != nil {
		return nil, err
	}
	rgb := convert(im)
	l := &Labels{Width: rgb.Width, Height: rgb.Height, Pix: make([]uint8, rgb.Width*rgb.Height)}
	marked := 0
	for i := range l.Pix {
		if rgb.Pix[3*i]|rgb.Pix[3*i+1]|rgb.Pix[3*i+2] != 0 {
			l.Pix[i] = 1
			marked++
		}
	}
	if marked == 0 || marked == len(l.Pix) {
		return nil, fmt.Errorf("%s: %d of %d pixels are not black; expected some of each, white where nothing is judged",
			path, marked, len(l.Pix))
	}
	return l, nil
}

// Ignored divides the region of interest into side x side cells and tells which
// of them hold an ignored pixel, row by row; nil if there is no mask. p has
// passed Check.
func (p Pixels) Ignored(side int) []bool {
	if p.Ignore.Data == nil {
		return nil
	}
	r, cells := p.Region(), make([]bool, side*side)
	for y := range r.Height {
		row := p.Ignore.row(r.Y+y, p.Height, p.Width)[r.X : r.X+r.Width]
		top, bottom := touched(y, r.Height, side)
		for x, v := range row {
			if v == 0 {
				continue
			}
			left, right := touched(x, r.Width, side)
			for i := top; i < bottom; i++ {
				for j := left; j < right; j++ {
					cells[i*side+j] = true
				}
			}
		}
	}
	return cells
}

// touched are the cells first <= i < end of n that pixel x of size pixels lies in.
func touched(x, size, n int) (first, end int) {
	return x * n / size, ((x+1)*n + size - 1) / size
}
