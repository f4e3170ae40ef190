package data

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// picture writes a 32x24 PNG whose content depends on n.
func picture(t *testing.T, path string, n int) {
	im := image.NewRGBA(image.Rect(0, 0, 32, 24))
	for i := range im.Pix {
		im.Pix[i] = uint8(100 + (i*7+n*13)%50)
	}
	im.Set(0, 0, color.RGBA{R: uint8(n), G: uint8(n >> 8), A: 255})
	write(t, path, im)
}

// mask writes a grey PNG with a square of a value.
func mask(t *testing.T, path string, w, h int, value uint8) {
	im := image.NewGray(image.Rect(0, 0, w, h))
	for y := 4; y < 8; y++ {
		for x := 4; x < 8; x++ {
			im.SetGray(x, y, color.Gray{Y: value})
		}
	}
	write(t, path, im)
}

func write(t *testing.T, path string, im image.Image) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, png.Encode(f, im))
	require.NoError(t, f.Close())
}

func pictures(t *testing.T, dir string, first, n int) {
	for i := range n {
		picture(t, filepath.Join(dir, fmt.Sprintf("%03d.png", i)), first+i)
	}
}

const defectsJSON = `[{"defect_name": "missing", "pixel_value": 255, "saturation_threshold": 0.5, "relative_saturation": true},
 {"defect_name": "scratch", "pixel_value": 254, "saturation_threshold": 9, "relative_saturation": false}]`

// loco makes a complete MVTec LOCO folder.
func loco(t *testing.T) string {
	root := filepath.Join(t.TempDir(), "screws")
	pictures(t, filepath.Join(root, "train/good"), 0, 6)
	pictures(t, filepath.Join(root, "validation/good"), 20, 4)
	pictures(t, filepath.Join(root, "test/good"), 30, 3)
	pictures(t, filepath.Join(root, "test/logical_anomalies"), 40, 2)
	pictures(t, filepath.Join(root, "test/structural_anomalies"), 50, 1)
	for i, kind := range []string{"logical_anomalies/000", "logical_anomalies/001", "structural_anomalies/000"} {
		mask(t, filepath.Join(root, "ground_truth", kind, "000.png"), 32, 24, uint8(255-i/2))
	}
	mask(t, filepath.Join(root, "ground_truth/logical_anomalies/001/001.png"), 32, 24, 255)
	require.NoError(t, os.WriteFile(filepath.Join(root, "defects_config.json"), []byte(defectsJSON), 0o666))
	return root
}

func TestOpenLOCO(t *testing.T) {
	s, err := Open(loco(t))
	require.NoError(t, err)
	assert.Equal(t, "screws", s.Name)
	assert.Equal(t, LayoutLOCO, s.Layout)
	assert.Empty(t, s.Warnings)
	assert.Len(t, s.Train, 6)
	assert.Len(t, s.Validation, 4)
	require.Len(t, s.Test, 6)
	assert.Equal(t, Defect{"scratch", 254, 9, false}, s.Defects[254])
	byKind := map[Kind]int{}
	for _, it := range s.Test {
		byKind[it.Kind]++
	}
	assert.Equal(t, map[Kind]int{KindGood: 3, KindLogical: 2, KindStructural: 1}, byKind)
	assert.Equal(t, "test/logical_anomalies/001.png", s.Rel(s.Test[4].Path))
	assert.Len(t, s.Test[4].Masks, 2)
	names, err := s.DefectNames(s.Test[5])
	require.NoError(t, err)
	assert.Equal(t, []string{"scratch"}, names)
}

func TestOpenMVTecADSplitsOffValidation(t *testing.T) {
	root := t.TempDir()
	pictures(t, filepath.Join(root, "train/good"), 0, 30)
	pictures(t, filepath.Join(root, "test/good"), 40, 2)
	pictures(t, filepath.Join(root, "test/dent"), 50, 2)
	mask(t, filepath.Join(root, "ground_truth/dent/000_mask.png"), 32, 24, 255)
	s, err := Open(root)
	require.NoError(t, err)
	assert.Equal(t, LayoutMVTecAD, s.Layout)
	assert.Len(t, s.Train, 24)
	assert.Len(t, s.Validation, 6)
	assert.Len(t, s.Warnings, 1, "one defective image has no mask")
	for _, it := range s.Test {
		if it.Kind == KindDefect {
			assert.Equal(t, "dent", it.Defect)
		}
	}
	again, err := Open(root)
	require.NoError(t, err)
	assert.Equal(t, s, again, "the split is the same every time")
}

func TestOpenPlainHoldsOutGoodImages(t *testing.T) {
	root := t.TempDir()
	pictures(t, filepath.Join(root, "good"), 0, 25)
	pictures(t, filepath.Join(root, "broken"), 50, 3)
	s, err := Open(root)
	require.NoError(t, err)
	assert.Equal(t, LayoutPlain, s.Layout)
	assert.Len(t, s.Train, 15)
	assert.Len(t, s.Validation, 5)
	assert.Len(t, s.Test, 5+3)
	seen := map[string]bool{}
	for _, it := range s.All() {
		assert.False(t, seen[it.Path], "%s is in two splits", it.Path)
		seen[it.Path] = true
	}
}

