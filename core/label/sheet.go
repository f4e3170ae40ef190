package label

import "aecsad/core/image"

const (
	tileSide  = 192
	sheetGap  = 6
	overlay   = 0.65 // of the classes over the picture
	sheetTone = 40   // of the gaps; of images without a map it is all that is seen
)

// Sheet shows up to n images above their label maps, evenly chosen. Labels have
// the colours of image.Color.
func Sheet(images []*image.RGB, res *Result, n int) *image.RGB {
	n = min(n, len(images), len(res.Maps))
	if n < 1 {
		return image.New(1, 1)
	}
	step := tileSide + sheetGap
	out := image.New(n*step+sheetGap, 2*step+sheetGap)
	for i := range out.Pix {
		out.Pix[i] = sheetTone
	}
	for k := range n {
		i := k * len(images) / n
		tile := image.Resize(images[i], tileSide, tileSide)
		paste(out, tile, sheetGap+k*step, sheetGap)
		if m := res.Maps[i]; m != nil {
			paste(out, image.Blend(tile, image.Colors(m.Resize(tileSide, tileSide)), overlay), sheetGap+k*step, sheetGap+step)
		}
	}
	return out
}

// paste copies src to (x, y) of dst, where there is room for it.
func paste(dst, src *image.RGB, x, y int) {
	for row := range src.Height {
		copy(dst.Pix[3*((y+row)*dst.Width+x):], src.Pix[3*row*src.Width:3*(row+1)*src.Width])
	}
}
