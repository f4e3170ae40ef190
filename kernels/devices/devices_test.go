package devices_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// noGPU keeps a driver from being found in a build that looks for one. It is looked
// for once per process.
func noGPU(t *testing.T) {
	t.Setenv("AECSAD_CUDA_DRIVER", "libnothing.so")
}

func TestOpen(t *testing.T) {
	noGPU(t)
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

func TestAutoSaysWhyItIsTheProcessor(t *testing.T) {
	noGPU(t)
	t.Setenv("AECSAD_DEVICE", "")
	d, why, err := devices.Choose("auto")
	require.NoError(t, err)
	assert.Equal(t, "cpu", d.Name())
	_, err = devices.Open("cuda")
	require.Error(t, err)
	assert.Equal(t, err.Error(), why, "no driver, or no CUDA machine in this build")
	_, why, err = devices.Choose("cpu")
	require.NoError(t, err)
	assert.Empty(t, why, "there was no choice")
}

func TestDescribeHasALineForEachMachineAndTheChoice(t *testing.T) {
	noGPU(t)
	lines := devices.Describe()
	require.Len(t, lines, 4)
	for i, name := range []string{"ref", "cpu", "cuda", "auto: cpu, because no GPU can be used"} {
		assert.Contains(t, lines[i], name)
	}
}

func TestPrecisionsOfTheProcessor(t *testing.T) {
	p := &kernels.Program{Calls: []kernels.Call{{Op: kernels.Fill{Len: 1}, Bufs: []kernels.Slot{0}}}, Sizes: []int{1}}
	for name, has := range map[string]string{"cpu": "f32, bf16x6, bf16, int8", "ref": "f32, bf16"} {
		for precision, want := range map[string]string{"": "", "f32": "", "bf16": "", "f16": name + `: no precision "f16"; this device has ` + has} {
			d, err := devices.OpenAt(name, precision)
			require.NoError(t, err)
			s, err := d.Load(p, kernels.Options{})
			if want != "" {
				assert.EqualError(t, err, want)
				assert.Equal(t, name+" (f16)", d.Name())
				continue
			}
			require.NoError(t, err)
			assert.NoError(t, s.Close())
		}
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
