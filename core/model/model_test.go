package model_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/modelfmt"
)

func TestFileHoldsEverything(t *testing.T) {
	m := modeltest.Tiny(3)
	path := filepath.Join(t.TempDir(), "m.aecsad")
	require.NoError(t, m.Save(path))
	back, err := model.Load(path, "")
	require.NoError(t, err)
	assert.Equal(t, m, back)
	b, err := m.Bytes()
	require.NoError(t, err)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, file, b, "a file is the same from memory and from disk")
	again, err := model.LoadBytes(b, "")
	require.NoError(t, err)
	assert.Equal(t, m, again)
}

// A model from before there was a third map reads as one that does not weigh it,
// and one that does not weigh it is written as before.
func TestThirdMapIsOptionalInTheFile(t *testing.T) {
	m := modeltest.Tiny(3)
	b, err := m.Bytes()
	require.NoError(t, err)
	f, err := modelfmt.Decode(b)
	require.NoError(t, err)
	assert.NotContains(t, string(f.Meta), "third_map")
	m.Config.ThirdMap, m.Calibration.Third = 0.5, model.MapNorm{Scale: model.Scale{Start: 1, End: 2}}
	b, err = m.Bytes()
	require.NoError(t, err)
	back, err := model.LoadBytes(b, "")
	require.NoError(t, err)
	assert.Equal(t, m, back)
}

func TestWeightsAwaitCalibration(t *testing.T) {
	m := modeltest.Tiny(3)
	m.Calibration = model.Calibration{}
	path := filepath.Join(t.TempDir(), "w.aecsad")
	require.NoError(t, m.SaveWeights(path))
	back, err := model.LoadWeights(path)
	require.NoError(t, err)
	assert.Equal(t, m.Weights, back.Weights)
	_, err = model.Load(path, "")
	assert.ErrorContains(t, err, `kind "weights", expected "model"`)
	assert.ErrorContains(t, m.Save(path), "not calibrated")
}

func TestCheckRefusesWhatCannotBe(t *testing.T) {
	for want, spoil := range map[string]func(m *model.Model){
		"component names":        func(m *model.Model) { m.Components = m.Components[:1] },
		"side is 65":             func(m *model.Model) { m.Config.Side = 65 },
		"NaN at element 1":       func(m *model.Model) { m.Weights["local.conv1.bias"].Data[1] = nan() },
		"histogram has a mean":   func(m *model.Model) { m.Calibration.Histograms[1].Gaussian.Mean = nil },
		"standard deviations":    func(m *model.Model) { m.Calibration.Logical.Std = 0 },
		"not calibrated":         func(m *model.Model) { m.Calibration.Scores = nil },
		"calibration holds NaN":  func(m *model.Model) { m.Calibration.Threshold = float64(nan()) },
		"third_map is -1":        func(m *model.Model) { m.Config.ThirdMap = -1 },
		"calibration holds +Inf": func(m *model.Model) { m.Calibration.Third.End = math.Inf(1) },
		"local_map has a mean of 1": func(m *model.Model) {
			m.Calibration.Local.Mean, m.Calibration.Local.Deviation = []float32{1}, []float32{1}
		},
		"deviation 0 at place 2": func(m *model.Model) {
			m.Calibration.Global.Mean, m.Calibration.Global.Deviation = modeltest.Places(m.Config.MapSide())
			m.Calibration.Global.Deviation[2] = 0
		},
		"expected spatial or vector": func(m *model.Model) { m.Config.Global.Bottleneck = "wide" },
	} {
		m := modeltest.Tiny(3)
		spoil(m)
		assert.ErrorContains(t, m.Check(), want)
	}
	require.NoError(t, modeltest.Tiny(3).Check())
}

func nan() float32 {
	zero := float32(0)
	return zero / zero
}

// Every place is measured against its own mean and deviation, then the map as a
// whole is scaled.
func TestMapNorm(t *testing.T) {
	n := model.MapNorm{Scale: model.Scale{Start: 2, End: 4}, Mean: []float32{1, 5}, Deviation: []float32{0.5, 2}}
	assert.InDelta(t, 0.1, n.Apply(0, 3), 1e-7, "(3-1)/0.5 = 4 is the upper quantile")
	assert.InDelta(t, 0.0, n.Apply(1, 9), 1e-7, "(9-5)/2 = 2 is the lower one")
	n.Mean, n.Deviation = nil, nil
	assert.InDelta(t, 0.05, n.Apply(1, 3), 1e-7)
}

// A model that tells places apart keeps that in its file, to the last bit.
func TestPlacesAreInTheFile(t *testing.T) {
	m := modeltest.Tiny(3)
	m.Calibration.Global.Mean, m.Calibration.Global.Deviation = modeltest.Places(m.Config.MapSide())
	b, err := m.Bytes()
	require.NoError(t, err)
	back, err := model.LoadBytes(b, "")
	require.NoError(t, err)
	assert.Equal(t, m, back)
}

func TestScale(t *testing.T) {
	s := model.Scale{Start: 2, End: 4}
	assert.InDelta(t, 0.0, s.Apply(2), 1e-7)
	assert.InDelta(t, 0.1, s.Apply(4), 1e-7)
	assert.Equal(t, float32(7), model.Scale{Start: 1, End: 1}.Apply(7), "equal quantiles leave the map as it is (spec E)")
}
