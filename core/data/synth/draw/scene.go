package draw

import (
	"hash/fnv"

	"aecsad/kernels"
)

// Scene is one photograph being set up. Its randomness is named, not drawn in
// sequence: s.rnd("washer.x", 2) is the same number whatever else is asked for,
// so a scene with a fault equals its faultless twin everywhere else.
type Scene struct {
	*Canvas
	Fault   string // name of the fault to show, empty for a good picture
	Variant int    // which of the category's good variants, from 0
	key     uint64
}

// NewScene is an empty scene for a picture of w x h pixels; nw x nh is the
// category's natural size in scene units. All its randomness follows from key.
func NewScene(key uint64, nw, nh, w, h int) *Scene {
	s := &Scene{key: key}
	s.Canvas = newCanvas(w, h, s.jitteredCamera(nw, nh, w, h))
	return s
}

// Is says whether the scene shows this fault.
func (s *Scene) Is(fault string) bool { return s.Fault == fault }

// Rnd returns the i-th number of the named sequence, in [0,1).
func (s *Scene) Rnd(name string, i int) float64 {
	return float64(kernels.Uniform(uint32(s.key>>32), uint32(s.key), Hash(name)+uint64(i)))
}

// Sym is rnd in [-1,1).
func (s *Scene) Sym(name string, i int) float64 { return 2*s.Rnd(name, i) - 1 }

// Span is rnd in [lo,hi).
func (s *Scene) Span(name string, i int, lo, hi float64) float64 {
	return lo + (hi-lo)*s.Rnd(name, i)
}

// Pick is one of 0..n-1.
func (s *Scene) Pick(name string, n int) int { return min(int(s.Rnd(name, 0)*float64(n)), n-1) }

// Vary is the colour of one specimen: parts of a kind differ a little.
func (s *Scene) Vary(name string, i int, c Color) Color {
	k := 1 + 0.045*s.Sym(name+".shade", i)
	c = c.Times(k)
	c[0] *= float32(1 + 0.02*s.Sym(name+".red", i))
	c[2] *= float32(1 + 0.02*s.Sym(name+".blue", i))
	return c
}

// Put lays a part of the given height on the scene: its shadow, then itself.
func (s *Scene) Put(body Shape, p Paint, class int, height float64) {
	s.Shadow(body, height, 0.34)
	s.Fill(body, p, class)
}

// Hash is 64-bit FNV-1a.
func Hash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name)) //nolint:errcheck // a hash cannot fail
	return h.Sum64()
}
