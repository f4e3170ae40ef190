package eval

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/data"
	"aecsad/core/image"
)

func mask(t *testing.T, dir, name string, width int, pixels ...uint8) string {
	path := filepath.Join(dir, name)
	require.NoError(t, (&image.Labels{Width: width, Height: len(pixels) / width, Pix: pixels}).WriteFile(path))
	return path
}

func TestTruth(t *testing.T) {
	dir := t.TempDir()
	a := mask(t, dir, "000.png", 3, 255, 0, 255, 0, 0, 0)
	b := mask(t, dir, "001.png", 3, 0, 0, 254, 0, 0, 254)
	defects := map[int]data.Defect{
		255: {Name: "missing", PixelValue: 255, SaturationThreshold: 1},
		254: {Name: "bent", PixelValue: 254, SaturationThreshold: 1, Relative: true},
	}
	item := data.Item{Kind: data.KindLogical, Masks: []string{a, b}}
	regions, err := Truth(item, defects, 3, 2)
	require.NoError(t, err)
	assert.Equal(t, []Region{{"missing", []int{0, 2}, 1}, {"bent", []int{2, 5}, 2}}, regions)

	item.Defect = "broken"
	regions, err = Truth(item, nil, 3, 2)
	require.NoError(t, err)
	assert.Equal(t, []Region{{"broken", []int{0}, 1}, {"broken", []int{2, 5}, 2}}, regions)

	for want, path := range map[string]string{
		"is 2x1, its image 3x2":              mask(t, dir, "size.png", 2, 255, 0),
		"holds the values 254 and 255":       mask(t, dir, "two.png", 3, 0, 254, 255, 0, 0, 0),
		"holds the value 7, expected one of": mask(t, dir, "other.png", 3, 0, 7, 0, 0, 0, 0),
		"marks no defect":                    mask(t, dir, "none.png", 3, 0, 0, 0, 0, 0, 0),
		"no such file":                       filepath.Join(dir, "absent.png"),
	} {
		_, err := Truth(data.Item{Masks: []string{path}}, defects, 3, 2)
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, path)
	}
	blank := mask(t, dir, "blank.png", 3, 0, 0, 0, 0, 0, 0)
	_, err = Truth(data.Item{Masks: []string{blank}}, nil, 3, 2)
	assert.ErrorContains(t, err, blank+": marks no defect")
	_, err = Truth(data.Item{}, defects, 3, 2)
	assert.ErrorContains(t, err, "has no ground truth")
}
