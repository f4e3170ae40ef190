package net

import g "aecsad/core/graph"

// Writing a network: a function from a scope and input values to output values.
// Every tensor carries its shape as a trailing comment, at the paper's sizes and
// for a batch of N.

const bnEps = 1e-5

// conv is a convolution with PyTorch's default initialisation and, if bias is
// set, a bias.
func conv(s g.Scope, name string, x *g.Value, k, size int, o g.Conv, bias bool) *g.Value {
	c := x.Shape[1]
	t := s.Sub(name)
	init := g.FanIn(c * size * size)
	w := t.Param("weight", init, k, c, size, size)
	var b *g.Value
	if bias {
		b = t.Param("bias", init, k)
	}
	return t.Conv2D(x, w, b, o)
}

// zeroConv is a 1x1 convolution that starts at zero, so that a residual block
// starts as the identity.
func zeroConv(s g.Scope, name string, x *g.Value) *g.Value {
	c := x.Shape[1]
	t := s.Sub(name)
	w := t.Param("weight", g.Constant(0), c, c, 1, 1)
	return t.Conv2D(x, w, t.Param("bias", g.Constant(0), c), g.Conv{})
}

// cbr is convolution without bias, batch norm, relu, with weights name.conv.*
// and name.bn.* (spec 5.2).
func cbr(s g.Scope, name string, x *g.Value, k, size int, o g.Conv, momentum float64) *g.Value {
	t := s.Sub(name)
	y := conv(t, "conv", x, k, size, o, false)
	return t.Relu(t.Sub("bn").BatchNorm(y, bnEps, momentum))
}

// attention is a residual single-head self-attention block over the pixels of x:
// y = x + O(attention(Q(x), K(x), V(x))), d_k = d_v = C (spec 2.4 #2, #3, #5).
func attention(s g.Scope, name string, x *g.Value) *g.Value {
	t := s.Sub(name)
	q := conv(t, "query", x, x.Shape[1], 1, g.Conv{}, true)
	k := conv(t, "key", x, x.Shape[1], 1, g.Conv{}, true)
	v := conv(t, "value", x, x.Shape[1], 1, g.Conv{}, true)
	return t.Add(x, zeroConv(t, "output", t.Attention(q, k, v)))
}
