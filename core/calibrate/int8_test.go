package calibrate

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// wide is a model whose convolutions are large enough for int8 to pay.
func wide(t *testing.T) *model.Model {
	c, err := net.Profile("quick")
	require.NoError(t, err)
	c.Side = 64
	return modeltest.Of(c, 1)
}

// A model that was calibrated for int8 repeats its scores in int8, also after a trip
// through the file, and has others in float32.
func TestCalibrationForInt8(t *testing.T) {
	o := options(t)
	o.Precision = kernels.Int8
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 4), pictures(100, 9), o))
	b, err := m.Bytes()
	require.NoError(t, err)
	scores := map[string][]float64{}
	for _, precision := range []string{kernels.Int8, kernels.Float32} {
		d, err := detect.OpenBytes(b, detect.Options{Device: "cpu", Precision: precision, Threads: 2, Sessions: 2})
		require.NoError(t, err)
		defer d.Close()
		assert.Equal(t, precision, d.Info().Precision)
		assert.Equal(t, kernels.Int8, d.Info().Calibrated)
		assert.Equal(t, m.Calibration.Wider.String(), d.Info().Wider)
		assert.Equal(t, precision != kernels.Int8, d.Info().Mismatch() != "", "says so where the threshold comes from other scores")
		for i := range 9 {
			im, err := pictures(100, 9).Image(i)
			require.NoError(t, err)
			v, err := d.Inspect(im.Pixels())
			require.NoError(t, err)
			scores[precision] = append(scores[precision], v.Score)
		}
	}
	assert.ElementsMatch(t, m.Calibration.Scores, scores[kernels.Int8])
	// Not of every image: the head that computes in bytes hardly moves the map of drawn
	// weights, at some peaks not at all, and no class of a picture may flip.
	assert.NotEqual(t, scores[kernels.Float32], scores[kernels.Int8])
}

// The ranges cover every training image, and the same with something foreign, and no others.
func TestRangesCoverTheTrainingImages(t *testing.T) {
	o := options(t)
	o.Precision = kernels.Int8
	m := wide(t)
	require.NoError(t, Run(context.Background(), m, pictures(0, 3), pictures(100, 9), o))
	e, err := detect.NewEngine(m.Config, m.Weights, o.Device, 1)
	require.NoError(t, err)
	defer e.Close()
	highest := math.Inf(-1)
	for i := range 3 {
		im, err := pictures(0, 3).Image(i)
		require.NoError(t, err)
		for _, shown := range []*image.RGB{im, foreign(im, i)} {
			seen, err := e.Ranges(Pixels(shown))
			require.NoError(t, err)
			require.Len(t, m.Calibration.Ranges, len(seen))
			for path, r := range seen {
				assert.Equal(t, m.Calibration.Ranges[path], m.Calibration.Ranges[path].With(r), path)
			}
			highest = max(highest, float64(seen["encoder.layer2.0.conv1"].High))
		}
	}
	assert.Positive(t, highest)
	assert.Equal(t, highest, float64(m.Calibration.Ranges["encoder.layer2.0.conv1"].High))
}

func TestInt8WantsACalibration(t *testing.T) {
	m := wide(t)
	_, err := detect.New(m, detect.Options{Device: "cpu", Precision: kernels.Int8})
	assert.ErrorContains(t, err, "no ranges for precision int8; `aecsad calibrate --precision int8` measures them")

	o := options(t)
	o.Precision = kernels.Int8
	require.NoError(t, Run(context.Background(), m, pictures(0, 2), pictures(100, 9), o))
	_, err = detect.New(m, detect.Options{Device: "ref", Precision: kernels.Int8})
	var device *detect.DeviceError
	require.True(t, errors.As(err, &device), "%v", err)
	assert.ErrorContains(t, err, `ref: no precision "int8"`)

	delete(m.Calibration.Ranges, "encoder.layer2.0.conv1")
	_, err = detect.New(m, detect.Options{Device: "cpu", Precision: kernels.Int8})
	assert.ErrorContains(t, err, "there is no range for the input of encoder.layer2.0.conv1")

	m.Calibration.Ranges["encoder.layer2.0.conv1"] = kernels.Range{Low: 2, High: 1}
	_, err = m.Bytes()
	assert.ErrorContains(t, err, "input of encoder.layer2.0.conv1: the range is 2 to 1")

	if o.Device, err = devices.Open("ref"); err == nil {
		err = Run(context.Background(), wide(t), pictures(0, 2), pictures(100, 9), o)
	}
	assert.ErrorContains(t, err, "expected the device cpu")
}
