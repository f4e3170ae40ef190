package label

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/data/synth"
	"aecsad/core/image"
	"aecsad/core/stats"
)

// rendered reads the pictures of a split and their true maps.
func rendered(t *testing.T, root, split string, side int) (images []*image.RGB, truth []*image.Labels, names []string) {
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(split), "*.png"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	slices.Sort(files)
	for _, f := range files {
		im, err := image.ReadFile(f)
		require.NoError(t, err)
		m, err := image.ReadMask(filepath.Join(root, "labels", filepath.FromSlash(split), filepath.Base(f)))
		require.NoError(t, err)
		images, truth, names = append(images, image.Resize(im, side, side)), append(truth, m.Resize(side, side)), append(names, f)
	}
	return images, truth, names
}

// distances are those of maps from the areas of the training maps.
func distances(t *testing.T, train, maps []*image.Labels, classes int) []float64 {
	var rows [][]float64
	for _, m := range train {
		rows = append(rows, shares(m, classes))
	}
	g, err := stats.FitGaussian(rows)
	require.NoError(t, err)
	var d []float64
	for _, m := range maps {
		d = append(d, g.Distance(shares(m, classes)))
	}
	return d
}

// The labels carry the logic: what the finder has learnt from good pictures gives
// areas that tell logical anomalies from good pictures, about as well as the true maps do.
func TestLabelsCarryTheLogicOfAProduct(t *testing.T) {
	const side, category = 128, "wired_connectors"
	dir := t.TempDir()
	require.NoError(t, synth.Write(dir, synth.Options{Categories: []string{category}, Train: 21, TestGood: 9, TestLogical: 12, Seed: 5}, nil))
	root := filepath.Join(dir, category)
	o := DefaultOptions()
	o.Side = side

	images, truth, names := rendered(t, root, "train/good", side)
	res, err := Run(images, names, o, nil)
	require.NoError(t, err)
	_, accuracy := matching(res.Maps, truth)
	assert.Greater(t, accuracy, 0.97)

	f, _ := learn(images, o, func() {})
	label := func(images []*image.RGB) (maps []*image.Labels) {
		for _, im := range images {
			maps = append(maps, f.labels(f.scene(im)))
		}
		return maps
	}
	assert.Equal(t, res.Maps, label(images), "an image's labels depend on what was learnt and on the image alone")

	good, trueGood, _ := rendered(t, root, "test/good", side)
	bad, trueBad, _ := rendered(t, root, "test/logical_anomalies", side)
	ours := stats.AUROC(distances(t, res.Maps, label(good), len(res.Classes)), distances(t, res.Maps, label(bad), len(res.Classes)))
	best := stats.AUROC(distances(t, truth, trueGood, 7), distances(t, truth, trueBad, 7))
	t.Logf("pixel accuracy %.3f, AUROC %.3f, with the true maps %.3f", accuracy, ours, best)
	assert.Greater(t, ours, best-0.05)
	assert.Greater(t, ours, 0.85)
}
