package main

import (
	"aecsad/core/pipeline"
	"aecsad/core/weights"
)

type importCommand struct {
	Files []string `arg:"" help:"A .safetensors or .pth file of WideResNet-50-2 with torchvision's tensor names; or the files of CSAD's networks as state dicts, all parts together."`
	Out   string   `short:"o" required:"" help:"File to write." placeholder:"FILE"`
}

func (c *importCommand) Run(a *app) error {
	w, err := weights.Import(c.Files...)
	if err != nil {
		return err
	}
	if err := w.Save(c.Out, version); err != nil {
		return err
	}
	for i, sum := range w.SHA256 {
		a.printf("read %s, SHA-256 %s\n", c.Files[i], sum)
	}
	a.printf("wrote %s: %d tensors\n", c.Out, len(w.Weights))
	if w.Config != nil {
		a.printf("this is a whole model without its calibration: put it in a run's folder as %s and run the calibrate step\n", pipeline.WeightsFile)
	}
	return nil
}
