package main

import (
	"errors"
	"strings"

	"aecsad/core/detect"
	"aecsad/kernels/devices"
)

type infoCommand struct {
	Model   string `arg:"" optional:"" help:"Model file."`
	Devices bool   `help:"List the machines of this computer, and why one cannot be used."`
}

func (c *infoCommand) Run(a *app) error {
	if c.Devices {
		for _, line := range devices.Describe() {
			a.printf("%s\n", line)
		}
	}
	if c.Model == "" {
		if c.Devices {
			return nil
		}
		return errors.New("info wants a model file, or --devices")
	}
	d, err := detect.Open(c.Model, detect.Options{})
	if err != nil {
		return err
	}
	defer d.Close()
	i := d.Info()
	a.printf("category      %s\n", i.Category)
	a.printf("profile       %s, input %d x %d pixels, maps %d x %d, %d weights\n", i.Profile, i.Side, i.Side, i.MapSide, i.MapSide, i.Parameters)
	a.printf("components    %s\n", strings.Join(i.Components, ", "))
	rate := "set by hand"
	if i.FalseAlarmRate > 0 {
		rate = "for a false-alarm rate of " + percent(i.FalseAlarmRate)
	}
	if i.Extrapolated {
		rate += ", extrapolated"
	}
	a.printf("threshold     %.4f, %s, from %d validation images\n", i.Threshold, rate, i.Validation)
	a.printf("made by       aecsad %s, seed %d, data set sha256 %s\n", i.ToolVersion, i.Seed, i.DatasetDigest)
	a.printf("runs on       %s, %d threads\n", i.Device, i.Threads)
	return nil
}
