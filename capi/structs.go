package main

/*
#include "aecsad.h"
*/
import "C"

import "unsafe"

// largestStruct bounds struct_size: larger ones are mistakes.
const largestStruct = 1 << 16

// sized checks the struct_size of a caller's struct that must have need bytes at
// least, those of the first version of the interface.
func sized(p unsafe.Pointer, name string, need uintptr) error {
	if p == nil {
		return isNull(name)
	}
	if have := uintptr(*(*uint32)(p)); have < need || have > largestStruct {
		return fail(C.AECSAD_ERR_STRUCT_SIZE, "%s->struct_size is %d; expected %d", name, have, need)
	}
	return nil
}

// take reads a caller's struct. What a newer caller's version has beyond ours
// must be zero.
func take[T any](p *T, name string) (v T, err error) {
	need := unsafe.Sizeof(v)
	if err := sized(unsafe.Pointer(p), name, need); err != nil {
		return v, err
	}
	have := uintptr(*(*uint32)(unsafe.Pointer(p)))
	for i, b := range unsafe.Slice((*byte)(unsafe.Pointer(p)), have)[need:] {
		if b != 0 {
			return v, fail(C.AECSAD_ERR_STRUCT_SIZE,
				"%s sets byte %d, which this version does not know; it knows %d bytes", name, int(need)+i, need)
		}
	}
	return *p, nil
}

// give writes a struct into a caller's that has passed sized: its struct_size
// stays, what this version does not know becomes zero.
func give[T any](p *T, v T) {
	have := *(*uint32)(unsafe.Pointer(p))
	*(*uint32)(unsafe.Pointer(&v)) = have
	clear(unsafe.Slice((*byte)(unsafe.Pointer(p)), have)[unsafe.Sizeof(v):])
	*p = v
}
