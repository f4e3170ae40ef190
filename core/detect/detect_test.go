package detect_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/core/stats"
)

func pixels(seed uint32, w, h int) image.Pixels {
	return image.Pixels{Data: modeltest.Pixels(seed, w, h), Width: w, Height: h, Stride: 3 * w, Format: image.RGB8}
}

func open(t *testing.T, m *model.Model, o detect.Options) *detect.Detector {
	d, err := detect.New(m, o)
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// A verdict is the same to the last bit on any number of threads, from a file
// and from memory, alone and beside others.
func TestSameVerdictEverywhere(t *testing.T) {
	m := modeltest.Tiny(1)
	path := t.TempDir() + "/m.aecsad"
	require.NoError(t, m.Save(path))
	first, err := detect.Open(path, detect.Options{Threads: 1})
	require.NoError(t, err)
	defer first.Close()
	want, err := first.Inspect(pixels(7, 100, 80))
	require.NoError(t, err)
	b, err := m.Bytes()
	require.NoError(t, err)
	second, err := detect.OpenBytes(b, detect.Options{Threads: 2, Sessions: 3})
	require.NoError(t, err)
	defer second.Close()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 3 {
				v, err := second.Inspect(pixels(7+uint32(i), 100, 80))
				assert.NoError(t, err)
				if i == 0 {
					assert.Equal(t, want, v)
				}
			}
		})
	}
	wg.Wait()
	other, err := first.Inspect(pixels(8, 100, 80))
	require.NoError(t, err)
	assert.NotEqual(t, want.Score, other.Score, "the score depends on the pixels")
}

// The reference machine and the C machine agree (spec A, DESIGN section 9).
func TestMachinesAgree(t *testing.T) {
	m := modeltest.Tiny(2)
	a := open(t, m, detect.Options{Device: "ref"})
	b := open(t, m, detect.Options{Device: "cpu"})
	for seed := range uint32(3) {
		va, err := a.Inspect(pixels(seed, 64, 64))
		require.NoError(t, err)
		vb, err := b.Inspect(pixels(seed, 64, 64))
		require.NoError(t, err)
		assert.InEpsilon(t, va.Score, vb.Score, 1e-5)
		assert.InDeltaSlice(t, va.Fused, vb.Fused, 1e-5*float64(slices.Max(va.Fused)))
	}
}

func TestThresholdDecides(t *testing.T) {
	d := open(t, modeltest.Tiny(1), detect.Options{})
	v, err := d.Inspect(pixels(1, 64, 64))
	require.NoError(t, err)
	require.NoError(t, d.SetThreshold(v.Score-1))
	bad, err := d.Inspect(pixels(1, 64, 64))
	require.NoError(t, err)
	assert.Equal(t, detect.Anomalous, bad.Decision)
	assert.NotEqual(t, detect.None, bad.Kind)
	require.NoError(t, d.SetThreshold(v.Score))
	good, err := d.Inspect(pixels(1, 64, 64))
	require.NoError(t, err)
	assert.Equal(t, detect.Good, good.Decision, "a score equal to the threshold is good")
	assert.Empty(t, good.Findings)
	assert.Equal(t, v.Score, good.Score, "the threshold does not touch the score")
	assert.Zero(t, d.Info().FalseAlarmRate)
}

func TestFalseAlarmRate(t *testing.T) {
	d := open(t, modeltest.Tiny(1), detect.Options{}) // 40 validation scores: 0.0, 0.1 .. 3.9
	require.NoError(t, d.SetFalseAlarmRate(0.1, false))
	i := d.Info()
	assert.Equal(t, 0.1, i.FalseAlarmRate)
	above := 0
	for k := range 40 {
		if float64(k)/10 > i.Threshold {
			above++
		}
	}
	assert.LessOrEqual(t, float64(above+1)/41, 0.1)
	var few *stats.TooFewError
	assert.ErrorAs(t, d.SetFalseAlarmRate(0.001, false), &few)
	assert.Equal(t, i.Threshold, d.Info().Threshold, "a refused rate changes nothing")
	require.NoError(t, d.SetFalseAlarmRate(0.001, true))
	assert.True(t, d.Info().Extrapolated)
	assert.Greater(t, d.Info().Threshold, 3.9)
	for _, rate := range []float64{0, 1, -1, 2} {
		assert.ErrorContains(t, d.SetFalseAlarmRate(rate, true), "expected a share between 0 and 1")
	}
}

func TestClosedDetectorSaysSo(t *testing.T) {
	d, err := detect.New(modeltest.Tiny(1), detect.Options{})
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	_, err = d.Inspect(pixels(1, 64, 64))
	assert.ErrorIs(t, err, detect.ErrClosed)
	assert.ErrorIs(t, d.SetThreshold(1), detect.ErrClosed)
}

func TestBadInputIsRefused(t *testing.T) {
	for _, o := range []detect.Options{{Threads: -1}, {Threads: 5000}, {Sessions: -1}, {Sessions: 1000}, {Device: "tpu"}} {
		_, err := detect.New(modeltest.Tiny(1), o)
		assert.Error(t, err, "%+v", o)
	}
	d := open(t, modeltest.Tiny(1), detect.Options{})
	for _, spoil := range []func(p *image.Pixels){
		func(p *image.Pixels) { p.Data = nil },
		func(p *image.Pixels) { p.Data = p.Data[:len(p.Data)-1] },
		func(p *image.Pixels) { p.Stride = 100 },
		func(p *image.Pixels) { p.Width = 0 },
		func(p *image.Pixels) { p.Format = image.GRAY8 },
	} {
		p := pixels(1, 64, 64)
		spoil(&p)
		_, err := d.Inspect(p)
		assert.Error(t, err)
	}
	lacking := modeltest.Tiny(1)
	delete(lacking.Weights, "local.conv2.weight")
	_, err := detect.New(lacking, detect.Options{})
	assert.ErrorContains(t, err, "weight local.conv2.weight is missing; expected shape")
}
