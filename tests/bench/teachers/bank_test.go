package main

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/formula"
	"aecsad/core/image"
	"aecsad/kernels/devices"
)

// TestDistancesAreThoseOfTheNearestPatches compares with the definition,
// written down plainly.
func TestDistancesAreThoseOfTheNearestPatches(t *testing.T) {
	device, err := devices.Open("cpu")
	require.NoError(t, err)
	defer device.Close()
	var images []*image.RGB
	for i := range 3 {
		p, err := formula.Draw(1, i, 64)
		require.NoError(t, err)
		images = append(images, p.RGB)
	}
	o := &options{Width: 4, Side: 64, Seed: 1}
	e, err := newEncoder(device, o, nil, images[:2])
	require.NoError(t, err)
	defer e.close()
	b, err := newBank(device, e, images[:2], 1000, 1)
	require.NoError(t, err)
	defer b.close()
	require.Equal(t, 2*e.count, b.size, "all patches fit")

	known, err := e.patches(images[0])
	require.NoError(t, err)
	d, err := b.distances(known)
	require.NoError(t, err)
	assert.InDelta(t, 0, slices.Max(d), 0.05)

	p, err := e.patches(images[2])
	require.NoError(t, err)
	d, err = b.distances(p)
	require.NoError(t, err)
	far := 0.0
	for i := range e.count {
		near := math.Inf(1)
		for _, im := range images[:2] {
			q, err := e.patches(im)
			require.NoError(t, err)
			for k := range e.count {
				sum := 0.0
				for c := range e.channels {
					d := float64(p[c*e.count+i] - q[c*e.count+k])
					sum += d * d
				}
				near = min(near, sum)
			}
		}
		assert.InDelta(t, math.Sqrt(near), d[i], 0.05, i)
		far = max(far, math.Sqrt(near))
	}
	assert.InEpsilon(t, far, slices.Max(d), 1e-3)
	assert.Greater(t, slices.Max(d), float32(0.1))
}
