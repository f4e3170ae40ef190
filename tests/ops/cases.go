// Package ops is the conformance suite: cases of every instruction, and Conform,
// which runs them on a machine and compares it with ref. Shapes are odd on
// purpose: they cross the borders of vectors and tiles, pad, dilate and stride.
package ops

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"aecsad/kernels"
)

// Case is an instruction with the contents of its buffers.
type Case struct {
	Op kernels.Op
	// In holds the contents of the inputs, in order.
	In []Content
	// InOut holds the contents of the outputs that are read before they are
	// written, by buffer.
	InOut map[int]Content
	// Exact demands the bits of ref, up to the sign of zero; otherwise the
	// relative error is bounded.
	Exact bool
	// Scratch lists outputs whose values are nobody's business.
	Scratch []int
}

// Name is the instruction with its shape.
func (c Case) Name() string { return fmt.Sprintf("%s%+v", kernels.Name(c.Op), c.Op) }

// rand is seeded by the name, so that a case does not depend on the others.
func (c Case) rand() *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(c.Name()))
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// Family is a group of instructions that share a file in every machine.
type Family struct {
	Name  string
	Cases []Case
}

// Families lists every case.
func Families() []Family {
	return []Family{
		{"conv2d", convCases()}, {"batchnorm", batchNormCases()}, {"pointwise", pointwiseCases()},
		{"concat", concatCases()}, {"pool", poolCases()}, {"resize", resizeCases()},
		{"matmul", matMulCases()}, {"softmax", softmaxCases()}, {"attention", attentionCases()},
		{"score", scoreCases()}, {"loss_feature", featureLossCases()}, {"loss_segment", segmentLossCases()},
		{"adam", adamCases()},
	}
}

// of is a case whose inputs hold the given contents; inputs without one are signed.
func of(op kernels.Op, in ...Content) Case {
	_, inputs := op.Buffers()
	for len(in) < len(inputs) {
		in = append(in, signed())
	}
	return Case{Op: op, In: in}
}

// exact is a case that must have the bits of ref.
func exact(op kernels.Op, in ...Content) Case {
	c := of(op, in...)
	c.Exact = true
	return c
}

// lengths cross the borders of vectors of 4, 8, 16 and 32 floats.
var lengths = []int{1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 1000, 4099}

// convShapes are small and awkward.
var convShapes = []kernels.ConvShape{
	{N: 1, C: 1, H: 1, W: 1, K: 1, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 2, C: 3, H: 5, W: 7, K: 9, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 1, C: 17, H: 9, W: 9, K: 15, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 1, C: 33, H: 1, W: 1, K: 31, R: 1, S: 1, Stride: 1, Dilation: 1},
	{N: 3, C: 8, H: 15, W: 17, K: 16, R: 1, S: 1, Stride: 2, Dilation: 1},
	{N: 2, C: 7, H: 9, W: 8, K: 8, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},
	{N: 1, C: 3, H: 17, W: 15, K: 33, R: 3, S: 3, Stride: 2, Pad: 1, Dilation: 1},
	{N: 1, C: 5, H: 16, W: 16, K: 7, R: 3, S: 3, Stride: 1, Pad: 6, Dilation: 6},
	{N: 1, C: 9, H: 16, W: 16, K: 17, R: 3, S: 3, Stride: 1, Pad: 18, Dilation: 18},
	{N: 2, C: 4, H: 11, W: 13, K: 5, R: 3, S: 3, Stride: 2, Pad: 2, Dilation: 2},
	{N: 2, C: 3, H: 8, W: 8, K: 6, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},
	{N: 1, C: 3, H: 10, W: 12, K: 8, R: 4, S: 4, Stride: 2, Pad: 1, Dilation: 1},
	{N: 1, C: 6, H: 8, W: 8, K: 10, R: 8, S: 8, Stride: 1, Dilation: 1},
	{N: 1, C: 3, H: 31, W: 29, K: 16, R: 7, S: 7, Stride: 2, Pad: 3, Dilation: 1},
	{N: 1, C: 2, H: 7, W: 33, K: 3, R: 2, S: 5, Stride: 1, Pad: 1, Dilation: 1},
	{N: 1, C: 2, H: 12, W: 3, K: 3, R: 5, S: 1, Stride: 3, Pad: 2, Dilation: 1},
	// The last rows and columns are read by no output: their gradient is 0.
	{N: 1, C: 2, H: 10, W: 10, K: 3, R: 2, S: 2, Stride: 4, Dilation: 1},
	// No tap but the centre is ever inside.
	{N: 2, C: 3, H: 4, W: 4, K: 5, R: 3, S: 3, Stride: 1, Pad: 9, Dilation: 9},
}

