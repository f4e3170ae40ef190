package pipeline

import (
	"bytes"
	"encoding/csv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/report"
)

func TestMetricsAreOneRowPerKindAndDefect(t *testing.T) {
	one, half := 1.0, 0.5
	e := &report.Evaluation{
		Category: "tray", Mean: &half, Measure: report.SPRO, Limits: []float64{0.05, 1}, MeanAreas: []float64{0.25, 0.5},
		Kinds:   []report.Result{{Name: "logical", Images: 3, Missed: 1, AUROC: &one, F1: &half, Regions: 4, Areas: []float64{0.5, 1}}},
		Defects: []report.Result{{Name: "missing", Kind: "logical", Images: 2, AUROC: &half}},
	}
	var b bytes.Buffer
	require.NoError(t, writeMetrics(&b, e))
	rows, err := csv.NewReader(&b).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 4)
	cells := map[string]string{}
	for _, row := range rows[1:] {
		for i, name := range rows[0] {
			cells[row[1]+" "+row[2]+" "+name] = row[i]
		}
	}
	for key, want := range map[string]string{
		"kind logical auroc": "1", "kind logical f1_max": "0.5", "kind logical au_spro_0.05": "0.5", "kind logical regions": "4",
		"mean mean auroc": "0.5", "mean mean au_spro_1": "0.5", "mean mean images": "3",
		"defect missing kind": "logical", "defect missing auroc": "0.5", "defect missing au_spro_0.05": "", "defect missing aupr": "",
	} {
		assert.Equal(t, want, cells[key], key)
	}
}
