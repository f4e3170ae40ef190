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

// rows are height rows of width pixels of size bytes each, at a distance of
// stride bytes, in memory of the caller. data begins with the row that is lowest
// in memory; nil if there are none.
type rows struct {
	data                        []byte
	width, height, stride, size int
}

// look brings the rows, of which the top one is at an address, in reach of Go;
// none if the address is NULL. Sizes out of range, which Pixels.Check reports,
// bring no byte in reach.
func (r *rows) look(top unsafe.Pointer, name string) error {
	if top == nil {
		return nil
	}
	lowest, length := uintptr(top), r.span()
	if r.stride < 0 {
		lowest += uintptr(r.stride * (r.height - 1))
	}
	if lowest+uintptr(length) < lowest {
		return fail(C.AECSAD_ERR_IMAGE, "%d bytes at %s do not fit into the address space", length, name)
	}
	r.data = unsafe.Slice(*(**byte)(unsafe.Pointer(&lowest)), length)
	return nil
}

func (r *rows) distance() int { return max(r.stride, -r.stride) }

// span is the number of bytes from the first to the last one; 0 when a size is
// out of range.
func (r *rows) span() int {
	if r.size == 0 || r.width < 1 || r.height < 1 || r.width > image.MaxSide || r.height > image.MaxSide ||
		r.distance() < r.size*r.width || r.distance() > 1<<32 {
		return 0
	}
	return r.distance()*(r.height-1) + r.size*r.width
}

// crop makes a region the whole.
func (r rows) crop(to image.Rect) rows {
	if r.data == nil {
		return r
	}
	first, last := to.Y, to.Y+to.Height-1 // as they lie in memory
	if r.stride < 0 {
		first, last = r.height-1-last, r.height-1-first
	}
	r.data = r.data[first*r.distance()+to.X*r.size : last*r.distance()+(to.X+to.Width)*r.size]
	r.width, r.height = to.Width, to.Height
	return r
}

// probe touches every page of the pixels, so that memory that cannot be read is
// found here, before an inspection has begun.
func (r rows) probe() {
	for start := 0; start < len(r.data); start += r.distance() {
		probe(r.data[start : start+r.size*r.width])
	}
}

// probed takes what probe read, so that no compiler leaves the reading out.
var probed atomic.Uint32

// probe touches every page of a caller's memory.
func probe(b []byte) {
	if len(b) == 0 {
		return
	}
	const page = 4096
	sum := b[len(b)-1]
	for i := 0; i < len(b); i += page {
		sum |= b[i]
	}
	probed.Store(uint32(sum))
}
