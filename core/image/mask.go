package image

import (
	"bytes"
	"fmt"
	std "image"
	"image/color"
)

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// depthByte is where a PNG file says how many bits a sample has.
const depthByte = 24

// ReadMask reads a label map or mask: a PNG file of grey values or palette
// indices, which are taken exactly as stored. 16-bit files are read if all
// values fit into 8 bits.
func ReadMask(path string) (*Labels, error) {
	im, depth, err := readPNG(path)
	if err != nil {
		return nil, err
	}
	l, err := labels(im, depth)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// readPNG reads a picture whose values are as they were stored, and how many
// bits a sample of it has in the file.
func readPNG(path string) (im std.Image, depth byte, err error) {
	b, err := readAll(path)
	if err != nil {
		return nil, 0, err
	}
	if !bytes.HasPrefix(b, pngSignature) {
		return nil, 0, fmt.Errorf("%s: a mask must be a PNG file", path)
	}
	if im, _, err = decode(b); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	return im, b[depthByte], nil
}

func labels(im std.Image, depth byte) (*Labels, error) {
	w, h := im.Bounds().Dx(), im.Bounds().Dy()
	out := &Labels{w, h, make([]uint8, w*h)}
	switch m := im.(type) {
	case *std.Gray:
		for y := range h {
			copy(out.Pix[y*w:(y+1)*w], m.Pix[y*m.Stride:])
		}
		if depth < 8 { // the decoder stretched 0...2^depth-1 to 0...255
			step := uint8(255 / (1<<depth - 1))
			for i := range out.Pix {
				out.Pix[i] /= step
			}
		}
	case *std.Paletted:
		for y := range h {
			copy(out.Pix[y*w:(y+1)*w], m.Pix[y*m.Stride:])
		}
	case *std.Gray16:
		for y := range h {
			for x := range w {
				v := m.Gray16At(x, y).Y
				if v > 255 {
					return nil, fmt.Errorf("pixel (%d,%d) of the mask is %d; expected 0 to 255", x, y, v)
				}
				out.Pix[y*w+x] = uint8(v)
			}
		}
	default:
		return nil, fmt.Errorf("the mask has %s; expected grey values or palette indices", kind(im.ColorModel()))
	}
	return out, nil
}

func kind(m color.Model) string {
	if m == color.NRGBAModel || m == color.NRGBA64Model {
		return "colour and alpha"
	}
	return "colour"
}
