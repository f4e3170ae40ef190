package net

import (
	"fmt"

	g "aecsad/core/graph"
)

// GlobalNet is the global student: an autoencoder with self-attention that
// predicts the teacher's features from the whole image (spec 2.2 to 2.4). seed
// keys its dropout.
func GlobalNet(s g.Scope, c Config, x *g.Value, seed uint32) *g.Value { // x: N,3,256,256
	k := c.Global.Width
	attend := func(name string, v *g.Value) *g.Value {
		if c.Global.Attention {
			return attention(s, name, v)
		}
		return v
	}
	down := func(name string, v *g.Value, k int) *g.Value {
		return s.Relu(conv(s, name, v, k, 4, g.Conv{Stride: 2, Pad: 1}, true))
	}
	y := down("enconv1", x, k/2)                    // N,32,128,128
	y = down("enconv2", y, k/2)                     // N,32,64,64
	y = down("enconv3", y, k)                       // N,64,32,32
	y = attend("attention1", down("enconv4", y, k)) // N,64,16,16
	y = attend("attention2", down("enconv5", y, k)) // N,64,8,8

	up := func(i int, v *g.Value, side int, attended string) *g.Value {
		v = s.Resize(v, side, side)
		v = s.Relu(conv(s, fmt.Sprintf("deconv%d", i), v, k, 4, g.Conv{Pad: 2}, true))
		if attended != "" {
			v = attend(attended, v)
		}
		return s.Sub(fmt.Sprintf("dropout%d", i)).Dropout(v, c.Global.Dropout, seed)
	}
	if c.Global.Bottleneck == "vector" {
		y = conv(s, "enconv6", y, k, c.Side/32, g.Conv{}, true) // N,64,1,1
		y = up(1, y, c.Side/64-1, "")                           // N,64,4,4
	} else {
		y = conv(s, "enconv6", y, k, 3, g.Conv{Pad: 1}, true) // N,64,8,8
	}
	y = up(2, y, c.Side/32, "attention3")   // N,64,9,9
	y = up(3, y, c.Side/16-1, "attention4") // N,64,16,16
	y = up(4, y, c.Side/8, "")              // N,64,33,33
	y = up(5, y, c.Side/4-1, "")            // N,64,64,64
	y = up(6, y, c.Side/2-1, "")            // N,64,128,128
	y = s.Resize(y, c.MapSide(), c.MapSide())
	y = s.Relu(conv(s, "deconv7", y, k, 3, g.Conv{Pad: 1}, true))             // N,64,64,64
	return conv(s, "deconv8", y, c.Teacher.Channels, 3, g.Conv{Pad: 1}, true) // N,512,64,64
}