// quickShapes are those of the profile quick in core/net/config.go, some at half
// their side to spare ref.
var quickShapes = []kernels.ConvShape{
	{N: 1, C: 3, H: 128, W: 128, K: 16, R: 7, S: 7, Stride: 2, Pad: 3, Dilation: 1},   // encoder stem
	{N: 1, C: 32, H: 32, W: 32, K: 32, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},    // encoder layer1
	{N: 1, C: 64, H: 32, W: 32, K: 64, R: 3, S: 3, Stride: 2, Pad: 1, Dilation: 1},    // encoder layer2
	{N: 2, C: 128, H: 16, W: 16, K: 256, R: 1, S: 1, Stride: 1, Dilation: 1},          // encoder layer3
	{N: 1, C: 256, H: 16, W: 16, K: 48, R: 3, S: 3, Stride: 1, Pad: 12, Dilation: 12}, // segmentor ASPP
	{N: 1, C: 64, H: 32, W: 32, K: 48, R: 3, S: 3, Stride: 1, Pad: 1, Dilation: 1},    // segmentor fc2
	{N: 1, C: 16, H: 34, W: 34, K: 32, R: 4, S: 4, Stride: 1, Pad: 3, Dilation: 1},    // local student
	{N: 2, C: 3, H: 64, W: 64, K: 8, R: 4, S: 4, Stride: 2, Pad: 1, Dilation: 1},      // global student e1
	{N: 1, C: 16, H: 15, W: 15, K: 16, R: 4, S: 4, Stride: 1, Pad: 2, Dilation: 1},    // global student d3
}

func convCases() []Case {
	var cases []Case
	for _, s := range append(append([]kernels.ConvShape{}, convShapes...), quickShapes...) {
		cases = append(cases, of(kernels.Conv2D{ConvShape: s}),
			of(kernels.Conv2DBackwardData{ConvShape: s}), of(kernels.Conv2DBackwardFilter{ConvShape: s}))
	}
	for _, s := range convShapes[:7] {
		cases = append(cases,
			of(kernels.Conv2D{ConvShape: s, Bias: true}),
			of(kernels.Conv2D{ConvShape: s, Relu: true}),
			of(kernels.Conv2D{ConvShape: s, Residual: true, Relu: true}),
			of(kernels.Conv2D{ConvShape: s, Bias: true, Residual: true, Relu: true}))
	}
	for i, hw := range lengths {
		cases = append(cases, of(kernels.ChannelSum{N: 1 + i%3, C: 1 + i%5, HW: hw}))
	}
	return cases
}

func batchNormCases() []Case {
	var cases []Case
	variance := between(0.5, 2)
	for i, hw := range lengths {
		n, c := 1+i%3, 1+(i*7)%17
		cases = append(cases,
			of(kernels.BatchNorm{N: n, C: c, HW: hw, Eps: 1e-5}, signed(), signed(), signed(), signed(), variance),
			of(kernels.BatchNormFold{K: c, Len: hw, Eps: 1e-5}, signed(), signed(), signed(), signed(), variance))
	}
	// At least five values per channel: with fewer, dx is what cancellation leaves.
	for i, hw := range []int{5, 7, 8, 9, 15, 17, 31, 33, 256, 1000} {
		n, c := 1+i%3, 1+(i*5)%11
		cases = append(cases, batchNormTrain(n, c, hw, signed()),
			of(kernels.BatchNormBackward{N: n, C: c, HW: hw}, signed(), signed(), between(-0.1, 0.1), between(1, 2), signed()))
	}
	return append(cases,
		batchNormTrain(1, 3, 1, signed()),
		batchNormTrain(4, 3, 1, signed()),
		batchNormTrain(2, 3, 1024, between(7, 9))) // far from zero: E[x^2]-E[x]^2 would lose digits
}

func batchNormTrain(n, c, hw int, x Content) Case {
	k := of(kernels.BatchNormTrain{N: n, C: c, HW: hw, Eps: 1e-5, Momentum: 0.1}, x)
	k.InOut = map[int]Content{3: signed(), 4: between(0.5, 2)}
	return k
}

