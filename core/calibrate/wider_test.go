package calibrate

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/model"
	"aecsad/kernels"
)

// The stages that harm most go, step by step, until the rest is within the budget.
func TestTheMostHarmfulStagesAreSpared(t *testing.T) {
	of := func(flips ...float64) trial {
		x := trial{}
		for _, f := range flips {
			x.harms = append(x.harms, harm{flips: f * mayFlip})
		}
		return x
	}
	trials := []trial{of(3, 2, 0), of(1.5, 0.2, 0), of(0.7, 0.1, 0), of(0, 0, 0)}
	spare(trials)
	var got []int
	for _, x := range trials {
		got = append(got, x.level)
	}
	assert.Equal(t, []int{2, 1, 0, 0}, got)

	moves := []trial{{harms: []harm{{0, 0.6 * mayMove}, {}}}, {harms: []harm{{0, 0.7 * mayMove}, {}}}}
	spare(moves)
	assert.Zero(t, moves[0].level+moves[1].level, "independent errors add up as squares")
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
	h := harmOf(want, got, false)
	assert.InDelta(t, 1./8, h.flips, 1e-12)
	assert.InDelta(t, 0.1, h.moves, 1e-6, "0.2 in one of two images, whose peaks deviate by the root of 2")
}

// Pixels that join two parts to one are few flips and a large change.
func TestHarmToShapesIsMeasured(t *testing.T) {
	picture := func(length int, joined bool) *detect.Raw {
		const side = 16
		r := &detect.Raw{Classes: make([]uint8, side*side), Local: []float32{1}, Global: []float32{1}}
		for y := range 3 {
			for x := range length {
				r.Classes[y*side+x], r.Classes[(y+4)*side+x] = 1, 1
			}
		}
		if joined {
			r.Classes[3*side] = 1
		}
		return r
	}
	var want, got []*detect.Raw
	for i := range 8 {
		want, got = append(want, picture(4+i, false)), append(got, picture(4+i, i == 5))
	}
	h := harmOf(want, got, true)
	assert.InDelta(t, 1./(8*256), h.flips, 1e-9)
	assert.Greater(t, h.moves, 1.0)
	assert.Zero(t, harmOf(want, want, true).moves)
	assert.Zero(t, harmOf(want, got, false).moves)
}

// Signed inputs are never in int8, and the file keeps what was found.
func TestCalibrationRecordsWhatStaysWider(t *testing.T) {
	o := options(t)
	o.Precision = kernels.Int8
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	for path, r := range m.Calibration.Ranges {
		if r.Low < 0 {
			assert.NotEmpty(t, m.Calibration.Wider[path], path)
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

// A model that was calibrated in bf16 repeats its scores in bf16, and says so otherwise.
func TestCalibrationForBFloat16(t *testing.T) {
	o := options(t)
	o.Precision = kernels.BFloat16
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	assert.Empty(t, m.Calibration.Ranges)
	var scores []float64
	for _, precision := range []string{kernels.BFloat16, kernels.Float32} {
		d, err := detect.New(m, detect.Options{Device: "cpu", Precision: precision, Threads: 2})
		require.NoError(t, err)
		defer d.Close()
		assert.Equal(t, kernels.BFloat16, d.Info().Calibrated)
		assert.Equal(t, precision == kernels.Float32, d.Info().Mismatch() != "")
		for i := range 9 {
			im, err := pictures(100, 9).Image(i)
			require.NoError(t, err)
			v, err := d.Inspect(im.Pixels())
			require.NoError(t, err)
			if precision == kernels.BFloat16 {
				scores = append(scores, v.Score)
			}
		}
	}
	assert.ElementsMatch(t, m.Calibration.Scores, scores)
}
