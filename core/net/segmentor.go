package net

import (
	"fmt"

	g "aecsad/core/graph"
)

// SegmentorNet is the DeepLabV3+ decoder over the encoder's stages 1 and 3
// (spec 5.2): logits [N,Classes,Side,Side].
func SegmentorNet(s g.Scope, c Config, f Features) *g.Value {
	m, k := c.Segmentor.Momentum, c.Segmentor.Width
	low := cbr(s, "reduce", f.F1, c.Segmentor.Low, 1, g.Conv{}, m)     // N,48,64,64
	y := s.Resize(f.F3, c.Side/16, c.Side/16)                          // N,1024,16,16
	y = cbr(s, "fc1", aspp(s.Sub("aspp"), y, k, m), k, 1, g.Conv{}, m) // N,256,16,16
	y = s.Resize(y, c.MapSide(), c.MapSide())                          // N,256,64,64
	y = s.Concat(y, low)                                               // N,304,64,64
	t := s.Sub("fc2")
	y = cbr(t, "conv1", y, k, 3, g.Conv{Pad: 1}, m)                 // N,256,64,64
	y = cbr(t, "conv2", y, k, 3, g.Conv{Pad: 1}, m)                 // N,256,64,64
	y = conv(t, "conv3", y, c.Segmentor.Classes, 1, g.Conv{}, true) // N,C,64,64
	return s.Resize(y, c.Side, c.Side)                              // N,C,256,256
}

// aspp is atrous spatial pyramid pooling with an image-level branch.
func aspp(s g.Scope, x *g.Value, k int, m float64) *g.Value { // x: N,1024,16,16
	branches := []*g.Value{cbr(s, "stages.c0", x, k, 1, g.Conv{}, m)}
	for i, rate := range []int{6, 12, 18} {
		o := g.Conv{Pad: rate, Dilation: rate}
		branches = append(branches, cbr(s, fmt.Sprintf("stages.c%d", i+1), x, k, 3, o, m))
	}
	pooled := cbr(s.Sub("stages.imagepool"), "conv", s.GlobalAvgPool(x), k, 1, g.Conv{}, m) // N,256,1,1
	branches = append(branches, s.Resize(pooled, x.Shape[2], x.Shape[3]))
	return s.Concat(branches...) // N,1280,16,16
}
