package train

import (
	"fmt"

	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
)

// Students are the settings of both students' training (spec 3.2).
type Students struct {
	Steps int     `json:"steps" yaml:"steps"`
	Batch int     `json:"batch" yaml:"batch"`
	Rate  float64 `json:"rate" yaml:"rate"`   // Adam's, a tenth of it in the last 5 % of the steps
	Decay float64 `json:"decay" yaml:"decay"` // L2
	// Quantile of the hard-feature loss; 0 makes it a plain mean squared error.
	Quantile float64 `json:"quantile" yaml:"quantile"`
	// Jitter is the largest relative change of brightness, contrast or
	// saturation of the images that the global student sees.
	Jitter float64 `json:"jitter" yaml:"jitter"`
	// Weights of the three losses.
	Local  float64 `json:"local" yaml:"local"`
	Global float64 `json:"global" yaml:"global"`
	Fusion float64 `json:"fusion" yaml:"fusion"`
}

func (o Students) check() error {
	switch {
	case o.Steps < 1:
		return fmt.Errorf("students.steps is %d; expected at least 1", o.Steps)
	case o.Batch < 1:
		return fmt.Errorf("students.batch is %d; expected at least 1", o.Batch)
	case !(o.Rate > 0):
		return fmt.Errorf("students.rate is %v; expected a positive learning rate", o.Rate)
	case !(o.Quantile >= 0 && o.Quantile < 1):
		return fmt.Errorf("students.quantile is %v; expected a share in [0,1)", o.Quantile)
	case !(o.Jitter >= 0 && o.Jitter < 1):
		return fmt.Errorf("students.jitter is %v; expected a share in [0,1)", o.Jitter)
	}
	return nil
}

// studentProgram is one training step of both students (spec 3.1): the local one
// imitates the teacher on its hardest features, the global one imitates it on
// jittered images, and the local one's second head imitates the global one.
func studentProgram(c net.Config, o Students, penalty bool, seed uint32) (*graph.Program, []string, error) {
	out := graph.Outputs{}
	var total *graph.Value
	g, err := graph.Build(func(g *graph.Graph) {
		root := g.Root()
		frozen := root.Freeze()
		teacher := func(x *graph.Value) *graph.Value {
			return net.TeacherNet(frozen.Sub("teacher"), c, net.EncoderNet(frozen.Sub("encoder"), c.Encoder, x))
		}
		x := g.Input("x", o.Batch, 3, c.Side, c.Side)
		jittered := g.Input("jittered", o.Batch, 3, c.Side, c.Side)

		local, _ := net.LocalNet(root.Sub("local"), c, x)
		_, fusion := net.LocalNet(root.Sub("local"), c, jittered)
		global := net.GlobalNet(root.Sub("global"), c, jittered, seed)

		out["hard"] = root.HardFeature(teacher(x), local, o.Quantile)
		out["global"] = root.MSE(teacher(jittered), global)
		out["fusion"] = root.MSE(global, fusion)
		terms := []graph.Term{{Weight: o.Local, Loss: out["hard"]}, {Weight: o.Global, Loss: out["global"]}, {Weight: o.Fusion, Loss: out["fusion"]}}
		if penalty {
			foreign, _ := net.LocalNet(root.Sub("local"), c, g.Input("penalty", 1, 3, c.Side, c.Side))
			out["penalty"] = root.MeanSquare(foreign)
			terms = append(terms, graph.Term{Weight: o.Local, Loss: out["penalty"]})
		}
		total = root.WeightedSum(terms...)
	})
	if err != nil {
		return nil, nil, err
	}
	names := []string{"hard", "global", "fusion"}
	if penalty {
		names = append(names, "penalty")
	}
	return g.Train(total, graph.Adam(o.Decay), out), names, nil
}

func (r *run) students() error {
	o := r.o.Students
	p, losses, err := studentProgram(r.c, o, len(r.d.Penalty) > 0, mix(r.o.Seed, streamStudent))
	if err != nil {
		return err
	}
	order := newShuffle(len(r.d.Images), r.o.Seed, streamStudent)
	x, jittered, penalty := newBatch(o.Batch, r.c.Side), newBatch(o.Batch, r.c.Side), newBatch(1, r.c.Side)
	feed := func(s *graph.Session, step int) error {
		for i := 0; i < o.Batch; i++ {
			k := step*o.Batch + i
			im := r.d.Images[order.at(k)]
			x.put(i, im)
			jittered.put(i, jitter(im, o.Jitter, newDraws(r.o.Seed, streamJitter, k)))
		}
		if err := s.SetInput("x", x.x); err != nil {
			return err
		}
		if n := len(r.d.Penalty); n > 0 {
			penalty.put(0, r.d.Penalty[newDraws(r.o.Seed, streamPenalty, step).below(n)])
			if err := s.SetInput("penalty", penalty.x); err != nil {
				return err
			}
		}
		return s.SetInput("jittered", jittered.x)
	}
	return r.train(stage{
		name: "students", program: p, steps: o.Steps,
		rate: stepDown(o.Rate, o.Steps), feed: feed, losses: losses,
	})
}

// jitter changes one of brightness, contrast and saturation (spec 3.2).
func jitter(im *image.RGB, strength float64, d *draws) *image.RGB {
	which, factor := d.below(3), d.between(1-strength, 1+strength)
	switch which {
	case 0:
		return image.Brightness(im, factor)
	case 1:
		return image.Contrast(im, factor)
	}
	return image.Saturation(im, factor)
}
