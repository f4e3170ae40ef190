package report

import (
	_ "embed"
	"html/template"
	"io"
	"path/filepath"

	"aecsad/modelfmt"
)

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"share": func(v float64) float64 { return 100 * v },
}).Parse(pageHTML))

// Section is an evaluation and the folder that its pictures are in, relative to
// the page.
type Section struct {
	*Evaluation
	Folder string
}

// Defects is the table of the section's defects, or nil.
func (s Section) Defects() *Table { return DefectTable(s.Evaluation) }

// At is the address of a file of the section, as seen from the page.
func (s Section) At(file string) string { return filepath.ToSlash(filepath.Join(s.Folder, file)) }

// WritePage writes one page with a section per evaluation.
func WritePage(path, title, note string, sections []Section) error {
	var all []*Evaluation
	for _, s := range sections {
		all = append(all, s.Evaluation)
	}
	return modelfmt.WriteAtomic(path, func(w io.Writer) error {
		return page.Execute(w, map[string]any{
			"Title": title, "Note": note, "Sections": sections,
			"Tables": Overview(all),
		})
	})
}
