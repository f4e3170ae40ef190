package train

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/image"
)

// differing counts the pixels that two images do not share.
func differing(a, b *image.RGB) int {
	n := 0
	for i := 0; i < len(a.Pix); i += 3 {
		if [3]byte(a.Pix[i:i+3]) != [3]byte(b.Pix[i:i+3]) {
			n++
		}
	}
	return n
}

func TestSyntheticAnomalies(t *testing.T) {
	d := scenes(1, 64)
	good := &image.RGB{Width: 64, Height: 64, Pix: append([]byte{}, d.Images[0].Pix...)}
	for name, make := range map[string]func(*image.RGB, *image.Labels, uint32, int) *image.RGB{"logical": LogicalAnomaly, "structural": StructuralAnomaly} {
		changed := 0
		for k := range 20 {
			im := make(d.Images[0], d.Maps[0], 1, k)
			n := differing(good, im)
			assert.Less(t, n, 64*64/3, "%s %d: most of the image stays", name, k)
			if n > 0 {
				changed++
			}
			assert.Equal(t, im, make(d.Images[0], d.Maps[0], 1, k), "the same anomaly again")
		}
		assert.Greater(t, changed, 15, name)
		assert.NotEqual(t, make(good, d.Maps[0], 1, 3), make(good, d.Maps[0], 2, 3), "another seed, another anomaly")
	}
	assert.Equal(t, good, d.Images[0], "the source stays")
	bare := &image.Labels{Width: 64, Height: 64, Pix: make([]uint8, 64*64)}
	assert.Positive(t, differing(good, StructuralAnomaly(good, bare, 1, 1)), "components are not needed")
}

// Candidates are offered at the same steps with the same weights, whether a run
// is stopped or not; offering them changes nothing, and the last are the result.
func TestCandidates(t *testing.T) {
	c, d, o := tiny(t), scenes(4, 64), options(t)
	want, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)

	collect := func(to map[string]graph.Weights) func(string, int, graph.Weights) error {
		return func(stage string, step int, w graph.Weights) error {
			to[fmt.Sprint(stage, " ", step)] = w
			return nil
		}
	}
	whole := map[string]graph.Weights{}
	o.Candidate = collect(whole)
	w, err := Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.Equal(t, want, w)
	second := o.Segmentor.Steps - o.Segmentor.supervised() // 6 of 10; the students have 6
	require.Equal(t, 6, second)
	for _, key := range []string{"segmentor, all images 3", "segmentor, all images 4", "segmentor, all images 5", "segmentor, all images 6", "students 3", "students 4", "students 5", "students 6"} {
		assert.Contains(t, whole, key)
	}
	assert.Len(t, whole, 8)
	for name, v := range whole["students 6"] {
		assert.Equal(t, w[name], v, name)
	}

	parts := map[string]graph.Weights{}
	o.Candidate, o.Checkpoint, o.Every = collect(parts), filepath.Join(t.TempDir(), "c.aecsad"), 2
	ctx, cancel := context.WithCancel(context.Background())
	o.Report = func(p Progress) {
		if p.Stage == Imitating && p.Step == 4 {
			cancel()
		}
	}
	_, err = Run(ctx, c, d, nil, o)
	require.ErrorIs(t, err, context.Canceled)
	_, err = Run(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.Equal(t, whole, parts)
}
