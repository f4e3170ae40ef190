// Package image holds pictures: pixels as callers have them in memory, pictures
// and label maps of our own, their files, and the way from pixels to the input
// of a network.
package image

import (
	"errors"
	"fmt"
)

// Format says how a pixel lies in memory.
type Format int

// Formats. The zero value is none of them, so that a forgotten format is found.
const (
	RGB8  Format = 1 + iota // 3 bytes: red, green, blue
	BGR8                    // 3 bytes: blue, green, red
	RGBA8                   // 4 bytes; the fourth is ignored, so colours must not be premultiplied
	BGRA8                   // 4 bytes, likewise
	GRAY8                   // 1 byte; Check refuses it
	RGB16                   // 6 bytes: three 16-bit numbers, little-endian; the high bytes are used
)

// layout is what the resize needs to know of a format.
type layout struct {
	name      string
	size      int // bytes per pixel
	blueFirst bool
}

var layouts = map[Format]layout{
	RGB8:  {"RGB8", 3, false},
	BGR8:  {"BGR8", 3, true},
	RGBA8: {"RGBA8", 4, false},
	BGRA8: {"BGRA8", 4, true},
	RGB16: {"RGB16", 6, false},
}

// String is the name of the format.
func (f Format) String() string {
	if f == GRAY8 {
		return "GRAY8"
	}
	if l, ok := layouts[f]; ok {
		return l.name
	}
	return fmt.Sprintf("Format(%d)", int(f))
}

// Rect is a rectangle in pixels; X and Y are its top left corner.
type Rect struct{ X, Y, Width, Height int }

// Pixels is a picture in a caller's memory. Nothing keeps Data after a call.
type Pixels struct {
	// Data holds the rows, (Height-1)*|Stride| bytes and one row without padding
	// at least. Nothing beyond that is read.
	Data          []byte
	Width, Height int
	// Stride is the distance between rows in bytes. If it is negative the picture
	// is stored bottom up: Data begins with the bottom row, and the top row is the
	// last one.
	Stride int
	Format Format
	// ROI is the part of the picture to look at; the zero value is all of it.
	ROI Rect
	// Ignore marks pixels, of the whole picture, whose surface is not judged.
	Ignore Mask
}

// MaxSide bounds the sides of pictures in memory, so that no size overflows.
const MaxSide = 1 << 16

// Check says what is wrong with the description of the pixels.
func (p Pixels) Check() error {
	if p.Format == GRAY8 {
		return errors.New("the picture is grey (GRAY8); colour is needed: RGB8, BGR8, RGBA8, BGRA8 or RGB16")
	}
	l, ok := layouts[p.Format]
	if !ok {
		return fmt.Errorf("unknown pixel format %d; expected RGB8, BGR8, RGBA8, BGRA8 or RGB16", int(p.Format))
	}
	if p.Width < 1 || p.Height < 1 || p.Width > MaxSide || p.Height > MaxSide {
		return fmt.Errorf("the picture is %dx%d pixels; expected 1 to %d on each side", p.Width, p.Height, MaxSide)
	}
	row, stride := int64(p.Width*l.size), int64(p.Stride)
	if stride < 0 {
		stride = -stride
	}
	if stride < row || stride > 1<<32 { // the upper bound also refuses the one number whose negative is itself
		return fmt.Errorf("the stride is %d bytes; a row of %d %s pixels takes %d", p.Stride, p.Width, l.name, row)
	}
	if need := stride*int64(p.Height-1) + row; int64(len(p.Data)) < need {
		return fmt.Errorf("the picture has %d bytes of data; %dx%d pixels of %s with stride %d take %d",
			len(p.Data), p.Width, p.Height, l.name, p.Stride, need)
	}
	if r := p.ROI; r != (Rect{}) {
		if r.X < 0 || r.Y < 0 || r.Width < 1 || r.Height < 1 || r.X > p.Width-r.Width || r.Y > p.Height-r.Height {
			return fmt.Errorf("the region %dx%d at (%d,%d) is not inside the picture of %dx%d pixels",
				r.Width, r.Height, r.X, r.Y, p.Width, p.Height)
		}
	}
	return p.Ignore.check(p.Width, p.Height)
}

// Region is ROI with its default resolved.
func (p Pixels) Region() Rect {
	if p.ROI == (Rect{}) {
		return Rect{0, 0, p.Width, p.Height}
	}
	return p.ROI
}

// row returns the bytes of the region's row y, no more and no less.
func (p Pixels) row(y int, r Rect) []byte {
	y += r.Y
	stride := p.Stride
	if stride < 0 {
		stride, y = -stride, p.Height-1-y
	}
	size := layouts[p.Format].size
	start := y*stride + r.X*size
	return p.Data[start : start+r.Width*size]
}
