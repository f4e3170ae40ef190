package main

/*
#include "aecsad.h"
*/
import "C"

import (
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

// pixels looks at the caller's image and mask without copying them. Exactly the
// bytes of the region and the padding between its rows are in reach of Go.
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
	picture := rows{width: p.Width, height: p.Height, stride: p.Stride, size: bytesPerPixel[p.Format]}
	if err := picture.look(c.data, "image->data"); err != nil {
		return p, err
	}
	mask := rows{width: p.Width, height: p.Height, stride: int(c.ignore_stride), size: 1}
	if err := mask.look(unsafe.Pointer(c.ignore), "image->ignore"); err != nil {
		return p, err
	}
	p.Data, p.Ignore = picture.data, image.Mask{Data: mask.data, Stride: mask.stride}
	if err := p.Check(); err != nil {
		return p, as(C.AECSAD_ERR_IMAGE, err)
	}
	r := p.Region()
	picture, mask = picture.crop(r), mask.crop(r)
	picture.probe()
	mask.probe()
	p.Data, p.Ignore.Data = picture.data, mask.data
	p.Width, p.Height, p.ROI = r.Width, r.Height, image.Rect{}
	return p, nil
}
