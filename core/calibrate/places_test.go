package calibrate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
)

// flat is a raw map of ones but for some places.
func flat(n int, changed map[int]float32) *detect.Raw {
	r := &detect.Raw{Local: make([]float32, n), Global: make([]float32, n)}
	for i := range n {
		r.Local[i], r.Global[i] = 1, 1
		if v, ok := changed[i]; ok {
			r.Local[i] = v
		}
	}
	return r
}

// A place that is always hot hides a fault elsewhere from the peak, unless
// places are told apart.
func TestPlacesUncoverFaultsBesideHotSpots(t *testing.T) {
	const hot, fault = 3, 40
	m := modeltest.Tiny(1)
	n := m.Config.MapSide() * m.Config.MapSide()
	good := func(first int) (raws []*detect.Raw) {
		for i := range 10 {
			raws = append(raws, flat(n, map[int]float32{hot: 9 + float32((first+i)%3)/10, fault: 1 + float32((first+i)%4)/20}))
		}
		return raws
	}
	peak := func(m *model.Model, r *detect.Raw) float64 {
		_, _, fused := detect.Fuse(m, r)
		return detect.Peak(fused)
	}
	usual, faulty := flat(n, map[int]float32{hot: 9.1}), flat(n, map[int]float32{hot: 9.1, fault: 3})
	require.NoError(t, Maps(m, good(10)))
	assert.Equal(t, peak(m, usual), peak(m, faulty), "the hot spot is the peak of both")

	Places(m, good(0))
	require.NoError(t, Maps(m, good(10)))
	assert.Greater(t, peak(m, faulty), 2*peak(m, usual))
	assert.Equal(t, float32(1), m.Calibration.Local.Mean[0])
	assert.InDelta(t, 9.09, m.Calibration.Local.Mean[hot], 1e-5)
	assert.Greater(t, m.Calibration.Local.Deviation[0], float32(0), "a place that never varies has some deviation all the same")
	assert.Equal(t, float32(1), m.Calibration.Global.Mean[hot])
	require.NoError(t, m.Check(), "a map that does not vary at all is one, too")
}
