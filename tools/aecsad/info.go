package main

import (
	"errors"
	"os"
	"strings"

	"aecsad/core/detect"
	"aecsad/core/model"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

type infoCommand struct {
	Model   string `arg:"" optional:"" help:"Model file."`
	Product string `help:"The product to describe, where the file has several." placeholder:"NAME"`
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
	if c.Product == "" {
		list, err := model.Products(c.Model)
		if err != nil {
			return err
		}
		if len(list) > 1 {
			return a.products(c.Model, list)
		}
	}
	d, err := detect.Open(c.Model, detect.Options{Product: c.Product})
	if err != nil {
		return err
	}
	defer d.Close()
	a.describe(d.Info())
	return nil
}

// products lists what a bundle holds.
func (a *app) products(path string, list []model.Product) error {
	st, err := os.Stat(path)
	if err != nil {
		return err
	}
	a.printf("%d products, %.1f MB; describe one with --product\n\n", len(list), megabytes(st.Size()))
	a.printf("%-24s %-8s %10s %10s\n", "product", "profile", "own MB", "shared MB")
	for _, p := range list {
		a.printf("%-24s %-8s %10.1f %10.1f\n", p.Name, p.Profile, megabytes(p.Own), megabytes(p.Shared))
	}
	return nil
}

func megabytes(n int64) float64 { return float64(n) / 1e6 }

func (a *app) describe(i detect.Info) {
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
	if i.Calibrated != kernels.Float32 {
		a.printf("calibrated    in %s, and meant for --precision %[1]s\n", i.Calibrated)
		if i.Wider != "" {
			a.printf("              wider where that would change too much: %s\n", i.Wider)
		}
	}
	a.printf("made by       aecsad %s, seed %d, data set sha256 %s\n", i.ToolVersion, i.Seed, i.DatasetDigest)
	a.printf("runs on       %s, %d threads, precision %s\n", i.Device, i.Threads, i.Precision)
	if i.Fallback != "" {
		a.printf("              the processor, because %s\n", i.Fallback)
	}
}
