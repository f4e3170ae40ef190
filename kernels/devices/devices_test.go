package devices_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels/devices"
)

func TestOpen(t *testing.T) {
	t.Setenv("AECSAD_DEVICE", "")
	for name, want := range map[string]string{"": "cpu", "auto": "cpu", "cpu": "cpu", "ref": "ref"} {
		d, err := devices.Open(name)
		require.NoError(t, err, name)
		assert.Equal(t, want, d.Name(), name)
		assert.NoError(t, d.Close())
	}
}

func TestEnvironmentIsTheDefaultOnly(t *testing.T) {
	t.Setenv("AECSAD_DEVICE", "ref")
	d, err := devices.Open("")
	require.NoError(t, err)
	assert.Equal(t, "ref", d.Name())
	d, err = devices.Open("cpu")
	require.NoError(t, err)
	assert.Equal(t, "cpu", d.Name())
}

func TestDescribeHasALineForEachMachine(t *testing.T) {
	lines := devices.Describe()
	require.GreaterOrEqual(t, len(lines), 3)
	for i, name := range []string{"ref", "cpu", "cuda"} {
		assert.Contains(t, lines[i], name)
	}
}

func TestErrors(t *testing.T) {
	t.Setenv("AECSAD_DEVICE", "gpu")
	for _, name := range []string{"", "CPU"} {
		_, err := devices.Open(name)
		assert.ErrorContains(t, err, "expected auto, ref, cpu or cuda", name)
	}
	for _, name := range []string{"cuda", "cuda:-1", "cuda:x"} {
		_, err := devices.Open(name)
		assert.ErrorContains(t, err, "cuda", name)
	}
	t.Setenv("AECSAD_CPU", "mmx")
	_, err := devices.Open("cpu")
	assert.ErrorContains(t, err, "AECSAD_CPU")
}