func TestOpenBareFolder(t *testing.T) {
	root := t.TempDir()
	pictures(t, root, 0, 9)
	require.NoError(t, os.WriteFile(filepath.Join(root, ".DS_Store"), nil, 0o666))
	s, err := Open(root)
	require.NoError(t, err)
	assert.Len(t, s.Train, 5)
	assert.Len(t, s.Validation, 4)
	assert.Empty(t, s.Test)
}

func TestOpenErrorsSayWhatWasExpected(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	foreign := loco(t)
	pictures(t, filepath.Join(foreign, "train/bad"), 0, 1)
	orphan := loco(t)
	mask(t, filepath.Join(orphan, "ground_truth/logical_anomalies/017/000.png"), 32, 24, 255)
	loose := loco(t)
	picture(t, filepath.Join(loose, "test/000.png"), 1)
	for _, c := range []struct{ root, want string }{
		{filepath.Join(t.TempDir(), "none"), "no such folder"},
		{file, "is a file, expected a folder of images"},
		{t.TempDir(), "found 0 images in the folder itself; expected at least 8 good images"},
		{foreign, "train/bad: unexpected folder; expected only train/good"},
		{orphan, "mask without an image: ground_truth/logical_anomalies/017/000.png"},
		{loose, "found 1 image directly in test/"},
	} {
		_, err := Open(c.root)
		assert.ErrorContains(t, err, c.want)
	}
}

func TestDefectsConfigIsStrict(t *testing.T) {
	good := `{"defect_name": "a", "pixel_value": 1, "saturation_threshold": 0.5, "relative_saturation": true}`
	for text, want := range map[string]string{
		`{}`: "expected a list",
		`[{"defect_name": "a", "pixel_value": 1}]`: "entry 0: expected all of",
		`[` + good + `,` + good + `]`:              "already taken",
		`[` + good + `] x`:                         "after the list",
		`[{"defect_name": "a", "pixel_value": 0, "saturation_threshold": 1, "relative_saturation": true}]`:    "expected 1 to 255",
		`[{"defect_name": "a", "pixel_value": 1, "saturation_threshold": 1.5, "relative_saturation": true}]`:  "at most 1",
		`[{"defect_name": "a", "pixel_value": 1, "saturation_threshold": 1.5, "relative_saturation": false}]`: "whole number of pixels",
		`[{"defect_name": "a", "pixel_value": 1, "saturation_threshold": 1, "relative": false}]`:              "unknown field",
	} {
		_, err := parseDefects([]byte(text))
		assert.ErrorContains(t, err, want, text)
	}
	d, err := parseDefects([]byte(`[` + good + `]`))
	require.NoError(t, err)
	assert.Equal(t, Defect{"a", 1, 0.5, true}, d[1])
}

func TestDigestNamesTheContent(t *testing.T) {
	root := loco(t)
	digest := func() string {
		s, err := Open(root)
		require.NoError(t, err)
		d, err := s.Digest()
		require.NoError(t, err)
		return d
	}
	first := digest()
	assert.Equal(t, first, digest())
	picture(t, filepath.Join(root, "train/good/000.png"), 999)
	changed := digest()
	assert.NotEqual(t, first, changed)
	require.NoError(t, os.Rename(filepath.Join(root, "train/good/001.png"), filepath.Join(root, "train/good/009.png")))
	assert.NotEqual(t, changed, digest())
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	root := loco(t)
	s, err := Open(root)
	require.NoError(t, err)
	calls := 0
	clean := Check(s, func(done, total int) { calls++; assert.Equal(t, 16, total) })
	assert.True(t, clean.OK(), clean)
	assert.Empty(t, clean.Warnings)
	assert.Equal(t, 16, calls)

	require.NoError(t, os.WriteFile(filepath.Join(root, "train/good/000.png"), []byte("hello"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(root, "test/good/000.png"), nil, 0o666))
	picture(t, filepath.Join(root, "test/logical_anomalies/000.png"), 2) // also train/good/002.png
	mask(t, filepath.Join(root, "ground_truth/structural_anomalies/000/000.png"), 16, 16, 9)
	s, err = Open(root)
	require.NoError(t, err)
	r := Check(s, nil)
	var errors, warnings []string
	for _, p := range r.Errors {
		errors = append(errors, p.Path)
	}
	for _, p := range r.Warnings {
		warnings = append(warnings, p.Path)
	}
	assert.Equal(t, []string{"test/logical_anomalies/000.png", "train/good/000.png"}, errors)
	assert.Equal(t, []string{
		"ground_truth/structural_anomalies/000/000.png", "ground_truth/structural_anomalies/000/000.png", "test/good/000.png",
	}, warnings)
	assert.Contains(t, r.String(), "2 errors, 3 warnings: not usable for training")
}

func TestImagesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := Images(dir)
	assert.ErrorContains(t, err, dir+": found 0 images in this folder")
	_, err = Images(filepath.Join(dir, "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	picture(t, filepath.Join(dir, "b.png"), 1)
	picture(t, filepath.Join(dir, "a.PNG"), 2)
	picture(t, filepath.Join(dir, "inside", "c.png"), 3)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o666))
	images, err := Images(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{filepath.Join(dir, "a.PNG"), filepath.Join(dir, "b.png")}, images)
}
