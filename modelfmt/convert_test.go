package modelfmt

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// nearest finds the rounding of v by its definition: the closest of all finite
// values of a type; of two equally close ones that with the even last bit.
func nearest(v float64, finite uint16, value func(uint16) float32) uint16 {
	lo, hi := uint16(0), finite
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if float64(value(mid)) <= v {
			lo = mid
		} else {
			hi = mid
		}
	}
	below, above := v-float64(value(lo)), float64(value(hi))-v
	if below < above || below == above && lo&1 == 0 {
		return lo
	}
	return hi
}

func bf16Value(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

func TestHalvesRoundToNearestEven(t *testing.T) {
	for h := uint16(0); h < 0x7c00-1; h++ {
		a, b := f16Value(h), f16Value(h+1)
		mid := (a + b) / 2 // exact in float32
		for _, v := range []float32{a, mid, math.Nextafter32(mid, 0), math.Nextafter32(mid, 2*b+1), a + (b-a)/4} {
			if h == 0x7bff-1 && v > b {
				continue
			}
			want := nearest(float64(v), 0x7bff, f16Value)
			require.Equal(t, want, f16Bits(v), "%v", v)
			require.Equal(t, want|0x8000, f16Bits(-v), "%v", -v)
		}
	}
	for h := uint16(0); h < 0x7f80-1; h += 7 {
		a, b := bf16Value(h), bf16Value(h+1)
		for _, v := range []float32{a, a + (b-a)/2, math.Nextafter32(a+(b-a)/2, 0), math.Nextafter32(a+(b-a)/2, b), a + (b-a)/4} {
			require.Equal(t, nearest(float64(v), 0x7f7f, bf16Value), bf16Bits(v), "%v", v)
		}
	}
}

func TestEveryHalfSurvives(t *testing.T) {
	for u := 0; u < 1<<16; u++ {
		h := uint16(u)
		v, w := f16Value(h), bf16Value(h)
		if v == v {
			require.Equal(t, h, f16Bits(v))
		} else {
			require.Equal(t, h|0x200, f16Bits(v))
		}
		if w == w {
			require.Equal(t, h, bf16Bits(w))
		} else {
			require.Equal(t, h|0x40, bf16Bits(w))
		}
	}
}

func TestHalfValues(t *testing.T) {
	for v, want := range map[float32]uint16{
		1: 0x3c00, -2: 0xc000, 65504: 0x7bff, 65519.996: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00,
		0.1: 0x2e66, 1.0 / (1 << 24): 1, 1.0 / (1 << 25): 0, 1.5 / (1 << 25): 1, 1e-30: 0,
		float32(math.Inf(-1)): 0xfc00,
	} {
		assert.Equal(t, want, f16Bits(v), "%v", v)
	}
	assert.Equal(t, uint16(0x3dcd), bf16Bits(0.1))
	assert.Equal(t, uint16(0x7fc0), bf16Bits(math.Float32frombits(0x7f800001)), "a NaN stays one")
	assert.Equal(t, uint16(0x7e00), f16Bits(math.Float32frombits(0x7f800001)))
}

func TestPlanes(t *testing.T) {
	planes := make([]byte, 8)
	splitPlanes(planes, []byte{1, 2, 3, 4, 5, 6, 7, 8}, 4)
	assert.Equal(t, []byte{1, 5, 2, 6, 3, 7, 4, 8}, planes)
	for _, d := range []DType{F32, F16, BF16} {
		in, out := []float32{1, -2.5, 0.375}, make([]float32, 3)
		plain := make([]byte, 3*d.size())
		require.Equal(t, -1, pack(plain, in, d))
		planes := make([]byte, len(plain))
		splitPlanes(planes, plain, d.size())
		unpack(out, planes, d)
		assert.Equal(t, in, out, "%s", d)
	}
}
