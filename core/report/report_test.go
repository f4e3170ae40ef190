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
		Kinds: []Kind{
			{Name: "logical", Images: 10, Missed: 2, AUROC: share(0.95), Low: share(0.9), High: share(1), Structural: share(0.5), Logical: share(0.96)},
			{Name: "structural", Images: 10, Missed: 5, AUROC: share(0.75)},
		},
		Examples: []Example{{
			Name: "000<b>", Truth: "logical", Decision: detect.Anomalous, Kind: detect.Logical, Score: 9,
			Findings: []detect.Finding{{Sentence: "nut is missing & gone"}},
			Pictures: []Picture{{Caption: "picture", File: "examples/000.png"}},
		}},
	}
}

func TestTable(t *testing.T) {
	text := Table([]*Evaluation{evaluation("tray"), evaluation("bottle")})
	assert.Contains(t, text, "tray                     95.0       75.0        -     85.0      2.500      1 of  20     12.5\n")
	assert.Contains(t, text, "mean                     95.0       75.0        -     85.0\n")
	branches := Branches([]*Evaluation{evaluation("tray")})
	assert.Contains(t, branches, "50.0 /    96.0")
}

func TestPageEscapesAndLinks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, WritePage(path, "aecsad", "a note", []Section{{evaluation("tray"), "runs/tray"}}))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	html := string(b)
	for _, want := range []string{"000&lt;b&gt;", "nut is missing &amp; gone", `src="runs/tray/examples/000.png"`, `src="runs/tray/scores.svg"`, "a note"} {
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
