package pipeline

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/data"
	"aecsad/core/detect"
	"aecsad/core/image"
)

// nothing is a log that keeps nothing.
type nothing struct{ io.Writer }

func (nothing) Close() error { return nil }

// TestLocalisation: a map of 2x2 for images of 4x4 whose defect is the left half.
func TestLocalisation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "000.png")
	mask := image.Labels{Width: 4, Height: 4, Pix: []uint8{9, 9, 0, 0, 9, 9, 0, 0, 9, 9, 0, 0, 9, 9, 0, 0}}
	require.NoError(t, mask.WriteFile(path))
	item := func(kind data.Kind, masks []string, left, right float32) scored {
		v := &detect.Verdict{MapSide: 2, Fused: []float32{left, right, left, right}}
		return scored{data.Item{Path: string(kind), Kind: kind, Masks: masks}, v, 4, 4}
	}
	log := &strings.Builder{}
	r := &Run{Set: &data.Set{}, log: nothing{log}}
	good, unmasked := item(data.KindGood, nil, 0, 0), item(data.KindStructural, nil, 0, 0)

	area, err := r.localisation([]scored{good, unmasked})
	require.NoError(t, err)
	assert.Nil(t, area, "no masks")

	area, err = r.localisation([]scored{good, unmasked, item(data.KindLogical, []string{path}, 1, 0)})
	require.NoError(t, err)
	assert.InDelta(t, 1, *area, 1e-12, "the map is above 0.5 in the defect only")
	assert.Contains(t, log.String(), "AU-sPRO of logical images up to 0.05 is 1.0000")

	area, err = r.localisation([]scored{good, item(data.KindLogical, []string{path}, 0, 1)})
	require.NoError(t, err)
	assert.InDelta(t, 0, *area, 1e-12, "a map that points elsewhere")

	// One pixel is enough for this defect; the map is 1 in the left column only.
	r.Set.Defects = map[int]data.Defect{9: {SaturationThreshold: 1}}
	area, err = r.localisation([]scored{good, item(data.KindLogical, []string{path}, 1, 0)})
	require.NoError(t, err)
	assert.InDelta(t, 1, *area, 1e-12)

	r.Set.Defects = map[int]data.Defect{8: {SaturationThreshold: 1}}
	_, err = r.localisation([]scored{item(data.KindLogical, []string{path}, 1, 0)})
	assert.ErrorContains(t, err, "holds the value 9, expected one of")
	assert.ErrorContains(t, err, path)
}
