package main

import (
	"fmt"
	"os"

	"aecsad/core/export"
	"aecsad/core/model"
)

type exportCommand struct {
	ONNX exportONNXCommand `cmd:"" name:"onnx" help:"An ONNX file (opset 17) with maps and scores as outputs."`
}

type exportONNXCommand struct {
	Model string `arg:"" help:"Model file."`
	Out   string `short:"o" required:"" help:"File to write." placeholder:"FILE"`
}

func (c *exportONNXCommand) Run(a *app) error {
	m, err := model.Load(c.Model)
	if err != nil {
		return err
	}
	if err := export.Model(c.Out, m); err != nil {
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	st, err := os.Stat(c.Out)
	if err != nil {
		return err
	}
	a.printf("wrote %s, %.1f MB; its input is a prepared picture, see the file's documentation\n", c.Out, float64(st.Size())/1e6)
	return nil
}
