package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"aecsad/core/formula"
	"aecsad/core/pretrain"
	"aecsad/core/weights"
	"aecsad/kernels/devices"
)

type pretrainCommand struct {
	Out     string   `short:"o" required:"" help:"File of encoder weights to write. Beside it come FILE.losses.csv, FILE.png with some of the pictures and, until the end, FILE.checkpoint." placeholder:"FILE"`
	Steps   int      `help:"Training steps." default:"5000"`
	Batch   int      `help:"Pictures per step." default:"32"`
	Width   int      `help:"Width of the encoder; profile quick has 16." default:"16"`
	Side    int      `help:"Side of the pictures in pixels, a multiple of 16." default:"96"`
	Rate    float64  `help:"Largest learning rate." default:"0.003"`
	Decay   float64  `help:"L2 decay." default:"0.00001"`
	Seed    uint32   `help:"The same seed gives the same bytes on the same kind of processor." default:"1"`
	Without []string `help:"Leave something out: a target (shape, texture, orientation, scale, size, edge, instance, color) or a trait of the pictures (fractals, textures, slant, light, sensor); none for nothing. Pictures in plain colours teach best." default:"textures,texture,orientation,scale"`
	Every   int      `help:"Steps between checkpoints." default:"500"`
	Device  string   `help:"auto, ref, cpu or cuda[:index]." default:"auto"`
	Threads int      `help:"0 means all cores."`
}

// sheetRows is the number of pictures on the sheet.
const sheetRows = 12

func (c *pretrainCommand) Run(a *app) error {
	device, err := devices.Open(c.Device)
	if err != nil {
		return err
	}
	defer device.Close()
	settings := pretrain.Settings{
		Seed: c.Seed, Width: c.Width, Side: c.Side, Batch: c.Batch, Steps: c.Steps,
		Rate: c.Rate, Decay: c.Decay,
	}
	if !slices.Equal(c.Without, []string{"none"}) {
		settings.Without = c.Without
	}
	if err := settings.Check(); err != nil {
		return err
	}
	sheet, err := formula.Sheet(c.Seed, sheetRows, c.Side, settings.Traits()...)
	if err != nil {
		return err
	}
	if err := sheet.WriteFile(c.Out + ".png"); err != nil {
		return err
	}
	losses, err := openSteps(c.Out+".losses.csv", c.checkpoint())
	if err != nil {
		return err
	}
	defer losses.Close()
	a.goesOn = true
	bar, watch := bars(), newWatch()
	w, err := pretrain.Run(a.context(), pretrain.Options{
		Settings: settings, Device: device, Threads: c.Threads,
		Checkpoint: c.checkpoint(), Every: c.Every,
		Report: func(p pretrain.Progress) {
			bar("pretrain", p.Step, p.Steps)
			for _, l := range p.Losses {
				fmt.Fprintf(losses, "%d,%s,%.6g\n", p.Step, l.Name, l.Value)
			}
		},
	})
	if err != nil {
		return err
	}
	if err := losses.Close(); err != nil {
		return err
	}
	if err := weights.SavePretrained(c.Out, settings, w); err != nil {
		return err
	}
	watch.lap("pretrain")
	a.printf("wrote %s after %d pictures; %s\n", c.Out, c.Steps*c.Batch, watch)
	if err := os.Remove(c.checkpoint()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (c *pretrainCommand) checkpoint() string { return c.Out + ".checkpoint" }

// openSteps opens a CSV file of losses: a new one, or for a run that goes on the
// one that it began.
func openSteps(path, checkpoint string) (*os.File, error) {
	if _, err := os.Stat(checkpoint); err == nil {
		return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString("step,loss,value\n")
	return f, err
}
