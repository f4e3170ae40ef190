package main

import "aecsad/core/weights"

type importCommand struct {
	File string `arg:"" help:"A .safetensors file of WideResNet-50-2 with torchvision's tensor names."`
	Out  string `short:"o" required:"" help:"File to write." placeholder:"FILE"`
}

func (c *importCommand) Run(a *app) error {
	w, err := weights.ImportEncoder(c.File)
	if err != nil {
		return err
	}
	if err := weights.SaveEncoder(c.Out, w); err != nil {
		return err
	}
	a.printf("wrote %s: %d tensors\n", c.Out, len(w))
	return nil
}
