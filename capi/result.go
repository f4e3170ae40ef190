package main

/*
#include "aecsad.h"
*/
import "C"

import (
	"unsafe"

	"aecsad/core/detect"
)

var decisions = map[detect.Decision]C.int32_t{
	detect.Good: C.AECSAD_GOOD, detect.Uncertain: C.AECSAD_UNCERTAIN, detect.Anomalous: C.AECSAD_ANOMALOUS,
}

var kinds = map[detect.Kind]C.int32_t{
	detect.None: C.AECSAD_KIND_NONE, detect.Structural: C.AECSAD_KIND_STRUCTURAL, detect.Logical: C.AECSAD_KIND_LOGICAL,
}

func (r *result) summary(out *C.aecsad_summary) error {
	if err := sized(out, "summary"); err != nil {
		return err
	}
	give(out, C.aecsad_summary{
		decision: decisions[r.Decision], kind: kinds[r.Kind], findings: C.int32_t(len(r.Findings)),
		score: C.double(r.Score), structural: C.double(r.Structural), logical: C.double(r.Logical),
		threshold: C.double(r.Threshold), p_value: C.double(r.PValue),
		width: C.int32_t(r.width), height: C.int32_t(r.height),
	})
	return nil
}

// maps gives away addresses of Go memory that newResult pinned.
func (r *result) maps(out *C.aecsad_maps) error {
	if err := sized(out, "maps"); err != nil {
		return err
	}
	give(out, C.aecsad_maps{
		map_side: C.int32_t(r.MapSide), side: C.int32_t(r.Side),
		local: (*C.float)(&r.Local[0]), global: (*C.float)(&r.Global[0]), fused: (*C.float)(&r.Fused[0]),
		classes: (*C.uint8_t)(&r.Classes[0]),
	})
	return nil
}

func (r *result) anomalyMap(which C.int32_t) ([]float32, error) {
	switch which {
	case C.AECSAD_MAP_LOCAL:
		return r.Local, nil
	case C.AECSAD_MAP_GLOBAL:
		return r.Global, nil
	case C.AECSAD_MAP_FUSED:
		return r.Fused, nil
	}
	return nil, fail(C.AECSAD_ERR_ARGUMENT, "map is %d; expected %d (local), %d (global) or %d (fused)",
		which, C.AECSAD_MAP_LOCAL, C.AECSAD_MAP_GLOBAL, C.AECSAD_MAP_FUSED)
}

func (r *result) finding(index int, out *C.aecsad_finding) error {
	if err := sized(out, "finding"); err != nil {
		return err
	}
	if index < 0 || index >= len(r.Findings) {
		return fail(C.AECSAD_ERR_ARGUMENT, "index is %d; the result has %d findings", index, len(r.Findings))
	}
	f := r.Findings[index]
	c := C.aecsad_finding{
		kind: kinds[f.Kind], x: C.int32_t(f.X), y: C.int32_t(f.Y), width: C.int32_t(f.W), height: C.int32_t(f.H),
		observed: C.double(f.Observed), expected: C.double(f.Expected), contribution: C.double(f.Contribution),
	}
	setString(c.component[:], f.Component)
	setString(c.sentence[:], f.Sentence)
	give(out, c)
	return nil
}

// maxCopy bounds the sides of a copied map.
const maxCopy = 1 << 14

// room is the caller's buffer for a w x h map.
func room[T any](out *T, w, h int, capacity uint64) ([]T, error) {
	if w < 1 || h < 1 || w > maxCopy || h > maxCopy {
		return nil, fail(C.AECSAD_ERR_ARGUMENT, "a map of %dx%d is asked for; expected 1 to %d on each side", w, h, maxCopy)
	}
	if capacity < uint64(w*h) {
		return nil, fail(C.AECSAD_ERR_BUFFER, "out has room for %d elements; %dx%d take %d", capacity, w, h, w*h)
	}
	if out == nil {
		return nil, isNull("out")
	}
	return unsafe.Slice(out, w*h), nil
}

// interpolate resamples a side x side map bilinearly: the centre of output pixel
// x is at (x + 1/2) side/w - 1/2 of the map, edges are repeated. In the map's own
// size this is a copy.
func interpolate(out []float32, w, h int, m []float32, side int) {
	columns := taps(w, side)
	for y, v := range taps(h, side) {
		upper, lower := m[v.low*side:], m[v.high*side:]
		for x, c := range columns {
			a := upper[c.low] + c.share*(upper[c.high]-upper[c.low])
			b := lower[c.low] + c.share*(lower[c.high]-lower[c.low])
			out[y*w+x] = a + v.share*(b-a)
		}
	}
}

// tap is where an output pixel lies between two of the map: share of high.
type tap struct {
	low, high int
	share     float32
}

func taps(n, side int) []tap {
	t := make([]tap, n)
	for i := range t {
		at := (float64(i)+0.5)*float64(side)/float64(n) - 0.5
		at = min(max(at, 0), float64(side-1))
		low := int(at)
		t[i] = tap{low, min(low+1, side-1), float32(at - float64(low))}
	}
	return t
}

// nearest resamples a side x side map by taking the pixel at the same place.
func nearest(out []uint8, w, h int, m []uint8, side int) {
	for y := range h {
		row := m[(2*y+1)*side/(2*h)*side:]
		for x := range w {
			out[y*w+x] = row[(2*x+1)*side/(2*w)]
		}
	}
}
