package main

import (
	"path/filepath"

	"aecsad/core/pipeline"
	"aecsad/core/report"
)

type reportCommand struct {
	Runs []string `arg:"" help:"Run folders that have been evaluated."`
	Out  string   `short:"o" help:"Page to write." default:"report.html"`
}

// Run prints one table over several runs and writes one page.
func (c *reportCommand) Run(a *app) error {
	var all []*report.Evaluation
	var sections []report.Section
	for _, dir := range c.Runs {
		if err := needs(dir, pipeline.EvaluationFile, "eval"); err != nil {
			return err
		}
		e, err := report.Read(filepath.Join(dir, pipeline.EvaluationFile))
		if err != nil {
			return err
		}
		folder, err := relative(filepath.Dir(c.Out), dir)
		if err != nil {
			return err
		}
		all, sections = append(all, e), append(sections, report.Section{Evaluation: e, Folder: folder})
	}
	if err := report.WritePage(c.Out, "aecsad: evaluation", "One model per category.", sections); err != nil {
		return err
	}
	for _, t := range report.Overview(all) {
		a.printf("%s\n", t)
	}
	abs, err := filepath.Abs(c.Out)
	if err != nil {
		return err
	}
	a.printf("page: %s\n", abs)
	return nil
}

// relative is the path to dir as seen from a folder.
func relative(from, dir string) (string, error) {
	a, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	b, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.Rel(a, b)
}
