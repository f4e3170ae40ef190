package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"aecsad/core/export"
	"aecsad/core/model"
)

type exportCommand struct {
	ONNX exportONNXCommand `cmd:"" name:"onnx" help:"An ONNX file (opset 17) with maps and scores as outputs."`
}

type exportONNXCommand struct {
	Model   string `arg:"" help:"Model file."`
	Product string `help:"The product to export, where the file has several." placeholder:"NAME"`
	Out     string `short:"o" required:"" help:"File to write." placeholder:"FILE"`
}

func (c *exportONNXCommand) Run(a *app) error {
	m, err := model.Load(c.Model, c.Product)
	if err != nil {
		return err
	}
	if err := export.Model(c.Out, m); err != nil {
		var out *fs.PathError
		if errors.As(err, &out) {
			return err // of the file to write, not of the model
		}
		return fmt.Errorf("%s: %w", c.Model, err)
	}
	st, err := os.Stat(c.Out)
	if err != nil {
		return err
	}
	a.printf("wrote %s, %.1f MB; its input is a prepared picture, see the file's documentation\n", c.Out, float64(st.Size())/1e6)
	return nil
}
