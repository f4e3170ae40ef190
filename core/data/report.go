package data

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Report is the outcome of Check.
type Report struct {
	Name     string
	Layout   string
	Counts   []Count
	Errors   []Problem // stop training or calibration; sorted by path, then text
	Warnings []Problem // deserve a look; sorted likewise
}

// Count is the number of images of one kind in one split.
type Count struct {
	Split  string // "train", "validation" or "test"
	Kind   Kind
	Defect string // folder name where Kind is KindDefect
	Images int
	Masked int // images with at least one mask
}

// Problem is one line of a report. Path is relative to the set's root, with
// forward slashes, and empty where the problem concerns the whole set.
type Problem struct{ Path, Text string }

func (p Problem) String() string {
	if p.Path == "" {
		return p.Text
	}
	return p.Path + ": " + p.Text
}

// OK says that nothing stops training.
func (r *Report) OK() bool { return len(r.Errors) == 0 }

type split struct {
	name  string
	items []Item
}

func (s *Set) splits() []split {
	return []split{{"train", s.Train}, {"validation", s.Validation}, {"test", s.Test}}
}

func newReport(s *Set) *Report {
	r := &Report{Name: s.Name, Layout: s.Layout}
	for _, w := range s.Warnings {
		r.Warnings = append(r.Warnings, Problem{Text: w})
	}
	for _, sp := range s.splits() {
		start := len(r.Counts)
		for _, it := range sp.items {
			i := slices.IndexFunc(r.Counts[start:], func(c Count) bool { return c.Kind == it.Kind && c.Defect == it.Defect })
			if i < 0 {
				i = len(r.Counts) - start
				r.Counts = append(r.Counts, Count{Split: sp.name, Kind: it.Kind, Defect: it.Defect})
			}
			c := &r.Counts[start+i]
			c.Images++
			if len(it.Masks) > 0 {
				c.Masked++
			}
		}
	}
	return r
}

func (r *Report) add(isError bool, path, format string, args ...any) {
	p := Problem{path, fmt.Sprintf(format, args...)}
	if isError {
		r.Errors = append(r.Errors, p)
	} else {
		r.Warnings = append(r.Warnings, p)
	}
}

func (r *Report) sort() {
	for _, list := range [][]Problem{r.Errors, r.Warnings} {
		slices.SortFunc(list, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text))
		})
	}
}

// shown is the number of problems of each sort that String spells out.
const shown = 20

// String is a summary for people: counts, errors, warnings, a last line with the
// outcome. Errors and Warnings hold everything; the summary shortens long lists.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (layout %s)\n", r.Name, r.Layout)
	for _, c := range r.Counts {
		kind := string(c.Kind)
		if c.Defect != "" {
			kind = c.Defect
		}
		fmt.Fprintf(&b, "  %-10s  %-24s %5d", c.Split, kind, c.Images)
		if c.Masked > 0 {
			fmt.Fprintf(&b, "  (%d with masks)", c.Masked)
		}
		b.WriteByte('\n')
	}
	section(&b, "error", r.Errors)
	section(&b, "warning", r.Warnings)
	verdict := "ready for training"
	if !r.OK() {
		verdict = "not usable for training until the errors are mended"
	}
	fmt.Fprintf(&b, "%s, %s: %s\n", count(len(r.Errors), "error"), count(len(r.Warnings), "warning"), verdict)
	return b.String()
}

func section(b *strings.Builder, name string, list []Problem) {
	for i, p := range list {
		if i == shown {
			fmt.Fprintf(b, "%s: and %d more\n", name, len(list)-shown)
			return
		}
		fmt.Fprintf(b, "%s: %s\n", name, p)
	}
}
