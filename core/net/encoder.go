package net

import (
	"fmt"

	g "aecsad/core/graph"
)

// Features are the encoder's stage outputs.
type Features struct {
	F1 *g.Value // [N, 4*Width, Side/4, Side/4]    256x64x64
	F2 *g.Value // [N, 8*Width, Side/8, Side/8]    512x32x32
	F3 *g.Value // [N, 16*Width, Side/16, Side/16] 1024x16x16
}

// stage is F1, F2 or F3.
func (f Features) stage(i int) *g.Value { return [...]*g.Value{f.F1, f.F2, f.F3}[i-1] }

// EncoderNet is WideResNet-50-2 up to its third stage (spec 1.1): stem, then
// stages of 3, 4 and 6 bottleneck blocks, stride in the 3x3 convolution.
func EncoderNet(s g.Scope, c Encoder, x *g.Value) Features { // x: N,3,256,256
	e := encoder{momentum: c.Momentum}
	if e.momentum == 0 {
		e.momentum = 1
	}
	y := heConv(s, "conv1", x, c.Width, 7, g.Conv{Stride: 2, Pad: 3}) // N,64,128,128
	y = s.Relu(e.norm(s, "bn1", y))
	y = s.MaxPool(y, g.Pool{Size: 3, Stride: 2, Pad: 1}) // N,64,64,64
	f1 := e.stage(s, "layer1", y, 3, 2*c.Width, 1)       // N,256,64,64
	f2 := e.stage(s, "layer2", f1, 4, 4*c.Width, 2)      // N,512,32,32
	f3 := e.stage(s, "layer3", f2, 6, 8*c.Width, 2)      // N,1024,16,16
	return Features{f1, f2, f3}
}

// encoder is what all layers of an encoder share.
type encoder struct{ momentum float64 }

func (e encoder) norm(s g.Scope, name string, x *g.Value) *g.Value {
	return s.Sub(name).BatchNorm(x, bnEps, e.momentum)
}

func (e encoder) stage(s g.Scope, name string, x *g.Value, blocks, width, stride int) *g.Value {
	for i := 0; i < blocks; i++ {
		x = e.bottleneck(s.Sub(fmt.Sprintf("%s.%d", name, i)), x, width, stride, i == 0)
		stride = 1
	}
	return x
}

func (e encoder) bottleneck(s g.Scope, x *g.Value, width, stride int, first bool) *g.Value {
	y := s.Relu(e.norm(s, "bn1", heConv(s, "conv1", x, width, 1, g.Conv{})))
	y = s.Relu(e.norm(s, "bn2", heConv(s, "conv2", y, width, 3, g.Conv{Stride: stride, Pad: 1})))
	y = e.norm(s, "bn3", heConv(s, "conv3", y, 2*width, 1, g.Conv{}))
	shortcut := x
	if first {
		shortcut = e.norm(s, "downsample.1", heConv(s, "downsample.0", x, 2*width, 1, g.Conv{Stride: stride}))
	}
	return s.Relu(s.Add(y, shortcut))
}

// heConv has no bias and keeps the variance through a relu, which matters where
// the weights stay as drawn.
func heConv(s g.Scope, name string, x *g.Value, k, size int, o g.Conv) *g.Value {
	t := s.Sub(name)
	c := x.Shape[1]
	return t.Conv2D(x, t.Param("weight", g.He(c*size*size), k, c, size, size), nil, o)
}
