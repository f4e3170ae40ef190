package net

import g "aecsad/core/graph"

// LocalNet is the local student, a PDN-medium with two heads (spec 2.1). An
// output pixel sees 33x33 input pixels. teacher imitates the teacher, global
// imitates the global student.
func LocalNet(s g.Scope, c Config, x *g.Value) (teacher, global *g.Value) { // x: N,3,256,256
	pool := g.Pool{Size: 2, Stride: 2, Pad: 1}
	y := s.Relu(conv(s, "conv1", x, c.Local.First, 4, g.Conv{Pad: 3}, true)) // N,256,259,259
	y = s.AvgPool(y, pool)                                                   // N,256,130,130
	y = s.Relu(conv(s, "conv2", y, c.Local.Width, 4, g.Conv{Pad: 3}, true))  // N,512,133,133
	y = s.AvgPool(y, pool)                                                   // N,512,67,67
	y = s.Relu(conv(s, "conv3", y, c.Local.Width, 1, g.Conv{}, true))        // N,512,67,67
	y = s.Relu(conv(s, "conv4", y, c.Local.Width, 3, g.Conv{Pad: 1}, true))  // N,512,67,67
	y = s.Relu(conv(s, "conv5", y, c.Local.Width, 4, g.Conv{}, true))        // N,512,64,64
	y = s.Resize(y, c.MapSide(), c.MapSide())                                // N,512,64,64
	teacher = conv(s, "conv_st", y, c.Teacher.Channels, 1, g.Conv{}, true)   // N,512,64,64
	global = conv(s, "conv_ae", y, c.Teacher.Channels, 1, g.Conv{}, true)    // N,512,64,64
	return teacher, global
}
