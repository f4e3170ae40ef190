package image

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	std "image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

func save(t *testing.T, name string, b []byte) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

func encoded(t *testing.T, encode func(*bytes.Buffer) error) []byte {
	var b bytes.Buffer
	require.NoError(t, encode(&b))
	return b.Bytes()
}

func pngBytes(t *testing.T, im std.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, im) })
}

func opaque(im *RGB) *std.NRGBA {
	out := std.NewNRGBA(std.Rect(0, 0, im.Width, im.Height))
	for i := range im.Width * im.Height {
		copy(out.Pix[4*i:], im.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

func TestWrittenPicturesReadBack(t *testing.T) {
	im := madeUp("noise", 31, 17)
	path := filepath.Join(t.TempDir(), "a.png")
	require.NoError(t, os.WriteFile(path, []byte("what was there before"), 0o600))
	require.NoError(t, im.WriteFile(path))
	got, err := ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, im, got)
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "a temporary file stayed")

	l := &Labels{5, 3, []uint8{0, 1, 2, 3, 255, 0, 0, 9, 9, 9, 1, 1, 1, 1, 1}}
	require.NoError(t, l.WriteFile(path))
	mask, err := ReadMask(path)
	require.NoError(t, err)
	assert.Equal(t, l, mask)

	missing := filepath.Join(t.TempDir(), "no", "a.png")
	assert.ErrorIs(t, im.WriteFile(missing), fs.ErrNotExist)
	empty := filepath.Join(t.TempDir(), "a.png")
	assert.Error(t, New(0, 0).WriteFile(empty))
	assert.NoFileExists(t, empty)
}

func TestFormatsOfFiles(t *testing.T) {
	im := madeUp("noise", 20, 10)
	for name, b := range map[string][]byte{
		"png":  pngBytes(t, opaque(im)),
		"bmp":  encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, opaque(im)) }),
		"tiff": encoded(t, func(b *bytes.Buffer) error { return tiff.Encode(b, opaque(im), nil) }),
	} {
		got, err := ReadFile(save(t, "a."+name, b))
		require.NoError(t, err, name)
		assert.Equal(t, im, got, name)
	}
	b := jpegBytes(t, 8, 8, func(x, y int) color.Color { return color.RGBA{200, 30, 40, 255} })
	got, err := ReadFile(save(t, "a.jpg", b))
	require.NoError(t, err)
	for c, want := range []float64{200, 30, 40} {
		assert.InDelta(t, want, float64(got.Pix[c]), 4)
	}
}

func jpegBytes(t *testing.T, w, h int, at func(x, y int) color.Color) []byte {
	im := std.NewRGBA(std.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			im.Set(x, y, at(x, y))
		}
	}
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, im, &jpeg.Options{Quality: 95}) })
}

// Colours come out as stored: not darkened by alpha, the high byte of 16 bits,
// palettes looked up, grey three times.
func TestColoursComeOutAsStored(t *testing.T) {
	rect := std.Rect(0, 0, 1, 1)
	nrgba := std.NewNRGBA(rect)
	nrgba.Set(0, 0, color.NRGBA{200, 100, 50, 0})
	nrgba64 := std.NewNRGBA64(rect)
	nrgba64.Set(0, 0, color.NRGBA64{0x12ff, 0x3480, 0x5600, 0x0001})
	rgba64 := std.NewRGBA64(rect)
	rgba64.Set(0, 0, color.RGBA64{0x12ff, 0x3480, 0x5600, 0xffff})
	gray := std.NewGray(rect)
	gray.Pix[0] = 77
	gray16 := std.NewGray16(rect)
	gray16.Set(0, 0, color.Gray16{0x4dff})
	paletted := std.NewPaletted(rect, color.Palette{color.NRGBA{1, 2, 3, 255}, color.NRGBA{40, 50, 60, 9}})
	paletted.Pix[0] = 1
	for _, c := range []struct {
		im   std.Image
		want []byte
	}{
		{nrgba, []byte{200, 100, 50}}, {nrgba64, []byte{0x12, 0x34, 0x56}}, {rgba64, []byte{0x12, 0x34, 0x56}},
		{gray, []byte{77, 77, 77}}, {gray16, []byte{77, 77, 77}}, {paletted, []byte{40, 50, 60}},
	} {
		got, err := ReadFile(save(t, "a.png", pngBytes(t, c.im)))
		require.NoError(t, err)
		assert.Equal(t, c.want, got.Pix, "%T", c.im)
	}
}

