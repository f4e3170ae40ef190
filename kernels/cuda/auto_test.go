//go:build cuda

package cuda_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels/cuda"
	"aecsad/kernels/devices"
)

func chosen(t *testing.T, name string) (device, why string) {
	t.Helper()
	d, why, err := devices.Choose(name)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	return d.Name(), why
}

func TestAutoTakesAGPUWhereThereIsOne(t *testing.T) {
	t.Setenv("AECSAD_DEVICE", "")
	for _, name := range []string{"", "auto"} {
		device, why := chosen(t, name)
		assert.Equal(t, "cuda:0", device, name)
		assert.Empty(t, why, name)
	}
	gpus, err := cuda.List()
	require.NoError(t, err)
	lines := devices.Describe()
	assert.Equal(t, gpus, lines[2:len(lines)-1])
	assert.Equal(t, "auto: cuda:0", lines[len(lines)-1])
	if len(gpus) > 1 {
		device, _ := chosen(t, "cuda:1")
		assert.Equal(t, "cuda:1", device)
	}
}

func TestAutoSaysWhyNoGPUWillDo(t *testing.T) {
	cuda.Emulated(t)
	for variable, c := range map[string]struct{ value, says string }{
		"AECSAD_EMULATE_DEVICES":    {"0", "shows no GPU"},
		"AECSAD_EMULATE_DRIVER":     {"8000", "expected 11.0 or later"},
		"AECSAD_EMULATE_CAPABILITY": {"61", "compute capability 6.1, expected 7.0 or higher"},
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, c.value)
			device, why := chosen(t, "auto")
			assert.Equal(t, "cpu", device)
			assert.Contains(t, why, c.says)
			lines := devices.Describe()
			assert.Equal(t, "auto: cpu, because no GPU can be used", lines[len(lines)-1])
			_, err := devices.Open("cuda")
			assert.ErrorContains(t, err, c.says, "a GPU that was asked for is no matter of choice")
		})
	}
}
