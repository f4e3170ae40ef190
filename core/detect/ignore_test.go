package detect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model/modeltest"
)

// A mask over the peak of the fused map silences it there and nothing else.
func TestIgnoredPeakDoesNotCount(t *testing.T) {
	d := open(t, modeltest.Tiny(1), detect.Options{})
	p := pixels(3, 64, 64) // 4 x 4 pixels per cell of the map
	whole, err := d.Inspect(p)
	require.NoError(t, err)
	peak := 0
	for i, v := range whole.Fused {
		if v > whole.Fused[peak] {
			peak = i
		}
	}
	p.Ignore = image.Mask{Data: make([]byte, 64*64), Stride: 64}
	none, err := d.Inspect(p)
	require.NoError(t, err)
	assert.Equal(t, whole, none, "a mask that marks nothing changes nothing")

	p.Ignore.Data[(peak/16*4+1)*64+peak%16*4+2] = 1
	masked, err := d.Inspect(p)
	require.NoError(t, err)
	for i := range whole.Fused {
		if i == peak {
			assert.Zero(t, masked.Fused[i])
			assert.Zero(t, masked.Local[i])
			assert.Zero(t, masked.Global[i])
			continue
		}
		assert.Equal(t, whole.Fused[i], masked.Fused[i])
	}
	assert.Less(t, masked.Structural, whole.Structural)
	assert.Equal(t, whole.Logical, masked.Logical)
	assert.Equal(t, whole.Classes, masked.Classes)

	for i := range p.Ignore.Data {
		p.Ignore.Data[i] = 1
	}
	all, err := d.Inspect(p)
	require.NoError(t, err)
	assert.Zero(t, detect.Peak(all.Fused))
	for _, f := range all.Findings {
		assert.Equal(t, detect.Logical, f.Kind)
	}
	p.Ignore.Stride = 1
	_, err = d.Inspect(p)
	assert.ErrorContains(t, err, "stride of the mask")
}

// A region of interest is judged as if it were the picture, its findings too.
func TestRegionIsThePicture(t *testing.T) {
	d := open(t, modeltest.Tiny(1), detect.Options{})
	require.NoError(t, d.SetThreshold(-1e9))
	p := pixels(3, 90, 70)
	p.ROI = image.Rect{X: 10, Y: 20, Width: 40, Height: 30}
	part, err := d.Inspect(p)
	require.NoError(t, err)
	own := image.Pixels{Data: p.Data[3*(20*90+10):], Width: 40, Height: 30, Stride: 270, Format: image.RGB8}
	want, err := d.Inspect(own)
	require.NoError(t, err)
	assert.NotEmpty(t, want.Findings)
	assert.Equal(t, want, part)
}
