package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
)

func share(v float64) *float64 { return &v }

func evaluation(name string) *Evaluation {
	return &Evaluation{
		Category: name, Profile: "quick", Threshold: 2.5, Rate: 0.05, Validation: 30, Good: 20, FalseAlarms: 1,
		Mean: share(0.85), Scores: "scores.svg", Milliseconds: 12.5,
		Measure: SPRO, Limits: []float64{0.05, 0.3}, MeanAreas: []float64{0.5, 0.7}, Warnings: []string{"mask <7> is blank"},
		Kinds: []Result{
			{Name: "logical", Images: 10, Missed: 2, AUROC: share(0.95), Low: share(0.9), High: share(1), Structural: share(0.5), Logical: share(0.96), Regions: 12, Areas: []float64{0.4, 0.6}},
			{Name: "structural", Images: 10, Missed: 5, AUROC: share(0.75), Regions: 11, Areas: []float64{0.6, 0.8}},
		},
		Defects: []Result{{Name: "nut_missing", Kind: "logical", Images: 3, AUROC: share(0.91), Regions: 3, Areas: []float64{0.31, 0.32}}},
		Examples: []Example{{
			Name: "000<b>", Truth: "logical", Decision: detect.Anomalous, Kind: detect.Logical, Score: 9,
			Findings: []detect.Finding{{Sentence: "nut is missing & gone"}},
			Pictures: []Picture{{Caption: "picture", File: "examples/000.png"}},
		}},
	}
}

// unsorted is of a data set without kinds of anomalies.
func unsorted(name string) *Evaluation {
	return &Evaluation{
		Category: name, Threshold: 1, Good: 5, Mean: share(0.8), Measure: PRO, Limits: []float64{0.05, 0.3},
		Kinds: []Result{{Name: "defect", Images: 4, AUROC: share(0.8), AUPR: share(0.7), F1: share(0.6), Regions: 4, Areas: []float64{0.2, 0.3}}},
	}
}

func text(tables []*Table) string {
	out := ""
	for _, t := range tables {
		out += t.String()
	}
	return out
}

func TestTablesOfKinds(t *testing.T) {
	bottle := evaluation("bottle")
	bottle.Kinds[0].AUROC, bottle.Mean, bottle.Kinds[0].Areas[0], bottle.MeanAreas[0] = share(0.85), share(0.8), 0.2, 0.4
	tables := Overview([]*Evaluation{evaluation("tray"), bottle})
	require.Len(t, tables, 3)
	assert.Equal(t, `Image AUROC in %
category  logical  structural  mean  threshold  false alarms  ms/image
tray         95.0        75.0  85.0      2.500       1 of 20      12.5
bottle       85.0        75.0  80.0      2.500       1 of 20      12.5
mean         90.0        75.0  82.5
`, tables[0].String())
	assert.Equal(t, `Localisation by the fused maps: AU-sPRO in % up to a false-positive rate of
category  anomalies   defects  0.05   0.3
tray      logical          12  40.0  60.0
tray      structural       11  60.0  80.0
tray      mean                 50.0  70.0
bottle    logical          12  20.0  60.0
bottle    structural       11  60.0  80.0
bottle    mean                 40.0  70.0
mean      logical              30.0  60.0
mean      structural           60.0  80.0
mean      mean                 45.0  70.0
`, tables[1].String())
	assert.Contains(t, tables[2].String(), "tray      logical         10  95.0   90.0 - 100.0  50.0        96.0       2\n")
	assert.Equal(t, `By defect: image AUROC in %; localisation: AU-sPRO in % up to a false-positive rate of
defect       anomalies  images  missed  AUROC  defects  0.05   0.3
nut_missing  logical         3       0   91.0        3  31.0  32.0
`, DefectTable(bottle).String())
}

func TestTablesWithoutKinds(t *testing.T) {
	tables := Overview([]*Evaluation{unsorted("a"), unsorted("b"), evaluation("tray")})
	require.Len(t, tables, 5)
	assert.Equal(t, `Image scores and localisation (AUPRO up to a false-positive rate of 0.3) in %
category  images  AUROC  AUPR  F1-max  AUPRO  threshold  false alarms  ms/image
a              4   80.0  70.0    60.0   30.0      1.000        0 of 5       0.0
b              4   80.0  70.0    60.0   30.0      1.000        0 of 5       0.0
mean               80.0  70.0    60.0   30.0
`, tables[1].String())
	assert.NotContains(t, tables[0].String(), "\nmean ", "one category alone has no mean")
	assert.Nil(t, DefectTable(unsorted("a")))
	bare := unsorted("c")
	bare.Measure, bare.Limits, bare.Kinds[0].Areas = "", nil, nil
	assert.Contains(t, text(Overview([]*Evaluation{bare})), "60.0      -      1.000")
}

func TestPageEscapesAndLinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, WritePage(path, "aecsad", "a note", []Section{{evaluation("tray"), "runs/tray"}}))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	html := string(b)
	for _, want := range []string{"000&lt;b&gt;", "nut is missing &amp; gone", `src="runs/tray/examples/000.png"`, `src="runs/tray/scores.svg"`, "a note",
		"mask &lt;7&gt; is blank", `<td class="word">nut_missing</td>`, "<td>95.0</td>"} {
		assert.Contains(t, html, want)
	}
	assert.NotContains(t, html, "<script")
}

func TestScorePlot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.svg")
	require.NoError(t, WriteScores(path, []Group{{"good", []float64{0, 1, 2}}, {"logical", nil}, {"structural", []float64{5}}}, 2.5))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Contains(t, string(b), "<svg")
	assert.Contains(t, string(b), "structural")
}

func TestReadGivesBackWhatWasStored(t *testing.T) {
	e := evaluation("tray")
	b, err := json.Marshal(e)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "e.json")
	require.NoError(t, os.WriteFile(path, b, 0o666))
	back, err := Read(path)
	require.NoError(t, err)
	assert.Equal(t, e, back)
	require.NoError(t, os.WriteFile(path, b[:20], 0o666))
	_, err = Read(path)
	assert.ErrorContains(t, err, "e.json")
}
