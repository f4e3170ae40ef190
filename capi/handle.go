package main

/*
#include "aecsad.h"
*/
import "C"

import (
	"runtime"
	"sync"

	"aecsad/core/detect"
)

// Handles are numbers that look like pointers and never are: addresses of this
// form do not exist on 64-bit machines, so following one faults at once. They
// count up and are never used twice, so that a stale one is always found.
const (
	handleBase uintptr = 0xAEC5_AD00_0000_0000
	handleStep uintptr = 16
)

// table maps handles to what they name: *detector or *result.
type table struct {
	mu    sync.RWMutex
	last  uintptr
	items map[uintptr]any
}

var handles = table{last: handleBase, items: map[uintptr]any{}}

func (t *table) add(item any) uintptr {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last += handleStep
	t.items[t.last] = item
	return t.last
}

// find returns what a handle names. kind is the type's name for a person.
func find[T any](t *table, h uintptr, kind string) (item T, err error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return lookup[T](t, h, kind)
}

// remove is find for the last time.
func remove[T any](t *table, h uintptr, kind string) (item T, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	item, err = lookup[T](t, h, kind)
	if err == nil {
		delete(t.items, h)
	}
	return item, err
}

func lookup[T any](t *table, h uintptr, kind string) (item T, err error) {
	if h == 0 {
		return item, isNull(kind)
	}
	found, exists := t.items[h]
	item, right := found.(T)
	switch {
	case right:
		return item, nil
	case exists:
		return item, fail(C.AECSAD_ERR_HANDLE, "%s is a handle of another type", kind)
	case h > handleBase && h <= t.last && (h-handleBase)%handleStep == 0:
		return item, fail(C.AECSAD_ERR_HANDLE, "the %s was freed", kind)
	}
	return item, fail(C.AECSAD_ERR_HANDLE, "%s %#x is not a handle", kind, h)
}

// result is a verdict whose maps stay where they are while C may look at them.
type result struct {
	*detect.Verdict
	width, height int // of the image
	pins          runtime.Pinner
}

func newResult(v *detect.Verdict, width, height int) *result {
	r := &result{Verdict: v, width: width, height: height}
	for _, m := range [][]float32{v.Local, v.Global, v.Fused} {
		r.pins.Pin(&m[0])
	}
	r.pins.Pin(&v.Classes[0])
	return r
}

func (r *result) free() { r.pins.Unpin() }
