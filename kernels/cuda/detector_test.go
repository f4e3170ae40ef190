//go:build cuda

package cuda_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model/modeltest"
	"aecsad/kernels/cuda"
)

func TestMemoryLimitOfADetector(t *testing.T) {
	m := modeltest.Tiny(1)
	memory := map[int]int64{}
	for _, sessions := range []int{1, 3} {
		d, err := detect.New(m, detect.Options{Device: "cuda", Sessions: sessions})
		require.NoError(t, err)
		memory[sessions] = d.Info().Memory
		require.NoError(t, d.Close())
	}
	assert.Less(t, memory[3], 3*memory[1], "sessions share their weights")
	o := detect.Options{Device: "cuda", Sessions: 3, MemoryLimit: memory[3] - 1}
	_, err := detect.New(m, o)
	require.ErrorIs(t, err, detect.ErrNoMemory)
	assert.Regexp(t, `the detector needs \d+\.\d MiB \(weights \d+\.\d MiB, per session \d+\.\d MiB x 3\), the limit is \d+\.\d MiB`, err)
	o.MemoryLimit++
	d, err := detect.New(m, o)
	require.NoError(t, err)
	defer d.Close()
	cpu, err := detect.New(m, detect.Options{Device: "cpu"})
	require.NoError(t, err)
	defer cpu.Close()
	p := image.Pixels{Data: modeltest.Pixels(1, 64, 64), Width: 64, Height: 64, Stride: 3 * 64, Format: image.RGB8}
	want, err := cpu.Inspect(p)
	require.NoError(t, err)
	for range 3 { // each session in its turn
		got, err := d.Inspect(p)
		require.NoError(t, err)
		assert.InEpsilon(t, want.Score, got.Score, 1e-5)
	}
}

func TestDetectorOnAFullGPU(t *testing.T) {
	cuda.Emulated(t)
	t.Setenv("AECSAD_EMULATE_MEMORY", "1000000")
	_, err := detect.New(modeltest.Tiny(1), detect.Options{Device: "cuda"})
	require.ErrorIs(t, err, detect.ErrNoMemory)
	assert.ErrorContains(t, err, "OutOfMemory")
}
