package image

import (
	std "image"
	"image/color"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// masked is a picture of which so many pixels are ignored.
func masked(w, h int, ignored ...[2]int) Pixels {
	p := New(w, h).Pixels()
	p.Ignore = Mask{make([]byte, w*h), w}
	for _, at := range ignored {
		p.Ignore.Data[at[1]*w+at[0]] = 1
	}
	return p
}

func cells(p Pixels, side int) (marked []int) {
	for i, v := range p.Ignored(side) {
		if v {
			marked = append(marked, i)
		}
	}
	return marked
}

// A cell is ignored if it shares any area with an ignored pixel.
func TestIgnoredCells(t *testing.T) {
	unmasked := masked(8, 8)
	unmasked.Ignore = Mask{}
	assert.Nil(t, unmasked.Ignored(4))
	assert.Equal(t, make([]bool, 16), masked(8, 8).Ignored(4))
	assert.Equal(t, []int{0}, cells(masked(8, 8, [2]int{1, 1}), 4))
	assert.Equal(t, []int{6, 15}, cells(masked(8, 8, [2]int{4, 2}, [2]int{7, 7}), 4))
	// 3 pixels over 4 cells: the middle one covers a part of two
	assert.Equal(t, []int{5, 6, 9, 10}, cells(masked(3, 3, [2]int{1, 1}), 4))
	// 6 pixels over 4 cells: pixel 1 lies in cells 0 and 1
	assert.Equal(t, []int{0, 1}, cells(masked(6, 6, [2]int{1, 0}), 4))
	assert.Len(t, cells(masked(1, 1, [2]int{0, 0}), 4), 16)
}

func TestIgnoredRegionAndRows(t *testing.T) {
	p := masked(10, 6, [2]int{5, 3})
	p.ROI = Rect{4, 2, 4, 4}
	assert.Equal(t, []int{5}, cells(p, 4))
	p.ROI.X = 6
	assert.Empty(t, cells(p, 4))

	// the same mask bottom up, with padding that is not read as mask
	up := masked(10, 6)
	up.Ignore = Mask{make([]byte, 5*13+10), -13}
	for i := range up.Ignore.Data {
		if i%13 >= 10 {
			up.Ignore.Data[i] = 1
		}
	}
	up.Ignore.Data[(5-3)*13+5] = 255
	up.ROI = Rect{4, 2, 4, 4}
	assert.NoError(t, up.Check())
	assert.Equal(t, []int{5}, cells(up, 4))
}

func TestWrongMasksAreRefused(t *testing.T) {
	p := masked(8, 5)
	assert.NoError(t, p.Check())
	p.Ignore.Stride = 7
	assert.ErrorContains(t, p.Check(), "the stride of the mask is 7 bytes; a row of 8 pixels takes 8")
	p.Ignore.Stride = -1 << 63
	assert.ErrorContains(t, p.Check(), "the stride of the mask is -9223372036854775808")
	p.Ignore = Mask{make([]byte, 39), 8}
	assert.ErrorContains(t, p.Check(), "the mask has 39 bytes; 8x5 pixels with stride 8 take 40")
}

// A mask drawn in a paint program, in grey or in colour.
func TestReadIgnore(t *testing.T) {
	dir := t.TempDir()
	drawn := New(4, 2)
	drawn.Pix[3*5+2] = 1 // blue, and dark
	path := filepath.Join(dir, "colour.png")
	require.NoError(t, drawn.WriteFile(path))
	want := &Labels{4, 2, []uint8{0, 0, 0, 0, 0, 1, 0, 0}}
	l, err := ReadIgnore(path)
	require.NoError(t, err)
	assert.Equal(t, want, l)

	// Index 0 is white, so that indices say the opposite of colours.
	indexed := std.NewPaletted(std.Rect(0, 0, 4, 2), color.Palette{color.White, color.Black})
	for i := range indexed.Pix {
		indexed.Pix[i] = 1 - want.Pix[i]
	}
	path = filepath.Join(dir, "indexed.png")
	require.NoError(t, writePNG(path, indexed))
	l, err = ReadIgnore(path)
	require.NoError(t, err)
	assert.Equal(t, want, l)

	require.NoError(t, New(4, 2).WriteFile(path))
	_, err = ReadIgnore(path)
	assert.ErrorContains(t, err, "indexed.png: 0 of 8 pixels are not black")
	require.NoError(t, os.WriteFile(path, []byte("text"), 0o666))
	_, err = ReadIgnore(path)
	assert.ErrorContains(t, err, "a mask must be a PNG file")
}
