package detect_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/model/modeltest"
)

func TestPrecisionIsAskedForByName(t *testing.T) {
	m := modeltest.Tiny(1)
	for _, precision := range []string{"", "f32"} {
		d, err := detect.New(m, detect.Options{Device: "cpu", Precision: precision})
		require.NoError(t, err)
		assert.Equal(t, "f32", d.Info().Precision)
		assert.NoError(t, d.Close())
	}
	_, err := detect.New(m, detect.Options{Device: "cpu", Precision: "f16"})
	var device *detect.DeviceError
	require.ErrorAs(t, err, &device)
	assert.ErrorContains(t, err, `cpu: no precision "f16"; this device has f32`)
}

func TestInfoSaysWhyAutoIsTheProcessor(t *testing.T) {
	t.Setenv("AECSAD_CUDA_DRIVER", "libnothing.so")
	m := modeltest.Tiny(1)
	for device, reason := range map[string]string{"auto": "cuda: ", "cpu": ""} {
		d, err := detect.New(m, detect.Options{Device: device})
		require.NoError(t, err)
		assert.Equal(t, "cpu", d.Info().Device)
		if reason == "" {
			assert.Empty(t, d.Info().Fallback, device)
		} else {
			assert.Contains(t, d.Info().Fallback, reason, device)
		}
		assert.NoError(t, d.Close())
	}
}
