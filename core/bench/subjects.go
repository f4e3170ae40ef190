package bench

import (
	"fmt"
	"maps"
	"slices"

	"aecsad/core/coordinates"
	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/core/net"
	"aecsad/kernels"
)

// Drawn is a model of a profile with drawn weights, in the coordinates in which
// calibration leaves them, and no calibration: times do not depend on other values.
func Drawn(profile string) (*model.Model, error) {
	c, err := net.Profile(profile)
	if err != nil {
		return nil, err
	}
	w, err := detect.Initialize(c, 1)
	if err != nil {
		return nil, err
	}
	maps.Copy(w, coordinates.Triangular(c, w))
	return &model.Model{Config: c, Weights: w}, nil
}

// Networks are the inference program as a whole and each network on its own.
func Networks(c net.Config, w graph.Weights) ([]Subject, error) {
	whole, err := detect.Program(c)
	if err != nil {
		return nil, err
	}
	subjects := []Subject{{"whole", whole, w}}
	image := func(g *graph.Graph) *graph.Value { return g.Input("x", 1, 3, c.Side, c.Side) }
	for _, part := range []struct {
		name  string
		build func(g *graph.Graph) graph.Outputs
	}{
		{"encoder+teacher", func(g *graph.Graph) graph.Outputs {
			f := net.EncoderNet(g.Root().Sub("encoder"), c.Encoder, image(g))
			return graph.Outputs{"f1": f.F1, "f3": f.F3, "target": net.TeacherNet(g.Root().Sub("teacher"), c, f)}
		}},
		{"segmentor", func(g *graph.Graph) graph.Outputs {
			k := c.Encoder.Width
			f := net.Features{
				F1: g.Input("f1", 1, 4*k, c.Side/4, c.Side/4),
				F3: g.Input("f3", 1, 16*k, c.Side/16, c.Side/16),
			}
			return graph.Outputs{"logits": net.SegmentorNet(g.Root().Sub("segmentor"), c, f)}
		}},
		{"local", func(g *graph.Graph) graph.Outputs {
			teacher, global := net.LocalNet(g.Root().Sub("local"), c, image(g))
			return graph.Outputs{"teacher": teacher, "global": global}
		}},
		{"global", func(g *graph.Graph) graph.Outputs {
			return graph.Outputs{"features": net.GlobalNet(g.Root().Sub("global"), c, image(g), 0)}
		}},
	} {
		p, err := compile(part.build)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, Subject{part.name, p, w})
	}
	return subjects, nil
}

func compile(build func(g *graph.Graph) graph.Outputs) (*graph.Program, error) {
	var o graph.Outputs
	g, err := graph.Build(func(g *graph.Graph) { o = build(g) })
	if err != nil {
		return nil, err
	}
	return g.Compile(o), nil
}

// Convolutions are the different convolutions of a program, each on its own with
// the same followers. They are named after the first layer of their kind.
func Convolutions(p *graph.Program) ([]Subject, error) {
	var seen []kernels.Conv2D
	var subjects []Subject
	for i, call := range p.Kernels.Calls {
		o, ok := call.Op.(kernels.Conv2D)
		if !ok || slices.Contains(seen, o) {
			continue
		}
		seen = append(seen, o)
		s, err := convolution(p.Paths[i], o)
		if err != nil {
			return nil, err
		}
		subjects = append(subjects, s)
	}
	return subjects, nil
}

func convolution(path string, o kernels.Conv2D) (Subject, error) {
	outputs := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		s, fan := g.Root(), o.C*o.R*o.S
		var bias *graph.Value
		if o.Bias {
			bias = s.Param("bias", graph.FanIn(fan), o.K)
		}
		y := s.Conv2D(g.Input("x", o.N, o.C, o.H, o.W), s.Param("weight", graph.FanIn(fan), o.K, o.C, o.R, o.S), bias,
			graph.Conv{Stride: o.Stride, Pad: o.Pad, Dilation: o.Dilation})
		if o.Residual {
			y = s.Add(y, g.Input("residual", o.N, o.K, o.P(), o.Q()))
		}
		if o.Relu {
			y = s.Relu(y)
		}
		outputs["y"] = y
	})
	if err != nil {
		return Subject{}, err
	}
	return Subject{fmt.Sprintf("%s %s", path, form(o)), g.Compile(outputs), g.Initialize(1)}, nil
}
