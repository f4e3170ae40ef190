package image

import (
	"bytes"
	"encoding/binary"
)

// orientation finds the EXIF orientation in a JPEG file: 1 to 8, and 1 where
// there is none or it cannot be read, since it is only a hint.
func orientation(b []byte) int {
	const (
		startOfScan = 0xDA
		app1        = 0xE1
	)
	for b = b[min(2, len(b)):]; len(b) >= 4 && b[0] == 0xFF && b[1] != startOfScan; {
		n := 2 + int(binary.BigEndian.Uint16(b[2:])) // the marker is not counted, its length is
		if n > len(b) {
			return 1
		}
		if body, ok := bytes.CutPrefix(b[4:max(n, 4)], []byte("Exif\x00\x00")); ok && b[1] == app1 {
			return exifOrientation(body)
		}
		b = b[n:]
	}
	return 1
}

// exifOrientation reads the tag from a TIFF header and its first directory:
// entries of 12 bytes with tag, type, count and value.
func exifOrientation(b []byte) int {
	const (
		entrySize      = 12
		orientationTag = 0x0112
		short          = 3
	)
	var order binary.ByteOrder = binary.LittleEndian
	if bytes.HasPrefix(b, []byte("MM")) {
		order = binary.BigEndian
	}
	if len(b) < 8 {
		return 1
	}
	start := int64(order.Uint32(b[4:]))
	if start > int64(len(b))-2 {
		return 1
	}
	b = b[start:]
	count := int(order.Uint16(b))
	for b = b[2:]; count > 0 && len(b) >= entrySize; count, b = count-1, b[entrySize:] {
		if order.Uint16(b) == orientationTag && order.Uint16(b[2:]) == short {
			if v := int(order.Uint16(b[8:])); v >= 1 && v <= 8 {
				return v
			}
		}
	}
	return 1
}

// turn shows a picture upright that was stored with an EXIF orientation: 2 to 4
// are mirrored left-right, turned by 180 degrees, mirrored top-bottom; 5 to 8
// have rows and columns swapped as well.
func (im *RGB) turn(orientation int) *RGB {
	if orientation <= 1 || orientation > 8 {
		return im
	}
	w, h := im.Width, im.Height
	out := New(w, h)
	if orientation >= 5 {
		out = New(h, w)
	}
	for y := range out.Height {
		for x := range out.Width {
			sx, sy := x, y
			if orientation >= 5 {
				sx, sy = y, x
			}
			if k := orientation; k == 2 || k == 3 || k == 7 || k == 8 {
				sx = w - 1 - sx
			}
			if k := orientation; k == 3 || k == 4 || k == 6 || k == 7 {
				sy = h - 1 - sy
			}
			copy(out.Pix[3*(y*out.Width+x):][:3], im.Pix[3*(sy*w+sx):])
		}
	}
	return out
}
