package detect

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/model"
	"aecsad/core/net"
	"aecsad/core/shape"
	"aecsad/core/stats"
)

// gaussian has independent entries with a mean of 0.1 and a standard deviation
// of 0.01.
func gaussian(n int) stats.Gaussian {
	g := stats.Gaussian{Mean: make([]float64, n), Precision: make([]float64, n*n)}
	for i := range g.Mean {
		g.Mean[i], g.Precision[i*n+i] = 0.1, 1e4
	}
	return g
}

func counted() *model.Model {
	m := &model.Model{Components: []string{"bolt", "nut"}, Config: net.Config{Segmentor: net.Segmentor{Classes: 3}}}
	for _, grid := range Grids {
		m.Calibration.Histograms = append(m.Calibration.Histograms, model.Histogram{Grid: grid, Gaussian: gaussian(grid * grid * 3)})
	}
	return m
}

func TestFindingsNameTheMissingPart(t *testing.T) {
	m := counted()
	r := &Raw{}
	for _, h := range m.Calibration.Histograms {
		r.Histograms = append(r.Histograms, append([]float64{}, h.Gaussian.Mean...))
	}
	r.Histograms[0][2] = 0.05  // half of the nuts
	r.Histograms[1][1*3+2] = 0 // all those of the bottom left quarter
	f := logicalFindings(m, r, 200, 100)
	require.Len(t, f, 2)
	assert.Equal(t, Finding{
		Kind: Logical, Component: "nut", X: 0, Y: 0, W: 200, H: 100, Observed: 0.05, Expected: 0.1, Contribution: 0.5,
		Sentence: "nut covers 5.00 % of the image, expected 10.00 %: 50 % of it is missing there",
	}, f[0])
	assert.Equal(t, Finding{
		Kind: Logical, Component: "nut", X: 0, Y: 50, W: 100, H: 50, Observed: 0, Expected: 0.1, Contribution: 0.5,
		Sentence: "nut covers 0.00 % of the bottom left quarter, expected 10.00 %: it is missing there",
	}, f[1])
}

// Of two nuts of the usual area in all, one is half a nut: the areas say nothing.
func TestFindingsNameTheBrokenPart(t *testing.T) {
	const side = 64
	m := counted()
	classes := make([]uint8, side*side)
	square := func(x0, y0, w, h int, class uint8) {
		for y := y0; y < y0+h; y++ {
			for x := x0; x < x0+w; x++ {
				classes[y*side+x] = class
			}
		}
	}
	square(5, 5, 10, 10, 2)
	square(40, 40, 10, 10, 2)
	r := &Raw{Classes: classes}
	for _, h := range m.Calibration.Histograms {
		r.Histograms = append(r.Histograms, h.Gaussian.Mean)
	}
	k := shape.Learn([][]shape.Region{r.Regions()}, 3)
	k.Z = stats.ZScore{Mean: 0.02, Std: 0.01}
	m.Calibration.Shapes = k
	require.Len(t, Distances(&m.Calibration, r), 3)
	assert.Zero(t, Distances(&m.Calibration, r)[2])
	assert.Empty(t, logicalFindings(m, r, 128, 64))

	square(40, 40, 10, 5, 0)
	square(20, 50, 6, 6, 1)
	assert.Equal(t, 3.0, Distances(&m.Calibration, r)[2], "no bolt was ever seen")
	f := logicalFindings(m, r, 128, 64)
	require.Len(t, f, 2)
	assert.Equal(t, [4]int{40, 50, 12, 6}, [4]int{f[0].X, f[0].Y, f[0].W, f[0].H})
	assert.Equal(t, "bolt of about 12 x 6 pixels at (40, 50): good images have none in one piece", f[0].Sentence)
	assert.Equal(t, "nut", f[1].Component)
	assert.Equal(t, [4]int{80, 45, 20, 5}, [4]int{f[1].X, f[1].Y, f[1].W, f[1].H})
	assert.InDelta(t, 50.0/4096, f[1].Observed, 1e-9)
	assert.InDelta(t, 100.0/4096, f[1].Expected, 1e-7)
	assert.Contains(t, f[1].Sentence, "0.50 times the area, 1.00 times the length and 0.50 times the width")
	assert.InDelta(t, 1.0/3, f[0].Contribution+f[1].Contribution, 1e-9)
}

func TestFindingsBoxTheScratch(t *testing.T) {
	m := counted()
	m.Calibration.Level = 0.5
	v := &Verdict{MapSide: 8, Fused: make([]float32, 64)}
	for _, i := range []int{9, 10, 11} { // row 1, columns 1 to 3
		v.Fused[i] = 1
	}
	v.Fused[11] = 2
	v.Fused[63] = 0.6
	f := structuralFindings(m, v, 80, 160)
	require.Len(t, f, 2)
	assert.Equal(t, [4]int{10, 20, 30, 20}, [4]int{f[0].X, f[0].Y, f[0].W, f[0].H})
	assert.InDelta(t, 1.5/1.6, f[0].Contribution, 1e-6)
	assert.Contains(t, f[0].Sentence, "about 30 x 20 pixels at (10, 20)")
	assert.Equal(t, [4]int{70, 140, 10, 20}, [4]int{f[1].X, f[1].Y, f[1].W, f[1].H})
}

func TestBlobsAreFourConnected(t *testing.T) {
	m := []float32{
		1, 0, 1,
		0, 1, 1,
		1, 0, 0,
	}
	assert.Equal(t, []blob{{0, 0, 0, 0, 1}, {1, 0, 2, 1, 1}, {0, 2, 0, 2, 1}}, blobs(m, 3, 0.5))
}

func TestPeakAndFuse(t *testing.T) {
	m := &model.Model{Calibration: model.Calibration{Local: model.MapNorm{Scale: model.Scale{Start: 0, End: 1}}, Global: model.MapNorm{Scale: model.Scale{Start: 1, End: 2}}}}
	local, global, fused := Fuse(m, &Raw{Local: []float32{1, 0}, Global: []float32{1, 3}})
	assert.InDeltaSlice(t, []float32{0.1, 0}, local, 1e-6)
	assert.InDeltaSlice(t, []float32{0, 0.2}, global, 1e-6)
	assert.InDelta(t, 0.2, Peak(fused), 1e-6)

	m.Config.ThirdMap, m.Calibration.Third = 3, model.MapNorm{Scale: model.Scale{Start: 2, End: 4}}
	_, _, fused = Fuse(m, &Raw{Local: []float32{1, 0}, Global: []float32{1, 3}, Third: []float32{6, 1}})
	assert.InDeltaSlice(t, []float32{0.1 + 3*0.2, 0.2 - 3*0.05}, fused, 1e-6)
}
