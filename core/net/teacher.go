package net

import (
	"fmt"

	g "aecsad/core/graph"
)

// TeacherNet is the target of both students (spec 1.1, 1.2): two stages of the
// encoder projected by a fixed 1x1 convolution, resized to Side/4, smoothed by a
// 3x3 mean and standardised per channel. The projection is split by stage and
// applied before the resize, which is exact (spec 1.1). Its bias is left out: the
// standardisation cancels it.
func TeacherNet(s g.Scope, c Config, f Features) *g.Value {
	return s.Standardize(TeacherRaw(s, c, f)) // N,512,64,64
}

// TeacherRaw is the teacher before its standardisation, whose statistics are
// measured on it.
func TeacherRaw(s g.Scope, c Config, f Features) *g.Value {
	side, k := c.MapSide(), c.Teacher.Channels
	stages, fan := c.Teacher.stages(), 0
	for _, stage := range stages {
		fan += f.stage(stage).Shape[1]
	}
	var projected [2]*g.Value
	for i, stage := range stages {
		x, t := f.stage(stage), s.Sub(stageName(stage))
		projected[i] = t.Conv2D(x, t.Param("weight", g.FanIn(fan), k, x.Shape[1], 1, 1), nil, g.Conv{})
	}
	for i, y := range projected { // side by side with what follows, which machines may join
		if y.Shape[2] != side {
			projected[i] = s.Resize(y, side, side)
		}
	}
	y := s.Add(projected[0], projected[1])                  // N,512,64,64
	return s.AvgPool(y, g.Pool{Size: 3, Stride: 1, Pad: 1}) // N,512,64,64
}

// stages are the two that the teacher is made of.
func (t Teacher) stages() [2]int {
	if t.Stage == 1 {
		return [2]int{1, 2}
	}
	return [2]int{2, 3}
}

// Weights are the names of the projection's weights below the teacher's scope.
func (t Teacher) Weights() [2]string {
	s := t.stages()
	return [2]string{stageName(s[0]) + ".weight", stageName(s[1]) + ".weight"}
}

func stageName(stage int) string { return fmt.Sprintf("layer%d", stage) }
