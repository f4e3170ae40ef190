package formula

import "aecsad/core/image"

// Sheet shows the first pictures of a series without some traits, one a row: the
// picture, its albedo and its targets in false colours.
func Sheet(seed uint32, rows, side int, without ...Trait) (*image.RGB, error) {
	const columns = 2 + int(Targets)
	sheet := image.New(columns*side, rows*side)
	for row := range rows {
		p, err := Draw(seed, row, side, without...)
		if err != nil {
			return nil, err
		}
		paste(sheet, p.RGB, 0, row)
		paste(sheet, p.albedo(), 1, row)
		for t := range Targets {
			l := &image.Labels{Width: side, Height: side, Pix: p.Classes[t]}
			paste(sheet, image.Colors(l), 2+int(t), row)
		}
	}
	return sheet, nil
}

func (p *Picture) albedo() *image.RGB {
	im, n := image.New(p.Side, p.Side), p.Side*p.Side
	for i := range im.Pix {
		im.Pix[i] = uint8(255*p.Albedo[i%3*n+i/3] + 0.5)
	}
	return im
}

// paste puts a square picture into a sheet of such.
func paste(sheet, im *image.RGB, column, row int) {
	for y := range im.Height {
		at := 3 * ((row*im.Height+y)*sheet.Width + column*im.Width)
		copy(sheet.Pix[at:], im.Pix[3*y*im.Width:3*(y+1)*im.Width])
	}
}
