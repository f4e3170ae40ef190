package main

/*
#include "aecsad.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"

	"aecsad/core/image"
)

// The formats have the same numbers on both sides; these lines do not compile
// otherwise.
var _ = [1]struct{}{}[image.RGB8-C.AECSAD_RGB8]
var _ = [1]struct{}{}[image.BGR8-C.AECSAD_BGR8]
var _ = [1]struct{}{}[image.RGBA8-C.AECSAD_RGBA8]
var _ = [1]struct{}{}[image.BGRA8-C.AECSAD_BGRA8]
var _ = [1]struct{}{}[image.GRAY8-C.AECSAD_GRAY8]
var _ = [1]struct{}{}[image.RGB16-C.AECSAD_RGB16]

// bytesPerPixel of the formats that Pixels.Check accepts.
var bytesPerPixel = map[image.Format]int{image.RGB8: 3, image.BGR8: 3, image.RGBA8: 4, image.BGRA8: 4, image.RGB16: 6}

// pixels looks at the caller's image without copying it. Exactly the bytes of
// the region and the padding between its rows are in reach of Go.
func pixels(im *C.aecsad_image) (image.Pixels, error) {
	c, err := take(im, "image")
	if err != nil {
		return image.Pixels{}, err
	}
	if c.data == nil {
		return image.Pixels{}, isNull("image->data")
	}
	p := image.Pixels{
		Width: int(c.width), Height: int(c.height), Stride: int(c.stride), Format: image.Format(c.format),
		ROI: image.Rect{X: int(c.roi_x), Y: int(c.roi_y), Width: int(c.roi_width), Height: int(c.roi_height)},
	}
	if c.roi_width == 0 && c.roi_height == 0 {
		p.ROI = image.Rect{}
		if c.roi_x != 0 || c.roi_y != 0 {
			return p, fail(C.AECSAD_ERR_IMAGE, "the region at (%d,%d) has no size", c.roi_x, c.roi_y)
		}
	}
	lowest := uintptr(c.data) // of all bytes of the image
	length := span(p)
	if p.Stride < 0 {
		lowest += uintptr(p.Stride * (p.Height - 1))
	}
	if lowest+uintptr(length) < lowest {
		return p, fail(C.AECSAD_ERR_IMAGE, "%d bytes at image->data do not fit into the address space", length)
	}
	p.Data = view(lowest, length)
	if err := p.Check(); err != nil {
		return p, as(C.AECSAD_ERR_IMAGE, err)
	}
	if p.ROI != (image.Rect{}) {
		p = crop(p)
	}
	probe(p)
	return p, nil
}

// span is the number of bytes from the first to the last byte of an image; 0
// when its size is out of range, which Check reports.
func span(p image.Pixels) int {
	size, stride := bytesPerPixel[p.Format], max(p.Stride, -p.Stride)
	if size == 0 || p.Width < 1 || p.Height < 1 || p.Width > image.MaxSide || p.Height > image.MaxSide ||
		stride < size*p.Width || stride > 1<<32 {
		return 0
	}
	return stride*(p.Height-1) + size*p.Width
}

// crop makes the region the picture.
func crop(p image.Pixels) image.Pixels {
	r, size := p.ROI, bytesPerPixel[p.Format]
	first, last := r.Y, r.Y+r.Height-1 // rows, as they lie in memory
	if p.Stride < 0 {
		first, last = p.Height-1-last, p.Height-1-first
	}
	stride := max(p.Stride, -p.Stride)
	p.Data = p.Data[first*stride+r.X*size : last*stride+(r.X+r.Width)*size]
	p.Width, p.Height, p.ROI = r.Width, r.Height, image.Rect{}
	return p
}

// probed takes what probe read, so that no compiler leaves the reading out.
var probed atomic.Uint32

// probe touches every page of the pixels, so that memory that cannot be read is
// found here, before an inspection has begun.
func probe(p image.Pixels) {
	const page = 4096
	stride, row := max(p.Stride, -p.Stride), bytesPerPixel[p.Format]*p.Width
	sum := byte(0)
	for start := 0; start < len(p.Data); start += stride {
		for i := start; i < start+row; i += page {
			sum |= p.Data[i]
		}
		sum |= p.Data[start+row-1]
	}
	probed.Store(uint32(sum))
}

// view is n bytes of C memory at an address.
func view(address uintptr, n int) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&address)), n)
}
