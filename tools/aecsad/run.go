package main

import (
	"os"
	"path/filepath"

	"aecsad/core/pipeline"
)

// runFlags are the arguments of every step of a run.
type runFlags struct {
	Dataset string   `arg:"" help:"Folder of images: MVTec LOCO, MVTec AD or plain layout."`
	Out     string   `short:"o" help:"Run folder. Default: runs/<name of the data set>." placeholder:"DIR"`
	Config  string   `short:"c" help:"YAML file of settings." placeholder:"FILE" type:"path"`
	Set     []string `help:"A setting, such as students.steps=500; repeatable." placeholder:"KEY=VALUE" sep:"none"`
	Quiet   bool     `short:"q" help:"No progress bars."`
}

// open reads the settings: the given file, else the run folder's own, then --set.
func (f *runFlags) open(a *app) (*pipeline.Run, error) {
	dir := f.Out
	if dir == "" {
		abs, err := filepath.Abs(f.Dataset)
		if err != nil {
			return nil, err
		}
		dir = filepath.Join("runs", filepath.Base(abs))
	}
	config := f.Config
	if own := filepath.Join(dir, pipeline.ConfigFile); config == "" {
		if _, err := os.Stat(own); err == nil {
			config = own
		}
	}
	c, err := pipeline.ReadConfig(config, f.Set)
	if err != nil {
		return nil, err
	}
	r, err := pipeline.Open(dir, f.Dataset, c, version)
	if err != nil {
		return nil, err
	}
	if !f.Quiet {
		r.Bar = bars()
	}
	return r, nil
}

// step opens the run folder, runs f in it and closes it.
func (f *runFlags) step(a *app, do func(r *pipeline.Run) error) error {
	r, err := f.open(a)
	if err != nil {
		return err
	}
	defer r.Close()
	a.goesOn = true
	if err := do(r); err != nil {
		r.Logf("error: %v", err)
		return err
	}
	return nil
}
