package calibrate

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/core/stats"
	"aecsad/kernels/devices"
)

// pictures are noise with a bright square whose place depends on the number.
func pictures(first, n int) Source {
	return Source{Count: n, Image: func(i int) (*image.RGB, error) {
		const side = 80
		im := &image.RGB{Width: side, Height: side, Pix: modeltest.Pixels(uint32(first+i), side, side)}
		for y := 20; y < 40; y++ {
			for x := 10 + (first+i)%20; x < 40; x++ {
				im.Pix[3*(y*side+x)] = 255
			}
		}
		return im, nil
	}}
}

func options(t *testing.T) Options {
	d, err := devices.Open("cpu")
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return Options{FalseAlarmRate: 0.1, Device: d, Threads: 1}
}

func calibrated(t *testing.T) *model.Model {
	m := modeltest.Tiny(1)
	require.NoError(t, Run(context.Background(), m, pictures(0, 20), pictures(100, 30), options(t)))
	return m
}

// The stored validation scores are those that inspections give, also after a
// trip through the file.
func TestInspectionRepeatsCalibration(t *testing.T) {
	for _, ours := range []bool{false, true} {
		repeats(t, ours)
	}
}

func repeats(t *testing.T, ours bool) {
	o := options(t)
	o.Pixelwise, o.Shapes = ours, ours
	m := modeltest.Tiny(1)
	require.NoError(t, Run(context.Background(), m, pictures(0, 20), pictures(100, 30), o))
	require.Equal(t, ours, m.Calibration.Local.Mean != nil)
	require.Equal(t, ours, m.Calibration.Shapes != nil)
	b, err := m.Bytes()
	require.NoError(t, err)
	d, err := detect.OpenBytes(b, detect.Options{Threads: 2})
	require.NoError(t, err)
	defer d.Close()
	alarms := 0
	for i := range 30 {
		im, err := pictures(100, 30).Image(i)
		require.NoError(t, err)
		v, err := d.Inspect(im.Pixels())
		require.NoError(t, err)
		assert.Contains(t, m.Calibration.Scores, v.Score, "image %d", i)
		if v.Decision == detect.Anomalous {
			alarms++
		}
	}
	assert.LessOrEqual(t, alarms, 3, "10 %% of 30 good images")
}

func TestCalibrationIsReproducible(t *testing.T) {
	assert.Equal(t, calibrated(t).Calibration, calibrated(t).Calibration)
	c := calibrated(t).Calibration
	assert.Greater(t, c.Local.End, c.Local.Start)
	assert.Greater(t, c.Global.End, c.Global.Start)
	assert.IsNonDecreasing(t, c.Scores)
	assert.Equal(t, 0.1, c.Rate)
}

// The third map is scaled like the others and has a say in the scores by its
// weight alone.
func TestThirdMapIsCalibrated(t *testing.T) {
	without := calibrated(t).Calibration
	assert.Zero(t, without.Third)
	with := func(weight float64) *model.Model {
		m := modeltest.Tiny(1)
		m.Config.ThirdMap = weight
		require.NoError(t, Run(context.Background(), m, pictures(0, 20), pictures(100, 30), options(t)))
		return m
	}
	m := with(1)
	c := m.Calibration
	assert.Equal(t, without.Local, c.Local, "the other maps are as they were")
	assert.Equal(t, without.Global, c.Global)
	assert.Greater(t, c.Third.End, c.Third.Start)
	assert.NotEqual(t, without.Scores, c.Scores)
	assert.NotEqual(t, with(0.5).Calibration.Scores, c.Scores)

	d, err := detect.New(m, detect.Options{Threads: 1})
	require.NoError(t, err)
	defer d.Close()
	im, err := pictures(100, 30).Image(7)
	require.NoError(t, err)
	v, err := d.Inspect(im.Pixels())
	require.NoError(t, err)
	assert.Contains(t, c.Scores, v.Score)
}

func TestTooFewImages(t *testing.T) {
	m := modeltest.Tiny(1)
	err := Run(context.Background(), m, pictures(0, 1), pictures(9, 4), options(t))
	assert.ErrorContains(t, err, "at least 2 training and 5 validation images, got 1 and 4")
	o := options(t)
	o.FalseAlarmRate = 0.001
	err = Run(context.Background(), m, pictures(0, 5), pictures(9, 10), o)
	var few *stats.TooFewError
	require.ErrorAs(t, err, &few)
	o.Extrapolate = true
	require.NoError(t, Run(context.Background(), m, pictures(0, 5), pictures(9, 10), o))
	assert.True(t, m.Calibration.Extrapolated)
}

func TestStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	o := options(t)
	o.Report = func(_ string, done, _ int) {
		if done == 3 {
			cancel()
		}
	}
	err := Run(ctx, modeltest.Tiny(1), pictures(0, 20), pictures(100, 30), o)
	assert.ErrorIs(t, err, context.Canceled)
	broken := Source{Count: 9, Image: func(int) (*image.RGB, error) { return nil, errors.New("disk gone") }}
	assert.ErrorContains(t, Run(context.Background(), modeltest.Tiny(1), broken, pictures(100, 30), options(t)), "disk gone")
}
