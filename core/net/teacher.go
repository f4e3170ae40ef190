package net

import g "aecsad/core/graph"

// TeacherNet is the target of both students (spec 1.1, 1.2): stages 2 and 3
// projected by a fixed 1x1 convolution, resized to Side/4, smoothed by a 3x3 mean
// and standardised per channel. The projection is split by stage and applied
// before the resize, which is exact (spec 1.1). Its bias is left out: the
// standardisation cancels it.
func TeacherNet(s g.Scope, c Config, f Features) *g.Value {
	return s.Standardize(TeacherRaw(s, c, f)) // N,512,64,64
}

// TeacherRaw is the teacher before its standardisation, whose statistics are
// measured on it.
func TeacherRaw(s g.Scope, c Config, f Features) *g.Value {
	side, k := c.MapSide(), c.Teacher.Channels
	fan := f.F2.Shape[1] + f.F3.Shape[1]
	project := func(name string, x *g.Value) *g.Value {
		t := s.Sub(name)
		w := t.Param("weight", g.FanIn(fan), k, x.Shape[1], 1, 1)
		return s.Resize(t.Conv2D(x, w, nil, g.Conv{}), side, side)
	}
	y := s.Add(project("layer2", f.F2), project("layer3", f.F3)) // N,512,64,64
	return s.AvgPool(y, g.Pool{Size: 3, Stride: 1, Pad: 1})      // N,512,64,64
}
