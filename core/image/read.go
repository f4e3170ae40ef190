package image

import (
	"bytes"
	"errors"
	"fmt"
	std "image"
	_ "image/jpeg" // formats for std.Decode
	_ "image/png"
	"io"
	"os"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"
)

// Limits of files, against small files that unpack to gigabytes.
const (
	maxFile   = 512 << 20
	maxPixels = 50_000_000
)

// ReadFile reads a PNG, JPEG, BMP, TIFF or WebP file. Alpha is dropped, colours
// are not multiplied by it; of 16-bit colours the high bytes are taken; grey
// becomes equal red, green and blue. A JPEG file's EXIF orientation is applied,
// as in image viewers and OpenCV, but not in Pillow without exif_transpose.
func ReadFile(path string) (*RGB, error) {
	b, err := readAll(path)
	if err != nil {
		return nil, err
	}
	im, format, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	out := convert(im)
	if format == "jpeg" {
		out = out.turn(orientation(b))
	}
	return out, nil
}

func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("%s: the file is empty", path)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: longer than the limit of %d bytes", path, maxFile)
	}
	return b, nil
}

// decode checks the size that the file states before anything is unpacked. A
// decoder that panics on a malformed file has failed, no more.
func decode(b []byte) (im std.Image, format string, err error) {
	defer func() {
		if p := recover(); p != nil {
			im, err = nil, fmt.Errorf("malformed %s file: %v", format, p)
		}
	}()
	c, format, err := std.DecodeConfig(bytes.NewReader(b))
	if errors.Is(err, std.ErrFormat) {
		return nil, "", errors.New("not a PNG, JPEG, BMP, TIFF or WebP file")
	}
	if err != nil {
		return nil, format, readable(format, err)
	}
	if c.Width < 1 || c.Height < 1 {
		return nil, format, fmt.Errorf("the picture is %dx%d pixels; expected at least one", c.Width, c.Height)
	}
	if int64(c.Width)*int64(c.Height) > maxPixels {
		return nil, format, fmt.Errorf("the picture is %dx%d pixels; the limit is %d million", c.Width, c.Height, maxPixels/1_000_000)
	}
	im, _, err = std.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, format, readable(format, err)
	}
	if s := im.Bounds().Size(); s.X != c.Width || s.Y != c.Height {
		return nil, format, fmt.Errorf("malformed %s file: %dx%d pixels announced, %dx%d found", format, c.Width, c.Height, s.X, s.Y)
	}
	return im, format, nil
}

// readable says in plain words what decoders mean by end of file.
func readable(format string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the %s file is cut off", format)
	}
	return fmt.Errorf("cannot be read as %s: %w", format, err)
}
