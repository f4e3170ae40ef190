package main

/*
#include "aecsad.h"
*/
import "C"

import (
	"slices"
	"unsafe"
)

// largestStruct bounds struct_size: larger ones are mistakes.
const largestStruct = 1 << 16

// The sizes that structs had in version 1 of the interface and have outgrown.
const (
	optionsOf1 = unsafe.Offsetof(C.aecsad_options{}.memory_limit)
	infoOf1    = unsafe.Offsetof(C.aecsad_info{}.memory)
)

// sized checks the struct_size of a caller's struct: today's, an older one's, or a
// larger one's of a later version.
func sized[T any](p *T, name string, older ...uintptr) error {
	if p == nil {
		return isNull(name)
	}
	need := unsafe.Sizeof(*p)
	have := uintptr(*(*uint32)(unsafe.Pointer(p)))
	if (have < need || have > largestStruct) && !slices.Contains(older, have) {
		return fail(C.AECSAD_ERR_STRUCT_SIZE, "%s->struct_size is %d; expected %d", name, have, need)
	}
	return nil
}

// take reads a caller's struct. What an older caller's version lacks becomes zero;
// what a newer one's has beyond ours must be zero.
func take[T any](p *T, name string, older ...uintptr) (v T, err error) {
	if err := sized(p, name, older...); err != nil {
		return v, err
	}
	theirs, need := bytesOf(p), unsafe.Sizeof(v)
	known := copy(unsafe.Slice((*byte)(unsafe.Pointer(&v)), need), theirs)
	for i, b := range theirs[known:] {
		if b != 0 {
			return v, fail(C.AECSAD_ERR_STRUCT_SIZE,
				"%s sets byte %d, which this version does not know; it knows %d bytes", name, known+i, need)
		}
	}
	return v, nil
}

// give writes a struct into a caller's that has passed sized: its struct_size
// stays, fields that it lacks are left out, and those that this version does not
// know become zero.
func give[T any](p *T, v T) {
	theirs := bytesOf(p)
	*(*uint32)(unsafe.Pointer(&v)) = uint32(len(theirs))
	known := copy(theirs, unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v)))
	clear(theirs[known:])
}

// bytesOf is a caller's struct by its struct_size.
func bytesOf[T any](p *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), *(*uint32)(unsafe.Pointer(p)))
}
