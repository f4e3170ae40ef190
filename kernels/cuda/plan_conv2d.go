package cuda

import (
	"fmt"

	"aecsad/kernels"
)

// depth is DEPTH of arithmetic.h: the words of a slice.
const depth = 16

// numbersPerWord of an arithmetic of arithmetic.h.
var numbersPerWord = map[string]int{"simt": 1, "tf32": 1, "bf16": 2, "f16": 2}

// align rounds floats up to 256 bytes, so that what follows can be read by float4.
func align(floats int) int { return ceil(floats, 64) * 64 }

// tiled is a kernel with a block per tile of rows x columns outputs, z times.
func tiled(kernel string, tile, rows, columns, z int, args ...arg) launch {
	return launch{kernel, ceil(columns, tile), ceil(rows, tile), z, args}
}

// splits is into how many parts the depth of a product, of so many slices, is
// shared out, to make about `want` blocks of `tiles` tiles. A part has at least
// 8 slices: less is not worth another pass over the result.
func splits(tiles, slices, want int) int {
	return max(1, min(want/max(tiles, 1), slices/8, 64))
}

// tileOf is the size of tiles for rows x columns outputs: large ones reuse more
// of what they fetch, small ones are more. It changes no result.
func (p planner) tileOf(rows, columns int) int {
	if p.tile != 0 {
		return p.tile
	}
	if rows > 64 && ceil(rows, 128)*ceil(columns, 128) >= 128 {
		return 128
	}
	return 64
}

// name of a convolution kernel for a size of tile.
func (p planner) name(kernel string, tile int) string {
	return fmt.Sprintf("%s_%s_%d", kernel, p.arithmetic, tile)
}

// words of a depth of n numbers.
func (p planner) words(n int) int { return ceil(n, numbersPerWord[p.arithmetic]) }

// packedWords of weights: tensor cores copy whole slices, so that the depth of a
// row is padded to them.
func (p planner) packedWords(taps, rows, channels int) int {
	words := p.words(channels)
	if p.arithmetic != ordinary {
		words = ceil(words, depth) * depth
	}
	return taps * rows * words
}

func (p planner) convolution(o kernels.Op) steps {
	switch o := o.(type) {
	case kernels.Conv2D:
		return p.forward(o)
	case kernels.Conv2DBackwardData:
		tile := p.tileOf(o.C, o.N*o.H*o.W)
		s := p.packing(p.packedWords(o.R*o.S, o.C, o.K), true)
		s.launches = []launch{tiled(p.name("conv2d_backward_data", tile), tile, o.C, o.N*o.H*o.W, 1, op, buf(0), buf(1), arg{kind: packed})}
		return s
	case kernels.Conv2DBackwardFilter:
		return p.filterGradient(o)
	case kernels.ChannelSum:
		return steps{launches: perBlock("channel_sum", o.C, o)}
	}
	return steps{}
}

// packing packs weights, buffer 2 of the forward and of the backward convolution.
func (p planner) packing(words int, transposed bool) steps {
	flag := 0
	if transposed {
		flag = 1
	}
	pack := over("conv2d_pack_"+p.arithmetic, words, op, arg{kind: packed}, buf(2), num(flag))
	return steps{pack: &pack, packed: words, from: 2}
}

// forward splits the depth by the geometry of one image, so that the sums of an
// image do not depend on the batch that it came in.
func (p planner) forward(o kernels.Conv2D) steps {
	bias, residual, next := arg{kind: null}, arg{kind: null}, 3
	if o.Bias {
		bias, next = buf(next), next+1
	}
	if o.Residual {
		residual = buf(next)
	}
	pixels, slices := o.N*o.P()*o.Q(), o.R*o.S*ceil(p.words(o.C), depth)
	tile := p.tileOf(o.K, pixels)
	parts := splits(ceil(o.K, 64)*ceil(o.P()*o.Q(), 64), slices, 2*p.units)
	s := p.packing(p.packedWords(o.R*o.S, o.K, o.C), false)
	if parts == 1 {
		s.launches = []launch{tiled(p.name("conv2d", tile), tile, o.K, pixels, 1, op, buf(0), buf(1), arg{kind: packed}, bias, residual)}
		return s
	}
	s.scratch = parts * o.K * pixels
	s.launches = []launch{
		tiled(p.name("conv2d_split", tile), tile, o.K, pixels, parts, op, temp(0), buf(1), arg{kind: packed}),
		over("conv2d_join", o.K*pixels, op, buf(0), temp(0), bias, residual, num(parts)),
	}
	return s
}

func (p planner) filterGradient(o kernels.Conv2DBackwardFilter) steps {
	taps, weights := o.R*o.S, o.K*o.C*o.R*o.S
	tile := p.tileOf(o.K, o.C*taps)
	kernel := p.name("conv2d_backward_filter", tile)
	slices := ceil(p.words(o.N*o.P()*o.Q()), depth)
	parts := splits(ceil(o.K, tile)*ceil(o.C, tile)*taps, slices, 4*p.units)
	if parts == 1 {
		return steps{launches: []launch{tiled(kernel, tile, o.K, o.C, taps, op, buf(0), buf(1), buf(2), num(1))}}
	}
	return steps{
		launches: []launch{
			tiled(kernel, tile, o.K, o.C, taps*parts, op, temp(0), buf(1), buf(2), num(parts)),
			over("sum_parts", weights, buf(0), temp(0), num(weights), num(parts)),
		},
		scratch: parts * weights,
	}
}
