package image

import (
	"errors"
	std "image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile writes a PNG file.
func (im *RGB) WriteFile(path string) error {
	out := std.NewNRGBA(std.Rect(0, 0, im.Width, im.Height))
	for i := range im.Width * im.Height {
		copy(out.Pix[4*i:], im.Pix[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return writePNG(path, out)
}

// WriteFile writes a PNG file of grey values, which ReadMask reads back.
func (l *Labels) WriteFile(path string) error {
	return writePNG(path, &std.Gray{Pix: l.Pix, Stride: l.Width, Rect: std.Rect(0, 0, l.Width, l.Height)})
}

// writePNG writes to a temporary name first: path is a whole picture or what it
// was before.
func writePNG(path string, im std.Image) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	var named *fs.PathError
	if errors.As(err, &named) {
		return &fs.PathError{Op: "create", Path: path, Err: named.Err}
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()           //nolint:errcheck // the first error counts
			os.Remove(f.Name()) //nolint:errcheck
		}
	}()
	if err = png.Encode(f, im); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
