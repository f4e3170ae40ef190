package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"aecsad/core/data"
	"aecsad/core/data/synth"
)

type dataCommand struct {
	Synth synthCommand `cmd:"" help:"Render a small data set in MVTec LOCO layout."`
	Check checkCommand `cmd:"" help:"Look for broken images, duplicates and misfit masks."`
}

type synthCommand struct {
	Dir            string   `arg:"" help:"Folder to make; each category becomes a folder in it."`
	Category       []string `help:"A category; repeatable. Default: all five."`
	Train          int      `help:"Good training images." default:"60"`
	Validation     int      `help:"Good validation images." default:"30"`
	TestGood       int      `help:"Good test images." default:"30"`
	TestLogical    int      `help:"Test images with a logical fault." default:"30"`
	TestStructural int      `help:"Test images with a structural fault." default:"30"`
	Seed           uint32   `help:"The same seed gives the same bytes." default:"1"`
}

func (c *synthCommand) Run(a *app) error {
	bar := bars()
	err := synth.Write(c.Dir, synth.Options{
		Categories: c.Category, Train: c.Train, Validation: c.Validation,
		TestGood: c.TestGood, TestLogical: c.TestLogical, TestStructural: c.TestStructural, Seed: c.Seed,
	}, func(done, total int) { bar("render", done, total) })
	if err != nil {
		return err
	}
	names := c.Category
	if len(names) == 0 {
		names = synth.Categories()
	}
	a.printf("wrote %s below %s\n", strings.Join(names, ", "), c.Dir)
	return nil
}

type checkCommand struct {
	Dataset string `arg:"" help:"Folder of images."`
}

func (c *checkCommand) Run(a *app) error {
	s, err := data.Open(c.Dataset)
	if err != nil {
		return err
	}
	bar := bars()
	r := data.Check(s, func(done, total int) { bar("check", done, total) })
	a.printf("%s", r)
	if n := len(r.Errors); n > 0 {
		return fmt.Errorf("data set %s: %d errors, listed above", filepath.Clean(c.Dataset), n)
	}
	return nil
}
