package image

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const canary = 0xA5

// store lays a picture out in a format with padding between rows, bottom up if
// stride is negative, and not a byte more than needed.
func store(im *RGB, f Format, padding int, bottomUp bool) Pixels {
	size := layouts[f].size
	stride := im.Width*size + padding
	p := Pixels{Width: im.Width, Height: im.Height, Stride: stride, Format: f}
	p.Data = bytes.Repeat([]byte{canary}, stride*(im.Height-1)+im.Width*size)
	for y := range im.Height {
		row := y
		if bottomUp {
			row = im.Height - 1 - y
		}
		for x := range im.Width {
			in, out := im.Pix[3*(y*im.Width+x):], p.Data[row*stride+x*size:]
			switch f {
			case RGB8, RGBA8:
				copy(out, in[:3])
			case BGR8, BGRA8:
				out[0], out[1], out[2] = in[2], in[1], in[0]
			case RGB16:
				for c := range 3 {
					out[2*c], out[2*c+1] = byte(255-x), in[c]
				}
			}
		}
	}
	if bottomUp {
		p.Stride = -stride
	}
	return p
}

func prepared(t *testing.T, p Pixels, side int) []float32 {
	dst := make([]float32, 3*side*side)
	require.NoError(t, Prepare(dst, p, side))
	return dst
}

func TestFormatsAndStridesAreEquivalent(t *testing.T) {
	im := madeUp("noise", 37, 23)
	for _, side := range []int{1, 16, 37, 64} {
		want := prepared(t, im.Pixels(), side)
		for _, f := range []Format{RGB8, BGR8, RGBA8, BGRA8, RGB16} {
			for _, padding := range []int{0, 5} {
				for _, bottomUp := range []bool{false, true} {
					p := store(im, f, padding, bottomUp)
					before := slices.Clone(p.Data)
					assert.Equal(t, want, prepared(t, p, side), "%s padding %d bottom up %v", f, padding, bottomUp)
					assert.Equal(t, before, p.Data, "the caller's pixels changed")
				}
			}
		}
	}
}

// The region alone decides, and its neighbours do not leak in.
func TestRegionIsAPictureOfItsOwn(t *testing.T) {
	im := madeUp("noise", 40, 30)
	for _, r := range []Rect{{0, 0, 40, 30}, {3, 4, 17, 11}, {39, 29, 1, 1}, {0, 10, 40, 20}} {
		part := New(r.Width, r.Height)
		for y := range r.Height {
			copy(part.Pix[3*y*r.Width:3*(y+1)*r.Width], im.Pix[3*((r.Y+y)*im.Width+r.X):])
		}
		want := prepared(t, part.Pixels(), 9)
		for _, bottomUp := range []bool{false, true} {
			p := store(im, BGRA8, 3, bottomUp)
			p.ROI = r
			assert.Equal(t, want, prepared(t, p, 9), "%v bottom up %v", r, bottomUp)
		}
	}
}

// Prepare is the resize and the normalisation, and fills dst alone.
func TestPrepareIsResizeAndNormalize(t *testing.T) {
	const side = 24
	im := madeUp("noise", 61, 47)
	buffer := make([]float32, 3*side*side+2)
	buffer[0], buffer[len(buffer)-1] = 77, 77
	require.NoError(t, Prepare(buffer[1:len(buffer)-1], im.Pixels(), side))
	want := make([]float32, 3*side*side)
	Normalize(want, Resize(im, side, side))
	assert.Equal(t, want, buffer[1:len(buffer)-1])
	assert.Equal(t, []float32{77, 77}, []float32{buffer[0], buffer[len(buffer)-1]})
}

// The numbers of torchvision's ToTensor and Normalize.
func TestNormalizeIsImageNets(t *testing.T) {
	im := &RGB{1, 1, []byte{255, 0, 128}}
	got := make([]float32, 3)
	Normalize(got, im)
	for c, want := range []float64{(1 - 0.485) / 0.229, -0.456 / 0.224, (128./255 - 0.406) / 0.225} {
		assert.InDelta(t, want, float64(got[c]), 1e-6)
	}
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	good := Pixels{Data: make([]byte, 300), Width: 10, Height: 10, Stride: 30, Format: RGB8}
	require.NoError(t, good.Check())
	for want, spoil := range map[string]func(*Pixels){
		"colour is needed":               func(p *Pixels) { p.Format = GRAY8 },
		"unknown pixel format 0":         func(p *Pixels) { p.Format = 0 },
		"unknown pixel format 99":        func(p *Pixels) { p.Format = 99 },
		"is 0x10 pixels":                 func(p *Pixels) { p.Width = 0 },
		"is 10x-1 pixels":                func(p *Pixels) { p.Height = -1 },
		"is 10x9223372036854775807":      func(p *Pixels) { p.Height = math.MaxInt },
		"stride is 29 bytes":             func(p *Pixels) { p.Stride = 29 },
		"stride is -29 bytes":            func(p *Pixels) { p.Stride = -29 },
		"stride is 9223372036854775807":  func(p *Pixels) { p.Stride = math.MaxInt },
		"stride is -9223372036854775808": func(p *Pixels) { p.Stride = math.MinInt },
		"has 299 bytes of data":          func(p *Pixels) { p.Data = p.Data[:299] },
		"has 0 bytes of data":            func(p *Pixels) { p.Data = nil },
		"stride 31 take 309":             func(p *Pixels) { p.Stride = 31 },
		"region 5x5 at (6,0)":            func(p *Pixels) { p.ROI = Rect{6, 0, 5, 5} },
		"region 0x5 at (0,0)":            func(p *Pixels) { p.ROI = Rect{0, 0, 0, 5} },
		"region 5x9223372036854775807":   func(p *Pixels) { p.ROI = Rect{0, 1, 5, math.MaxInt} },
		"region 5x5 at (-1,0)":           func(p *Pixels) { p.ROI = Rect{-1, 0, 5, 5} },
	} {
		p := good
		spoil(&p)
		assert.ErrorContains(t, p.Check(), want)
		assert.ErrorContains(t, Prepare(make([]float32, 48), p, 4), want)
	}
}

func TestPrepareChecksItsRoom(t *testing.T) {
	p := New(4, 4).Pixels()
	assert.ErrorContains(t, Prepare(make([]float32, 47), p, 4), "room for 47 numbers; 3x4x4 take 48")
	assert.ErrorContains(t, Prepare(nil, p, 0), "side is 0")
	assert.ErrorContains(t, Prepare(nil, p, math.MaxInt), "side is")
}

func TestFormatsHaveNames(t *testing.T) {
	assert.Equal(t, "RGB8 BGR8 RGBA8 BGRA8 GRAY8 RGB16 Format(0)", fmt.Sprint(RGB8, BGR8, RGBA8, BGRA8, GRAY8, RGB16, Format(0)))
}