// withOrientation puts an EXIF segment behind the start of a JPEG file.
func withOrientation(b []byte, order binary.AppendByteOrder, mark string, orientation uint16) []byte {
	exif := append([]byte("Exif\x00\x00"), mark...)
	exif = order.AppendUint32(order.AppendUint16(exif, 42), 8)
	exif = order.AppendUint16(exif, 1)
	exif = order.AppendUint32(order.AppendUint16(order.AppendUint16(exif, 0x0112), 3), 1)
	exif = order.AppendUint32(order.AppendUint16(order.AppendUint16(exif, orientation), 0), 0)
	out := binary.BigEndian.AppendUint16([]byte{0xFF, 0xD8, 0xFF, 0xE1}, uint16(len(exif)+2))
	return append(append(out, exif...), b[2:]...)
}

func TestJPEGsAreShownUpright(t *testing.T) {
	const w, h = 32, 16
	b := jpegBytes(t, w, h, func(x, y int) color.Color { // red at the stored top left, blue at the top right
		switch {
		case x < 8 && y < 8:
			return color.RGBA{255, 0, 0, 255}
		case x >= w-8 && y < 8:
			return color.RGBA{0, 0, 255, 255}
		}
		return color.RGBA{0, 255, 0, 255}
	})
	// where the stored first pixel and the end of the stored first row belong,
	// from the names of EXIF 2.3: top left 1, top right 2, bottom right 3, ...
	red := []string{"", "top left", "top right", "bottom right", "bottom left", "top left", "top right", "bottom right", "bottom left"}
	blue := []string{"", "top right", "top left", "bottom left", "bottom right", "bottom left", "bottom right", "top right", "top left"}
	for k := 1; k <= 8; k++ {
		file := withOrientation(b, binary.BigEndian, "MM", uint16(k))
		if k%2 == 0 {
			file = withOrientation(b, binary.LittleEndian, "II", uint16(k))
		}
		im, err := ReadFile(save(t, "a.jpg", file))
		require.NoError(t, err)
		if k < 5 {
			require.Equal(t, [2]int{w, h}, [2]int{im.Width, im.Height})
		} else {
			require.Equal(t, [2]int{h, w}, [2]int{im.Width, im.Height})
		}
		for c, place := range map[int]string{0: red[k], 2: blue[k]} {
			x, y := 3, 3
			if strings.HasSuffix(place, "right") {
				x = im.Width - 4
			}
			if strings.HasPrefix(place, "bottom") {
				y = im.Height - 4
			}
			assert.Greater(t, im.Pix[3*(y*im.Width+x)+c], uint8(200), "orientation %d: %s", k, place)
		}
	}
	for k := range uint16(20) { // segments cut anywhere are no orientation and no panic
		file := withOrientation(b, binary.BigEndian, "MM", k)
		for n := range 60 {
			got := orientation(file[:n])
			assert.True(t, got >= 1 && got <= 8)
		}
	}
}

// hugePNG states a size and has nothing to it.
func hugePNG(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	head = append(head, 8, 2, 0, 0, 0)
	b := append(append([]byte{}, pngSignature...), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(b, head...), crc32.ChecksumIEEE(head))
}

