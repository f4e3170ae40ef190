package eval

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/data"
	"aecsad/core/image"
)

// golden is what MVTec LOCO's evaluation code gave for small data sets.
type golden struct {
	Cases []struct {
		Case struct {
			Name    string
			Defects []struct {
				Name       string  `json:"defect_name"`
				Value      int     `json:"pixel_value"`
				Saturation float64 `json:"saturation_threshold"`
				Relative   bool    `json:"relative_saturation"`
			} `json:"defects_config"`
			Images []struct {
				Path     string
				Scores   [][]float32
				Channels [][][]uint8
			}
		}
		Official struct {
			Areas      [][]int `json:"saturation_areas"`
			Thresholds []float64
			FPR        []float64                     `json:"fp_rates"`
			SPRO       []float64                     `json:"mean_spros"`
			Exact      map[string]map[string]float64 `json:"au_spro_exact"`
		}
	}
	Trapezoids []struct {
		FPR   []float64 `json:"fprs"`
		Y     []float64
		Limit float64 `json:"max_fpr"`
		Area  float64 `json:"auc_scaled"`
	} `json:"trapz"`
}

func readGolden(t *testing.T) (g golden) {
	b, err := os.ReadFile("testdata/loco_official_vectors.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &g))
	require.Len(t, g.Cases, 7)
	require.Len(t, g.Trapezoids, 6)
	return g
}

var folders = map[string]data.Kind{
	"good": data.KindGood, "logical_anomalies": data.KindLogical, "structural_anomalies": data.KindStructural,
}

// at is the point of a threshold, given the lowest score of all pixels. Curves
// leave out thresholds at which nothing changes.
func at(c Curve, threshold, lowest float64) Point {
	if threshold < lowest {
		return c[len(c)-1]
	}
	p := c[0]
	for _, next := range c[1:] {
		if next.Threshold >= threshold {
			p = next
		}
	}
	return p
}

func TestAgainstTheOfficialEvaluation(t *testing.T) {
	for _, g := range readGolden(t).Cases {
		t.Run(g.Case.Name, func(t *testing.T) {
			defects := map[int]data.Defect{}
			for _, d := range g.Case.Defects {
				defects[d.Value] = data.Defect{Name: d.Name, PixelValue: d.Value, SaturationThreshold: d.Saturation, Relative: d.Relative}
			}
			var images []Image
			for i, im := range g.Case.Images {
				folder, _, _ := strings.Cut(im.Path, "/")
				h, w := len(im.Scores), len(im.Scores[0])
				image := Image{Name: im.Path, Kind: folders[folder], Map: slices.Concat(im.Scores...), MapWidth: w, MapHeight: h, Width: w, Height: h}
				regions := channels(t, im.Channels, defects)
				for j, r := range regions {
					assert.Equal(t, g.Official.Areas[i][j], r.Saturation, "%s channel %d", im.Path, j)
				}
				if image.Kind != data.KindGood {
					image.Regions = func() ([]Region, error) { return regions, nil }
				}
				images = append(images, image)
			}
			r, err := Evaluate(images)
			require.NoError(t, err)
			lowest := math.Inf(1)
			for _, im := range images {
				lowest = min(lowest, float64(slices.Min(im.Map)))
			}
			for i, threshold := range g.Official.Thresholds {
				p := at(r.All.Curve, float64(float32(threshold)), lowest)
				assert.InDelta(t, g.Official.FPR[i], p.FPR, 1e-12, "threshold %v", threshold)
				assert.InDelta(t, g.Official.SPRO[i], p.Overlap, 1e-12, "threshold %v", threshold)
			}
			curves := map[string]Part{"all": r.All}
			for name, kind := range folders {
				if c, ok := r.ByKind[kind]; ok {
					curves[name] = c
				}
			}
			require.Len(t, curves, len(g.Official.Exact))
			for name, areas := range g.Official.Exact {
				require.Len(t, areas, len(Limits))
				for limit, want := range areas {
					l, err := strconv.ParseFloat(limit, 64)
					require.NoError(t, err)
					assert.InDelta(t, want, curves[name].Area(l), 1e-9, "%s up to %s", name, limit)
				}
			}
		})
	}
}

func channels(t *testing.T, maps [][][]uint8, defects map[int]data.Defect) []Region {
	var out []Region
	for _, m := range maps {
		r, err := channel(&image.Labels{Width: len(m[0]), Height: len(m), Pix: slices.Concat(m...)}, defects)
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}

func TestTrapezoids(t *testing.T) {
	for _, g := range readGolden(t).Trapezoids {
		var c Curve
		for i := range g.FPR {
			c = append(c, Point{FPR: g.FPR[i], Overlap: g.Y[i]})
		}
		assert.InDelta(t, g.Area, c.Area(g.Limit), 1e-15)
	}
	assert.True(t, math.IsNaN(Curve{}.Area(0)))
}

// TestProOfAColumn: scores rise from row to row over a 400x7 map, so that a
// column is found as fast as the rest is called falsely: the curve is the
// diagonal, and its area up to 1/3 is 1/6.
func TestProOfAColumn(t *testing.T) {
	for _, columns := range [][]int{{3}, {1, 3, 5}} {
		im := Image{Kind: data.KindDefect, MapWidth: 7, MapHeight: 400, Width: 7, Height: 400}
		mask := make([]bool, 2800)
		for i := range mask {
			im.Map = append(im.Map, float32(i)/2800)
			mask[i] = slices.Contains(columns, i%7)
		}
		im.Regions = func() ([]Region, error) { return Components(mask, 7), nil }
		r, err := Evaluate([]Image{im})
		require.NoError(t, err)
		assert.Equal(t, len(columns), r.All.Regions)
		assert.InDelta(t, 1.0/6, r.All.Area(1.0/3), 1e-3)
		assert.Equal(t, r.All, r.ByKind[data.KindDefect])
	}
}

// TestProOfRows: regions of 1 to 5 pixels in every other row count alike.
func TestProOfRows(t *testing.T) {
	im := Image{Kind: data.KindDefect, MapWidth: 5, MapHeight: 10, Width: 5, Height: 10}
	mask := make([]bool, 50)
	for i := range mask {
		row, column := i/5, i%5
		im.Map = append(im.Map, float32(row)/10+0.05)
		mask[i] = row%2 == 1 && column <= row/2
	}
	im.Regions = func() ([]Region, error) { return Components(mask, 5), nil }
	r, err := Evaluate([]Image{im})
	require.NoError(t, err)
	require.Equal(t, 5, r.All.Regions)
	// Thresholds 0 0.2 0.4 0.6 0.8 are those of the rows below them.
	for row, want := range map[int]float64{1: 0.8, 3: 0.6, 5: 0.4, 7: 0.2, 9: 0} {
		assert.InDelta(t, want, at(r.All.Curve, float64(im.Map[5*row]), float64(im.Map[0])).Overlap, 1e-12)
	}
}

func TestComponents(t *testing.T) {
	//  # . . #
	//  . # . .
	//  # . . #
	mask := make([]bool, 12)
	for _, p := range []int{0, 3, 5, 8, 11} {
		mask[p] = true
	}
	var found [][]int
	for _, r := range Components(mask, 4) {
		slices.Sort(r.Pixels)
		found = append(found, r.Pixels)
		assert.Len(t, r.Pixels, r.Saturation)
	}
	// Corners touch; the ends of a row and the beginnings of the next do not.
	assert.Equal(t, [][]int{{0, 5, 8}, {3}, {11}}, found)
	assert.Empty(t, Components(make([]bool, 4), 2))
}

func TestSaturationArea(t *testing.T) {
	for _, c := range []struct {
		d          data.Defect
		area, want int
	}{
		{data.Defect{SaturationThreshold: 0.5, Relative: true}, 9, 4},
		{data.Defect{SaturationThreshold: 1, Relative: true}, 9, 9},
		{data.Defect{SaturationThreshold: 0.1, Relative: true}, 9, 1},
		{data.Defect{SaturationThreshold: 50}, 36, 36},
		{data.Defect{SaturationThreshold: 9}, 36, 9},
	} {
		assert.Equal(t, c.want, SaturationArea(c.d, c.area))
	}
}

// TestUpsampling: PyTorch's align_corners=False.
func TestUpsampling(t *testing.T) {
	im := &Image{Map: []float32{1, 2, 3, 4}, MapWidth: 2, MapHeight: 2, Width: 4, Height: 4}
	u, row := newUpsampler(im), make([]float32, 4)
	u.fill(row, 0)
	assert.Equal(t, []float32{1, 1.25, 1.75, 2}, row)
	u.fill(row, 1)
	assert.Equal(t, []float32{1.5, 1.75, 2.25, 2.5}, row)

	peak := &Image{Map: make([]float32, 64*64), MapWidth: 64, MapHeight: 64, Width: 256, Height: 256}
	peak.Map[30*64+20] = 1
	u, row = newUpsampler(peak), make([]float32, 256)
	highest := float32(0)
	for y := range 256 {
		u.fill(row, y)
		highest = max(highest, slices.Max(row))
		for x := range row {
			require.Equal(t, row[x], u.at(x, y))
		}
	}
	assert.Equal(t, float32(0.765625), highest)
}

func TestBins(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	values := []float32{-3, -1e-30, 0, 1e-30, 1, 1.0000001, 7}
	for range 1000 {
		values = append(values, float32(r.NormFloat64()))
	}
	slices.Sort(values)
	l := index(slices.Compact(values))
	probes := append(slices.Clone(l.values), -10, 10, float32(math.Copysign(0, -1)), 0.5, -0.5)
	for range 1000 {
		probes = append(probes, float32(r.NormFloat64()))
	}
	for _, v := range probes {
		want := 0
		for _, x := range l.values {
			if x < v {
				want++
			}
		}
		require.Equal(t, want, l.bin(v), "%v", v)
	}
}

// large is a data set of more pixels than there are thresholds: noisy maps with
// a bump at the defect.
func large(n, side, enlarged int) []Image {
	r := rand.New(rand.NewPCG(3, 4))
	var images []Image
	for k := range n {
		im := Image{Kind: data.KindGood, MapWidth: side, MapHeight: side, Width: enlarged, Height: enlarged}
		for range side * side {
			im.Map = append(im.Map, float32(r.NormFloat64()))
		}
		if k%2 == 1 {
			im.Kind = data.KindStructural
			var region Region
			x0, y0, size := r.IntN(enlarged/2), r.IntN(enlarged/2), enlarged/10
			for y := y0; y < y0+size; y++ {
				for x := x0; x < x0+size; x++ {
					region.Pixels = append(region.Pixels, y*enlarged+x)
					im.Map[y*side/enlarged*side+x*side/enlarged] += 1.5 * float32(side*side) / float32(enlarged*enlarged)
				}
			}
			region.Saturation = len(region.Pixels) / 2
			im.Regions = func() ([]Region, error) { return []Region{region}, nil }
		}
		images = append(images, im)
	}
	return images
}

// TestSampledThresholds: the area from a sample of the thresholds is that of all
// distinct scores but for what Uncertainty allows, and that is little.
func TestSampledThresholds(t *testing.T) {
	images := large(4, 32, 300) // 360,000 pixels
	r, err := Evaluate(images)
	require.NoError(t, err)
	scores := []float32{}
	for i := range images {
		u, row := newUpsampler(&images[i]), make([]float32, 300)
		for y := range 300 {
			u.fill(row, y)
			scores = append(scores, row...)
		}
	}
	slices.Sort(scores)
	exact := index(slices.Compact(scores))
	require.Greater(t, len(exact.values), maxSamples)
	c := newCounts(exact)
	for i := range images {
		c.add(&images[i])
	}
	all, err := c.result()
	require.NoError(t, err)
	for _, limit := range Limits {
		bound := r.All.Uncertainty(limit)
		assert.InDelta(t, all.All.Area(limit), r.All.Area(limit), bound+1e-12)
		assert.Less(t, bound, 1e-3)
		area := all.All.Area(limit)
		assert.True(t, area > limit/2 && area < 1, "up to %v: %v; expected an imperfect map that is better than chance", limit, area)
		t.Logf("up to %v: %.7f of every score, %.7f of %d sampled ones, bound %.1e", limit, area, r.All.Area(limit), len(r.All.Curve), bound)
	}
}

func TestEvaluateRefuses(t *testing.T) {
	one := func(change func(im *Image)) []Image {
		im := Image{Name: "a.png", Kind: data.KindDefect, Map: []float32{0, 1}, MapWidth: 2, MapHeight: 1, Width: 2, Height: 1}
		im.Regions = func() ([]Region, error) { return []Region{{Pixels: []int{0}, Saturation: 1}}, nil }
		change(&im)
		return []Image{im}
	}
	regions := func(r ...Region) func(im *Image) {
		return func(im *Image) { im.Regions = func() ([]Region, error) { return r, nil } }
	}
	for want, change := range map[string]func(im *Image){
		"a.png: map has 2 values, expected 3x1":                  func(im *Image) { im.MapWidth = 3 },
		"a.png: image has 0x1 pixels":                            func(im *Image) { im.Width = 0 },
		"a.png: map value 1 is NaN":                              func(im *Image) { im.Map[1] = float32(math.NaN()) },
		"a.png: unreadable":                                      func(im *Image) { im.Regions = func() ([]Region, error) { return nil, errors.New("unreadable") } },
		"an image of kind good has regions: true":                func(im *Image) { im.Kind = data.KindGood },
		"an image of kind defect has regions: false":             func(im *Image) { im.Regions = nil },
		"ground truth marks no defect":                           regions(),
		"region 0 of 1 pixels has saturation 2, expected 1 to 1": regions(Region{Pixels: []int{0}, Saturation: 2}),
		"region 0 has pixels from 2 to 2, expected 0 to 1":       regions(Region{Pixels: []int{2}, Saturation: 1}),
		"there are 1 defects and 0 defect-free pixels":           regions(Region{Pixels: []int{0, 1}, Saturation: 1}),
	} {
		_, err := Evaluate(one(change))
		assert.ErrorContains(t, err, want)
	}
	_, err := Evaluate(nil)
	assert.ErrorContains(t, err, "there are 0 defects")
	_, err = Evaluate(one(func(*Image) {}))
	assert.NoError(t, err)
}

// TestUnusableTruthLeavesTheImageOut: the others count as if it were not there.
func TestUnusableTruthLeavesTheImageOut(t *testing.T) {
	images := []Image{
		square("good", data.KindGood, nil),
		square("a", data.KindStructural, func() ([]Region, error) { return []Region{{Pixels: []int{0}, Saturation: 1}}, nil }),
	}
	want, err := Evaluate(images)
	require.NoError(t, err)
	assert.Empty(t, want.Unusable)
	broken := square("b", data.KindStructural, func() ([]Region, error) { return nil, errors.New("b.png: marks no defect") })
	r, err := Evaluate(append(images, broken))
	require.NoError(t, err)
	assert.Equal(t, want.All, r.All)
	assert.Equal(t, want.ByKind, r.ByKind)
	require.Len(t, r.Unusable, 1)
	assert.ErrorContains(t, r.Unusable[0], "b: b.png: marks no defect")
}

func square(name string, kind data.Kind, regions func() ([]Region, error)) Image {
	return Image{Name: name, Kind: kind, Map: []float32{4, 3, 2, 1}, MapWidth: 2, MapHeight: 2, Width: 2, Height: 2, Regions: regions}
}

// TestByDefect: an image with two defects counts for both, each with its own
// regions and with all of the image's and the good image's defect-free pixels.
func TestByDefect(t *testing.T) {
	regions := func(r ...Region) func() ([]Region, error) { return func() ([]Region, error) { return r, nil } }
	first, last := Region{Defect: "first", Pixels: []int{0}, Saturation: 1}, Region{Defect: "last", Pixels: []int{3}, Saturation: 1}
	r, err := Evaluate([]Image{
		square("good", data.KindGood, nil),
		square("both", data.KindLogical, regions(first, last)),
		square("one", data.KindLogical, regions(last)),
	})
	require.NoError(t, err)
	require.Len(t, r.ByDefect, 2)
	a, b := r.ByDefect["first"], r.ByDefect["last"]
	assert.Equal(t, 1, a.Regions)
	assert.Equal(t, 2, b.Regions)
	assert.Equal(t, 3, r.ByKind[data.KindLogical].Regions)
	// Defect-free for "first": all of good, pixels 1 and 2 of both. Of these six one
	// scores 4, before "first" is found; for "last" three more pixels, of the other image.
	assert.Equal(t, []Point{{math.Inf(1), 0, 0}, {3, 1.0 / 6, 1}, {2, 3.0 / 6, 1}, {1, 5.0 / 6, 1}, {math.Inf(-1), 1, 1}}, []Point(a.Curve))
	assert.Equal(t, []Point{{math.Inf(1), 0, 0}, {3, 2.0 / 9, 0}, {2, 5.0 / 9, 0}, {1, 8.0 / 9, 0}, {math.Inf(-1), 1, 1}}, []Point(b.Curve))
}
