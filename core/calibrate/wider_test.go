package calibrate

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/kernels"
)

// The budget goes to the least harmful stages.
func TestTheMostHarmfulStagesKeepBFloat16(t *testing.T) {
	c := &model.Calibration{Ranges: graph.Ranges{"a.x": {}, "a.y.z": {}, "a.y.w": {}, "b.x": {}, "c.x": {}}, Wider: graph.Wider{}}
	spare(c, []harm{
		{"a.y", mayFlip, 0}, {"a.x", mayFlip / 2, 0}, {"b.x", 0, 2 * mayMove}, {"c.x", 0, mayMove / 2},
	})
	assert.Equal(t, graph.Wider{"a.y.z": kernels.BFloat16, "a.y.w": kernels.BFloat16, "b.x": kernels.BFloat16}, c.Wider)
	c.Wider = graph.Wider{}
	spare(c, []harm{{"a.y", 1, 0}, {"b.x", 2, 1}})
	assert.Equal(t, graph.Wider{"b.x": kernels.BFloat16}, c.Wider, "something is in int8")
}

func TestHarmIsMeasured(t *testing.T) {
	want := []*detect.Raw{
		{Classes: []uint8{0, 1, 2, 3}, Local: []float32{1, 0}, Global: []float32{0, 5}},
		{Classes: []uint8{0, 1, 2, 3}, Local: []float32{3, 0}, Global: []float32{0, 5}},
	}
	got := []*detect.Raw{
		{Classes: []uint8{0, 1, 2, 0}, Local: []float32{1, 0.5}, Global: []float32{1, 5}},
		{Classes: []uint8{0, 1, 2, 3}, Local: []float32{3.2, 0}, Global: []float32{0, 5}},
	}
	h := harmOf("s", want, got)
	assert.InDelta(t, 1./8, h.flips, 1e-12)
	assert.InDelta(t, 0.1, h.moves, 1e-6, "0.2 in one of two images, whose peaks deviate by the root of 2")
}

// What the model records is what it computes: signed inputs are in bf16 at least, and the
// probes stay within the budget of the stages that are in int8.
func TestCalibrationRecordsWhatStaysWider(t *testing.T) {
	o := options(t)
	o.Int8 = true
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	for path, r := range m.Calibration.Ranges {
		if r.Low < 0 {
			assert.Equal(t, kernels.BFloat16, m.Calibration.Wider[path], path)
		}
	}
	assert.Less(t, len(m.Calibration.Wider), len(m.Calibration.Ranges), "something is in int8")
	b, err := m.Bytes()
	require.NoError(t, err)
	again, err := model.LoadBytes(b, "")
	require.NoError(t, err)
	assert.Equal(t, m.Calibration.Wider, again.Calibration.Wider)
	assert.Equal(t, kernels.Int8, again.Calibration.Precision)
	m.Calibration.Wider["encoder.conv1"] = "int4"
	_, err = m.Bytes()
	assert.ErrorContains(t, err, `encoder.conv1 keeps the precision "int4"; expected f32 or bf16`)
}
