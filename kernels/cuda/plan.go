package cuda

import (
	"fmt"

	"aecsad/kernels"
)

// threads of a block, AE_THREADS in compat/device.h.
const threads = 256

// launch is one kernel of an instruction: a grid of blocks, and arguments of 8
// bytes each.
type launch struct {
	kernel  string
	x, y, z int
	args    []arg
}

// arg is an argument of a kernel.
type arg struct {
	kind  argKind
	value int
}

type argKind int

const (
	number   argKind = iota // value itself
	opStruct                // the instruction's words, in device memory
	buffer                  // buffer `value` of the call, in the order of ops.go
	scratch                 // the session's scratch memory, from float `value` on
	packed                  // what the pack of the steps made
	null                    // a buffer that the call lacks
)

// op is the first argument of most kernels.
var op = arg{kind: opStruct}

func buf(i int) arg      { return arg{buffer, i} }
func num(n int) arg      { return arg{number, n} }
func temp(first int) arg { return arg{scratch, first} }

// bufs are buffers 0 to n-1.
func bufs(n int) []arg {
	var out []arg
	for i := 0; i < n; i++ {
		out = append(out, buf(i))
	}
	return out
}

// maxBlocks bounds the grid of loops over elements: enough to fill the largest
// GPUs several times over.
const maxBlocks = 4096

func ceil(a, b int) int { return (a + b - 1) / b }

// over is a kernel whose threads share out n elements.
func over(kernel string, n int, args ...arg) launch {
	return launch{kernel, min(ceil(n, threads), maxBlocks), 1, 1, args}
}

// blocks is a kernel of n blocks.
func blocks(kernel string, n int, args ...arg) launch { return launch{kernel, n, 1, 1, args} }

// simple is an instruction of one kernel over n elements, which takes the
// instruction and all its buffers.
func simple(kernel string, n int, o kernels.Op) []launch {
	return []launch{over(kernel, n, all(o)...)}
}

// perBlock is the same with n blocks.
func perBlock(kernel string, n int, o kernels.Op) []launch {
	return []launch{blocks(kernel, n, all(o)...)}
}

// all is the instruction and all its buffers.
func all(o kernels.Op) []arg {
	out, in := o.Buffers()
	return append([]arg{op}, bufs(len(out)+len(in))...)
}

// filled adds missing buffers up to n arguments.
func filled(args []arg, n int) []arg {
	for len(args) < n {
		args = append(args, arg{kind: null})
	}
	return args
}

// steps is how an instruction runs: its kernels in order, and the floats of
// scratch that they share.
type steps struct {
	launches []launch
	scratch  int
	// pack, if there is one, runs before: it turns buffer `from` into `packed`
	// words. Where the buffer holds weights that no call writes, once is enough.
	pack         *launch
	packed, from int
}

// planner chooses kernels.
type planner struct {
	arithmetic string // of convolutions: a name of arithmetic.h
	tile       int    // the size of their tiles, or 0 for a choice by shape
	units      int    // multiprocessors of the GPU
}

// plan plans an instruction.
func (p planner) plan(o kernels.Op) (steps, error) {
	if s := p.convolution(o); s.launches != nil {
		return s, nil
	}
	for _, family := range []func(kernels.Op) ([]launch, int){
		planBatchNorm, planPointwise, planMoves, planMatrices, planScore, planFeatureLoss, planSegmentLoss,
	} {
		if l, n := family(o); l != nil {
			return steps{launches: l, scratch: n}, nil
		}
	}
	return steps{}, fmt.Errorf("cuda: there is no kernel of %s", kernels.Name(o))
}

func planBatchNorm(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.BatchNorm:
		return simple("batchnorm", o.N*o.C*o.HW, o), 0
	case kernels.BatchNormTrain:
		return perBlock("batchnorm_train", o.C, o), 0
	case kernels.BatchNormBackward:
		return perBlock("batchnorm_backward", o.C, o), 0
	case kernels.BatchNormFold:
		return simple("batchnorm_fold", o.K*o.Len, o), 0
	}
	return nil, 0
}

func planPointwise(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.Relu:
		return simple("relu", o.Len, o), 0
	case kernels.ReluBackward:
		return simple("relu_backward", o.Len, o), 0
	case kernels.Add:
		return simple("add", o.Len, o), 0
	case kernels.Scale:
		return simple("scale", o.Len, o), 0
	case kernels.Fill:
		return simple("fill", o.Len, o), 0
	case kernels.Standardize:
		return simple("standardize", o.N*o.C*o.HW, o), 0
	case kernels.Dropout:
		return simple("dropout", o.Len, o), 0
	case kernels.DropoutBackward:
		return simple("dropout_backward", o.Len, o), 0
	case kernels.Adam:
		return simple("adam", o.Len, o), 0
	}
	return nil, 0
}

// planMoves plans concat, pool and resize.
func planMoves(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.Concat:
		count, widest := 0, 0
		for ; count < len(o.C) && o.C[count] != 0; count++ {
			widest = max(widest, o.C[count])
		}
		l := over("concat", o.N*widest*o.HW, filled(all(o), 2+kernels.MaxConcat)...)
		l.y = count
		return []launch{l}, 0
	case kernels.Slice:
		return simple("slice", o.N*o.K*o.HW, o), 0
	case kernels.AvgPool:
		return simple("avg_pool", o.N*o.C*o.P()*o.Q(), o), 0
	case kernels.AvgPoolBackward:
		return simple("avg_pool_backward", o.N*o.C*o.H*o.W, o), 0
	case kernels.MaxPool:
		return simple("max_pool", o.N*o.C*o.P()*o.Q(), o), 0
	case kernels.MaxPoolBackward:
		return simple("max_pool_backward", o.N*o.C*o.H*o.W, o), 0
	case kernels.GlobalAvgPool:
		return perBlock("global_avg_pool", o.N*o.C, o), 0
	case kernels.GlobalAvgPoolBackward:
		return simple("global_avg_pool_backward", o.N*o.C*o.HW, o), 0
	case kernels.Resize:
		return simple("resize", o.N*o.C*o.P*o.Q, o), 0
	case kernels.ResizeBackward:
		return simple("resize_backward", o.N*o.C*o.H*o.W, o), 0
	}
	return nil, 0
}

func planScore(o kernels.Op) ([]launch, int) {
	switch o := o.(type) {
	case kernels.Argmax:
		return simple("argmax", o.N*o.HW, o), 0
	case kernels.Histogram:
		return perBlock("histogram", o.N*o.Grid*o.Grid, o), 0
	case kernels.SquaredDifference:
		return perBlock("squared_difference", ceil(o.N*o.HW, 32), o), 0
	}
	return nil, 0
}
