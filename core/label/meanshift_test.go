package label

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shared is a folder or file beside the repository with material too large for
// it. Tests that need it are skipped without it, or fail if AECSAD_REQUIRE names
// shared.
func shared(t *testing.T, path string) string {
	full := filepath.Join("..", "..", "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(full); err != nil {
		if slices.Contains(strings.Split(os.Getenv("AECSAD_REQUIRE"), ","), "shared") {
			require.NoError(t, err)
		}
		t.Skipf("no %s beside the repository", path)
	}
	return full
}

func labelsOf(centres, at [][]float64) []int {
	out := make([]int, len(at))
	for i, x := range at {
		out[i] = nearest(centres, x)
	}
	return out
}

func TestMeanShiftIsScikitLearns(t *testing.T) {
	b, err := os.ReadFile(shared(t, "data/goldens/sklearn_vectors.json"))
	require.NoError(t, err)
	type clusters struct {
		Bandwidth float64
		Labels    []int
		Centers   [][]float64
	}
	var g struct {
		Meanshift struct {
			X [][]float64
			clusters
			Bin   clusters `json:"bin_seeding"`
			Wide  float64  `json:"estimate_bandwidth_default_quantile_0_3"`
			Tight float64  `json:"estimate_bandwidth_q0_1"`
		}
		Sixteen struct {
			X        [][]float64
			Runs     []clusters
			Estimate float64 `json:"estimate_bandwidth"`
		} `json:"meanshift_16d"`
	}
	require.NoError(t, json.Unmarshal(b, &g))
	check := func(x, seeds [][]float64, bandwidth float64, want clusters) {
		got := meanShift(points{at: x}, seeds, bandwidth)
		require.Len(t, got, len(want.Centers), "bandwidth %v", bandwidth)
		for i := range got {
			assert.InDeltaSlice(t, want.Centers[i], got[i], 1e-9, "bandwidth %v, centre %d", bandwidth, i)
		}
		assert.Equal(t, want.Labels, labelsOf(got, x), "bandwidth %v", bandwidth)
	}
	m := g.Meanshift
	check(m.X, m.X, 1.2, m.clusters)
	check(m.X, binSeeds(m.X, 1.2, 1), 1.2, m.Bin)
	assert.InDelta(t, m.Wide, estimateBandwidth(m.X, 0.3), 1e-12)
	assert.InDelta(t, m.Tight, estimateBandwidth(m.X, 0.1), 1e-12)
	for _, run := range g.Sixteen.Runs {
		check(g.Sixteen.X, g.Sixteen.X, run.Bandwidth, run)
	}
	assert.InDelta(t, g.Sixteen.Estimate, estimateBandwidth(g.Sixteen.X, 0.3), 1e-12)
}

func TestBinSeeds(t *testing.T) {
	x := [][]float64{{1, 1}, {1.4, 1.4}, {1.8, 1.2}, {2, 1}, {2.1, 1.1}, {0, 0}}
	assert.ElementsMatch(t, [][]float64{{1, 1}, {2, 1}, {0, 0}}, binSeeds(x, 1, 1))
	assert.ElementsMatch(t, [][]float64{{1, 1}, {2, 1}}, binSeeds(x, 1, 2))
	assert.Len(t, binSeeds(x, 0.01, 1), 6)
}

// A weight counts like as many points.
func TestMeanShiftOfWeightedPoints(t *testing.T) {
	repeated := [][]float64{{0}, {1}, {1}, {1}, {8}, {9}, {9}}
	weighted := points{[][]float64{{0}, {1}, {8}, {9}}, []float64{1, 3, 1, 2}}
	want := meanShift(points{at: repeated}, repeated, 2)
	assert.Equal(t, [][]float64{{0.75}, {26. / 3}}, want)
	assert.Equal(t, want, meanShift(weighted, weighted.at, 2))
	assert.Empty(t, meanShift(weighted, [][]float64{{100}}, 2), "a seed far from all points")
	assert.Equal(t, -1, nearest(nil, []float64{1}))
}
