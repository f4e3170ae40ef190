package pipeline

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/data"
	"aecsad/core/detect"
	"aecsad/core/eval"
	"aecsad/core/image"
	"aecsad/core/report"
)

// judged is a 4x4 test image whose 2x2 map has one value left and one right.
func judged(kind data.Kind, left, right float32, masks ...string) scored {
	v := &detect.Verdict{MapSide: 2, Fused: []float32{left, right, left, right}, Score: float64(max(left, right))}
	return scored{item: data.Item{Path: string(kind), Kind: kind, Masks: masks}, verdict: v, w: 4, h: 4}
}

// leftHalf writes a mask of the image's left half.
func leftHalf(t *testing.T, value uint8) string {
	path := filepath.Join(t.TempDir(), "000.png")
	mask := image.Labels{Width: 4, Height: 4, Pix: make([]uint8, 16)}
	for i := range mask.Pix {
		if i%4 < 2 {
			mask.Pix[i] = value
		}
	}
	require.NoError(t, mask.WriteFile(path))
	return path
}

func localiseOf(r *Run, results ...scored) (report.Result, *report.Evaluation) {
	e := &report.Evaluation{}
	var k report.Result
	r.localise(e, results).of(data.KindLogical, &k)
	return k, e
}

func TestLocalisation(t *testing.T) {
	path := leftHalf(t, 9)
	r := &Run{Set: &data.Set{}}
	good, unmasked := judged(data.KindGood, 0, 0), judged(data.KindStructural, 0, 0)

	k, e := localiseOf(r, good, unmasked)
	assert.Nil(t, k.Areas, "no masks")
	assert.Empty(t, e.Warnings)

	k, e = localiseOf(r, good, unmasked, judged(data.KindLogical, 1, 0, path))
	require.Len(t, k.Areas, len(eval.Limits))
	assert.InDelta(t, 1, k.Areas[1], 1e-12, "the map is above 0.5 in the defect only")
	assert.Equal(t, report.PRO, e.Measure)
	assert.Equal(t, []string{"1 anomalous test images have no mask and take no part in localisation"}, e.Warnings)

	k, _ = localiseOf(r, good, judged(data.KindLogical, 0, 1, path))
	assert.InDelta(t, 0, k.Areas[1], 1e-12, "a map that points elsewhere")

	r.Set.Defects = map[int]data.Defect{9: {Name: "missing", SaturationThreshold: 1}}
	k, e = localiseOf(r, good, judged(data.KindLogical, 1, 0, path))
	assert.InDelta(t, 1, k.Areas[1], 1e-12)
	assert.Equal(t, report.SPRO, e.Measure)
}

// An unusable mask is named in a warning; the rest is evaluated without it.
func TestUnusableMasks(t *testing.T) {
	usable, other := leftHalf(t, 9), leftHalf(t, 7)
	blank := leftHalf(t, 0)
	small := filepath.Join(t.TempDir(), "small.png")
	require.NoError(t, (&image.Labels{Width: 2, Height: 1, Pix: []uint8{9, 0}}).WriteFile(small))
	r := &Run{Set: &data.Set{Defects: map[int]data.Defect{9: {Name: "missing", SaturationThreshold: 1}}}}
	good := judged(data.KindGood, 0, 0)
	alone, _ := localiseOf(r, good, judged(data.KindLogical, 1, 0, usable))
	k, e := localiseOf(r, good, judged(data.KindLogical, 1, 0, usable),
		judged(data.KindLogical, 0, 1, blank), judged(data.KindLogical, 0, 1, small), judged(data.KindLogical, 0, 1, other))
	assert.Equal(t, alone, k)
	require.Len(t, e.Warnings, 3)
	for i, want := range []string{blank + ": marks no defect", small + ": is 2x1, its image 4x4", other + ": holds the value 7"} {
		assert.Contains(t, e.Warnings[i], want)
	}

	k, e = localiseOf(r, good, judged(data.KindLogical, 0, 1, blank))
	assert.Nil(t, k.Areas)
	require.Len(t, e.Warnings, 1)
	assert.Contains(t, e.Warnings[0], blank)
}

// Every figure of a small test set, by hand.
func TestEvaluationOfScores(t *testing.T) {
	r := &Run{Set: &data.Set{Defects: map[int]data.Defect{
		9: {Name: "missing", SaturationThreshold: 1}, 7: {Name: "bent", SaturationThreshold: 1, Relative: true},
	}}}
	good, higher := judged(data.KindGood, 0, 0), judged(data.KindGood, 0, 2)
	higher.verdict.Decision = detect.Anomalous
	logical, structural := judged(data.KindLogical, 3, 0, leftHalf(t, 9)), judged(data.KindStructural, 1, 0, leftHalf(t, 7))
	logical.verdict.Decision = detect.Anomalous

	e := r.evaluation(detect.Info{Category: "tray"}, []scored{good, higher, logical, structural})
	assert.Equal(t, "tray", e.Category)
	assert.Equal(t, [2]int{2, 1}, [2]int{e.Good, e.FalseAlarms})
	require.Len(t, e.Kinds, 2)
	l, s := e.Kinds[0], e.Kinds[1]
	assert.Equal(t, [2]int{0, 1}, [2]int{l.Missed, s.Missed})
	assert.Equal(t, [2]float64{1, 0.5}, [2]float64{*l.AUROC, *s.AUROC})
	assert.Equal(t, 0.75, *e.Mean)
	assert.Equal(t, [2]float64{1, 0.5}, [2]float64{*l.AUPR, *s.AUPR})
	assert.Equal(t, [2]float64{1, 2.0 / 3}, [2]float64{*l.F1, *s.F1})
	assert.Equal(t, [2]float64{3, 1}, [2]float64{*l.F1Threshold, *s.F1Threshold})
	for i := range eval.Limits {
		assert.Equal(t, (l.Areas[i]+s.Areas[i])/2, e.MeanAreas[i])
	}
	assert.Less(t, s.Areas[1], l.Areas[1], "a good image scores higher than the structural defect")
	require.Len(t, e.Defects, 2)
	missing, bent := e.Defects[0], e.Defects[1]
	assert.Equal(t, [4]string{"missing", "logical", "bent", "structural"}, [4]string{missing.Name, missing.Kind, bent.Name, bent.Kind})
	assert.Equal(t, s.Areas, bent.Areas)
	assert.Equal(t, l.AUROC, missing.AUROC)
}

// Folders name defects where masks do not.
func TestDefectsOfFolders(t *testing.T) {
	a, b := judged(data.KindDefect, 1, 0), judged(data.KindDefect, 0, 0)
	a.item.Defect, b.item.Defect = "scratch", "crack"
	r := &Run{Set: &data.Set{}}
	e := r.evaluation(detect.Info{}, []scored{judged(data.KindGood, 0.5, 0), a, b})
	require.Len(t, e.Defects, 2)
	assert.Equal(t, [2]string{"crack", "scratch"}, [2]string{e.Defects[0].Name, e.Defects[1].Name})
	assert.Equal(t, [2]float64{0, 1}, [2]float64{*e.Defects[0].AUROC, *e.Defects[1].AUROC})
	assert.Equal(t, 0.5, *e.Mean)
	assert.Nil(t, e.MeanAreas)
	assert.Empty(t, e.Measure)
}