func TestUnusableFilesSayWhy(t *testing.T) {
	whole := pngBytes(t, opaque(madeUp("noise", 64, 64)))
	arithmetic := bytes.Replace(jpegBytes(t, 8, 8, func(x, y int) color.Color { return color.White }), []byte{0xFF, 0xC0}, []byte{0xFF, 0xC9}, 1)
	for _, c := range []struct {
		name, want string
		content    []byte
	}{
		{"empty.png", "the file is empty", nil},
		{"text.png", "not a PNG, JPEG, BMP, TIFF or WebP file", []byte("this is a text")},
		{"cut.png", "not enough pixel data", whole[:len(whole)/2]},
		{"head.png", "the png file is cut off", whole[:20]},
		{"huge.png", "the picture is 50001x1000 pixels; the limit is 50 million", hugePNG(50001, 1000)},
		{"enormous.png", "png", hugePNG(1<<31-1, 1<<31-1)},
		{"arithmetic.jpg", "unsupported JPEG feature", arithmetic},
	} {
		_, err := ReadFile(save(t, c.name, c.content))
		assert.ErrorContains(t, err, c.want)
		assert.ErrorContains(t, err, c.name)
	}
	_, err := ReadFile(filepath.Join(t.TempDir(), "missing.png"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	_, err = ReadFile(t.TempDir())
	assert.Error(t, err)
}

func TestMasksAreReadExactly(t *testing.T) {
	rect := std.Rect(0, 0, 4, 1)
	paletted := std.NewPaletted(rect, color.Palette{color.White, color.Black, color.White, color.White})
	copy(paletted.Pix, []uint8{0, 3, 1, 2})
	gray16 := std.NewGray16(rect)
	gray16.Set(1, 0, color.Gray16{255})
	gray16.Set(2, 0, color.Gray16{3})
	for _, c := range []struct {
		im   std.Image
		want []uint8
	}{{paletted, []uint8{0, 3, 1, 2}}, {gray16, []uint8{0, 255, 3, 0}}} {
		got, err := ReadMask(save(t, "m.png", pngBytes(t, c.im)))
		require.NoError(t, err)
		assert.Equal(t, c.want, got.Pix, "%T", c.im)
	}

	gray16.Set(3, 0, color.Gray16{256})
	_, err := ReadMask(save(t, "m.png", pngBytes(t, gray16)))
	assert.ErrorContains(t, err, "pixel (3,0) of the mask is 256; expected 0 to 255")
	_, err = ReadMask(save(t, "m.png", pngBytes(t, opaque(New(2, 2)))))
	assert.ErrorContains(t, err, "the mask has colour; expected grey values or palette indices")
	_, err = ReadMask(save(t, "m.png", jpegBytes(t, 8, 8, func(x, y int) color.Color { return color.White })))
	assert.ErrorContains(t, err, "a mask must be a PNG file")
	_, err = ReadMask(filepath.Join(t.TempDir(), "missing.png"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// Grey files of 1, 2 and 4 bits hold small numbers, not shades.
func TestMasksOfFewBits(t *testing.T) {
	for depth, row := range map[byte]struct{ packed, want []byte }{
		1: {[]byte{0b1011_0000}, []byte{1, 0, 1, 1}},
		2: {[]byte{0b11_00_10_01}, []byte{3, 0, 2, 1}},
		4: {[]byte{0xF0, 0x29}, []byte{15, 0, 2, 9}},
	} {
		got, err := ReadMask(save(t, "m.png", greyPNG(t, depth, 4, row.packed)))
		require.NoError(t, err)
		assert.Equal(t, row.want, got.Pix, "%d bits", depth)
	}
}

func greyPNG(t *testing.T, depth byte, width uint32, row []byte) []byte {
	b := append([]byte{}, pngSignature...)
	chunk := func(kind string, body []byte) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
		body = append([]byte(kind), body...)
		b = binary.BigEndian.AppendUint32(append(b, body...), crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), 1)
	chunk("IHDR", append(head, depth, 0, 0, 0, 0))
	chunk("IDAT", encoded(t, func(b *bytes.Buffer) error {
		z := zlib.NewWriter(b)
		_, err := z.Write(append([]byte{0}, row...))
		return errors.Join(err, z.Close())
	}))
	chunk("IEND", nil)
	return b
}
