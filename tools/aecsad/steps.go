package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"aecsad/core/pipeline"
	"aecsad/core/report"
)

type labelCommand struct{ runFlags }

func (c *labelCommand) Run(a *app) error {
	return c.step(a, func(r *pipeline.Run) error { return label(a, r) })
}

func label(a *app, r *pipeline.Run) error {
	res, err := r.Label()
	if err != nil {
		return err
	}
	a.printf("%d component classes; %d of %d training images trusted\n", len(res.Classes), len(res.Trusted), len(res.Maps))
	for i, c := range res.Classes {
		a.printf("  %2d  %-14s in %3.0f %% of the images, %.2f %% of the area\n", i+1, c.Name, 100*c.Share, 100*c.MeanArea)
	}
	for _, w := range res.Warnings {
		a.printf("warning: %s\n", w)
	}
	a.printf("look at %s; label maps may be corrected by hand\n", filepath.Join(r.Dir, pipeline.SheetFile))
	return nil
}

type trainCommand struct{ runFlags }

func (c *trainCommand) Run(a *app) error {
	return c.step(a, func(r *pipeline.Run) error { return train(a, r) })
}

func train(a *app, r *pipeline.Run) error {
	a.printf("%s\n", r.Config.TeacherNote())
	if err := labelled(a, r); err != nil {
		return err
	}
	if err := r.Train(a.context()); err != nil {
		return err
	}
	a.printf("wrote %s\n", filepath.Join(r.Dir, pipeline.WeightsFile))
	return nil
}

// labelled runs the label step unless the run folder has labels, which may have
// been corrected by hand.
func labelled(a *app, r *pipeline.Run) error {
	if _, err := os.Stat(filepath.Join(r.Dir, pipeline.LabelFile)); !os.IsNotExist(err) {
		return err
	}
	return label(a, r)
}

// needs tells which step makes a file that the run folder lacks.
func needs(dir, file, step string) error {
	if _, err := os.Stat(filepath.Join(dir, file)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("run folder %s has no %s; run the %s step first", dir, file, step)
	}
	return nil
}

// precisionFlag overrides the run's setting.
type precisionFlag struct {
	Precision string `help:"f32 or bf16, on a GPU also tf32 or f16, on a CPU also bf16x6 or int8; default: the run's setting."`
}

func (p precisionFlag) set(f *runFlags) {
	if p.Precision != "" {
		f.Set = append(f.Set, "precision="+p.Precision)
	}
}

type calibrateCommand struct {
	runFlags
	precisionFlag
}

func (c *calibrateCommand) Run(a *app) error {
	c.set(&c.runFlags)
	return c.step(a, func(r *pipeline.Run) error { return calibrate(a, r) })
}

func calibrate(a *app, r *pipeline.Run) error {
	if err := needs(r.Dir, pipeline.WeightsFile, "train"); err != nil {
		return err
	}
	m, err := r.Calibrate(a.context())
	if err != nil {
		return err
	}
	k := m.Calibration
	note := ""
	if k.Extrapolated {
		note = ", extrapolated"
	}
	a.printf("threshold %.3f for %.3g %% false alarms (%d validation images%s); wrote %s\n",
		k.Threshold, 100*k.Rate, len(k.Scores), note, filepath.Join(r.Dir, pipeline.ModelFile))
	return nil
}

type evalCommand struct {
	runFlags
	precisionFlag
}

func (c *evalCommand) Run(a *app) error {
	c.set(&c.runFlags)
	return c.step(a, func(r *pipeline.Run) error { return evaluate(a, r) })
}

func evaluate(a *app, r *pipeline.Run) error {
	if err := needs(r.Dir, pipeline.ModelFile, "calibrate"); err != nil {
		return err
	}
	e, err := r.Evaluate(a.context())
	if err != nil {
		return err
	}
	tables := report.Overview([]*report.Evaluation{e})
	if t := report.DefectTable(e); t != nil {
		tables = append(tables, t)
	}
	for _, t := range tables {
		a.printf("%s\n", t)
	}
	for _, w := range e.Warnings {
		a.printf("warning: %s\n", w)
	}
	a.printf("wrote %s, %s, %s and %s in %s\n", pipeline.ScoreFile, pipeline.MetricFile, pipeline.EvaluationFile, pipeline.ReportFile, r.Dir)
	return nil
}

type fitCommand struct{ runFlags }

func (c *fitCommand) Run(a *app) error {
	return c.step(a, func(r *pipeline.Run) error {
		w := newWatch()
		if err := labelled(a, r); err != nil {
			return err
		}
		w.lap("label")
		if err := train(a, r); err != nil {
			return err
		}
		w.lap("train")
		if err := calibrate(a, r); err != nil {
			return err
		}
		w.lap("calibrate")
		if len(r.Set.Test) == 0 {
			a.printf("no test images, so no evaluation\n%s\n", w)
			return nil
		}
		if err := evaluate(a, r); err != nil {
			return err
		}
		w.lap("evaluate")
		a.printf("%s\n", w)
		r.Logf("%s", w)
		return nil
	})
}
