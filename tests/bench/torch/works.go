package main

import (
	"strings"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/core/pretrain"
	"aecsad/core/train"
	"aecsad/kernels"
)

// classes of the segmentor: the background and five parts.
const classes = 6

// pretrainBatch is smaller than the recipe's 32: PyTorch keeps everything for the
// gradients of a paper-size encoder at 256 pixels.
const pretrainBatch = 4

// work is a training step.
type work struct {
	name    string
	batch   int
	program *graph.Program
}

// sizes is what step.py is told.
type sizes struct {
	Threads    int            `json:"threads"`
	Side       int            `json:"side"`
	Width      int            `json:"width"` // of the encoder
	Channels   int            `json:"channels"`
	Low        int            `json:"low"`
	Decoder    int            `json:"decoder"`
	Classes    int            `json:"classes"`
	First      int            `json:"first"`
	Student    int            `json:"student"`
	Global     int            `json:"global"`
	Bottleneck string         `json:"bottleneck"`
	Attention  bool           `json:"attention"`
	Batch      map[string]int `json:"batch"`
	Heads      map[string]int `json:"heads"` // classes, 0 for a colour
}

func worksOf(profile string) ([]work, *sizes, error) {
	c, err := net.Profile(profile)
	if err != nil {
		return nil, nil, err
	}
	c.Segmentor.Classes = classes
	s, t, err := train.Defaults(profile)
	if err != nil {
		return nil, nil, err
	}
	segmentor, students, err := train.Programs(c, s, t)
	if err != nil {
		return nil, nil, err
	}
	p, err := pretrain.Program(pretrain.Settings{Width: c.Encoder.Width, Side: c.Side, Batch: pretrainBatch, Steps: 1, Rate: 1e-4})
	if err != nil {
		return nil, nil, err
	}
	works := []work{{"segmentor", s.Batch, segmentor}, {"students", t.Batch, students}, {"pretraining", pretrainBatch, p}}
	z := &sizes{
		Side: c.Side, Width: c.Encoder.Width, Channels: c.Teacher.Channels,
		Low: c.Segmentor.Low, Decoder: c.Segmentor.Width, Classes: classes,
		First: c.Local.First, Student: c.Local.Width,
		Global: c.Global.Width, Bottleneck: c.Global.Bottleneck, Attention: c.Global.Attention,
		Batch: map[string]int{}, Heads: heads(p),
	}
	for _, w := range works {
		z.Batch[w.name] = w.batch
	}
	return works, z, nil
}

// heads reads off the pretraining's weights which heads there are.
func heads(p *graph.Program) map[string]int {
	list := map[string]int{}
	for name, b := range p.Weights {
		head, ok := strings.CutPrefix(name, "heads.")
		if head, weight := strings.CutSuffix(head, ".weight"); ok && weight {
			list[head] = b.Shape[0]
			if strings.HasSuffix(head, ".color") {
				list[head] = 0
			}
		}
	}
	return list
}

// fill writes weights and inputs. Values do not matter for times, as long as they
// stay ordinary numbers.
func (w work) fill(s *graph.Session) error {
	weights := graph.Weights{}
	for name, b := range w.program.Weights {
		t := &graph.Tensor{Shape: b.Shape, Data: make([]float32, b.Len())}
		for i := range t.Data {
			t.Data[i] = 0.1*kernels.Uniform(1, uint32(len(name)), uint64(i)) - 0.05
			if strings.HasSuffix(name, "running_var") || strings.HasSuffix(name, ".std") {
				t.Data[i] = 1
			}
		}
		weights[name] = t
	}
	if err := s.SetWeights(weights); err != nil {
		return err
	}
	for name, b := range w.program.Inputs {
		v := make([]float32, b.Len())
		for i := range v {
			if b.Shape[1] == 3 { // pictures and colours; the others are classes, of which 0 is one, and shares
				v[i] = 4*kernels.Uniform(1, uint32(len(name)), uint64(i)) - 2
			}
		}
		if err := s.SetInput(name, v); err != nil {
			return err
		}
	}
	return nil
}
