package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table is text in rows and columns.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
	// Left is the number of columns, from the first on, that hold words; numbers
	// stand at the right.
	Left int
	// Means is the number of last rows that average those above.
	Means int
}

func (t *Table) add(cells ...string) { t.Rows = append(t.Rows, cells) }

func (t *Table) addMean(cells ...string) {
	t.add(cells...)
	t.Means++
}

// IsMean tells whether a row averages others.
func (t *Table) IsMean(row int) bool { return row >= len(t.Rows)-t.Means }

// IsWord tells whether a column holds words.
func (t *Table) IsWord(column int) bool { return column < t.Left }

// String prints the table for a terminal.
func (t *Table) String() string {
	width := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	b.WriteString(t.Title + "\n")
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		line := ""
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if t.IsWord(i) {
				line += cell + space + "  "
			} else {
				line += space + cell + "  "
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// average prints shares as percentages and remembers them.
type average struct {
	sum float64
	n   int
}

// add takes a value into the average and prints it.
func (a *average) add(v *float64) string {
	if v != nil {
		a.sum += *v
		a.n++
	}
	return percent(v)
}

func (a *average) String() string {
	if a.n == 0 {
		return percent(nil)
	}
	v := a.sum / float64(a.n)
	return percent(&v)
}

func percent(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100**v)
}