func pointwiseCases() []Case {
	var cases []Case
	step := list(7)
	for i, n := range lengths {
		cases = append(cases,
			exact(kernels.Relu{Len: n}), exact(kernels.Relu{Len: n}, whole(-1, 1)),
			exact(kernels.ReluBackward{Len: n}, signed(), whole(-1, 1)),
			exact(kernels.Add{Len: n}), exact(kernels.Scale{Len: n, Factor: -1.7}), exact(kernels.Fill{Len: n, Value: 0.3}),
			of(kernels.Standardize{N: 1 + i%3, C: 1 + i%4, HW: n}, signed(), signed(), between(0.2, 2)),
			exact(kernels.Dropout{Len: n, P: 0.2, Seed: i}, signed(), step),
			exact(kernels.DropoutBackward{Len: n, P: 0.2, Seed: i}, signed(), step))
	}
	return append(cases,
		exact(kernels.Dropout{Len: 100, P: 0, Seed: 1}, signed(), list(0)),
		exact(kernels.Dropout{Len: 1000, P: 0.5, Seed: 1 << 20}, signed(), list(60000)))
}

func concatCases() []Case {
	return []Case{
		exact(kernels.Concat{N: 1, HW: 1, C: [kernels.MaxConcat]int{1}}),
		exact(kernels.Concat{N: 2, HW: 9, C: [kernels.MaxConcat]int{3, 1, 7}}),
		exact(kernels.Concat{N: 3, HW: 256, C: [kernels.MaxConcat]int{48, 16}}),
		exact(kernels.Concat{N: 2, HW: 33, C: [kernels.MaxConcat]int{1, 2, 3, 4, 5, 6, 7, 8}}),
		exact(kernels.Slice{N: 1, C: 1, HW: 1, First: 0, K: 1}),
		exact(kernels.Slice{N: 2, C: 9, HW: 7, First: 0, K: 4}),
		exact(kernels.Slice{N: 2, C: 9, HW: 15, First: 8, K: 1}),
		exact(kernels.Slice{N: 3, C: 17, HW: 33, First: 5, K: 9}),
	}
}

func poolCases() []Case {
	var cases []Case
	for _, s := range []kernels.PoolShape{
		{N: 1, C: 1, H: 1, W: 1, R: 1, Stride: 1},
		{N: 2, C: 3, H: 7, W: 9, R: 2, Stride: 2},
		{N: 1, C: 5, H: 9, W: 9, R: 2, Stride: 2, Pad: 1},
		{N: 1, C: 8, H: 15, W: 17, R: 3, Stride: 1, Pad: 1},
		{N: 2, C: 7, H: 16, W: 16, R: 3, Stride: 2, Pad: 1},
		{N: 1, C: 3, H: 33, W: 31, R: 3, Stride: 2, Pad: 1},
		{N: 1, C: 2, H: 3, W: 3, R: 3, Stride: 3},
		{N: 1, C: 2, H: 11, W: 8, R: 2, Stride: 3}, // leaves pixels out
		{N: 1, C: 16, H: 64, W: 64, R: 3, Stride: 1, Pad: 1},
		{N: 1, C: 16, H: 65, W: 65, R: 2, Stride: 2, Pad: 1},
	} {
		cases = append(cases, of(kernels.AvgPool{PoolShape: s}), of(kernels.AvgPoolBackward{PoolShape: s}),
			exact(kernels.MaxPool{PoolShape: s}), exact(kernels.MaxPool{PoolShape: s}, between(-3, -1)),
			of(kernels.MaxPoolBackward{PoolShape: s}), of(kernels.MaxPoolBackward{PoolShape: s}, signed(), whole(0, 2)))
	}
	for i, hw := range lengths {
		cases = append(cases, of(kernels.GlobalAvgPool{N: 1 + i%3, C: 1 + i%9, HW: hw}),
			of(kernels.GlobalAvgPoolBackward{N: 1 + i%3, C: 1 + i%9, HW: hw}))
	}
	return cases
}

func resizeCases() []Case {
	var cases []Case
	for _, s := range [][6]int{ // N C H W P Q
		{1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 5, 3}, {2, 3, 7, 9, 7, 9}, {1, 3, 3, 5, 8, 7}, {2, 2, 8, 8, 3, 3},
		{1, 5, 16, 16, 15, 15}, {1, 4, 9, 9, 15, 15}, {1, 2, 15, 17, 33, 31}, {1, 7, 33, 33, 63, 63},
		{1, 16, 16, 16, 64, 64}, {1, 2, 64, 64, 127, 127}, {1, 3, 127, 127, 64, 64}, {1, 3, 64, 64, 256, 256},
	} {
		cases = append(cases, of(kernels.Resize{N: s[0], C: s[1], H: s[2], W: s[3], P: s[4], Q: s[5]}),
			of(kernels.ResizeBackward{N: s[0], C: s[1], H: s[2], W: s[3], P: s[4], Q: s[5]}))
	}
	return cases
}
