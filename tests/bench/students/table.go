package main

import (
	"fmt"
	"strings"

	"gonum.org/v1/gonum/stat"
)

// table collects results per row and seed.
type table struct {
	seeds int
	rows  []string
	cells map[string][][]auroc // per seed, one per category
}

func newTable(seeds int) *table { return &table{seeds: seeds, cells: map[string][][]auroc{}} }

// add notes the result of one category.
func (t *table) add(seed int, row string, a auroc) {
	if t.cells[row] == nil {
		t.rows, t.cells[row] = append(t.rows, row), make([][]auroc, t.seeds)
	}
	t.cells[row][seed] = append(t.cells[row][seed], a)
}

// String is the table; the first row is the one that the others are compared
// with.
func (t *table) String() string {
	var b strings.Builder
	b.WriteString("| setting | logical | structural | mean | mean against the first row |\n|---|---|---|---|---|\n")
	for i, row := range t.rows {
		against := "-"
		mean := t.bySeed(row, auroc.mean)
		if i > 0 {
			difference := make([]float64, t.seeds)
			for seed, v := range t.bySeed(t.rows[0], auroc.mean) {
				difference[seed] = mean[seed] - v
			}
			against = spread("%+.1f", difference)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", row,
			spread("%.1f", t.bySeed(row, func(a auroc) float64 { return a.logical })),
			spread("%.1f", t.bySeed(row, func(a auroc) float64 { return a.structural })),
			spread("%.1f", mean), against)
	}
	return b.String()
}

func (a auroc) mean() float64 { return (a.logical + a.structural) / 2 }

// bySeed is the mean over the categories of each seed.
func (t *table) bySeed(row string, of func(auroc) float64) []float64 {
	means := make([]float64, t.seeds)
	for seed, categories := range t.cells[row] {
		for _, a := range categories {
			means[seed] += of(a) / float64(len(categories))
		}
	}
	return means
}

// spread is the mean and, of more than one value, the standard deviation.
func spread(format string, values []float64) string {
	if len(values) == 1 {
		return fmt.Sprintf(format, values[0])
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	return fmt.Sprintf(format+" ± %.1f", mean, deviation)
}
