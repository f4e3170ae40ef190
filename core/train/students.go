package train

import (
	"fmt"
	"slices"

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
	// Quantile of the hard-feature loss; 0 takes all features, so that it is the
	// plain mean squared error of the thesis (spec 2.4 #15).
	Quantile float64 `json:"quantile" yaml:"quantile"`
	// Input of the global student.
	Input Input `json:"input" yaml:"input"`
	// Jitter is the largest relative change of brightness, contrast or
	// saturation of the images that the global student sees.
	Jitter float64 `json:"jitter" yaml:"jitter"`
	// Weights of the three losses.
	Local  float64 `json:"local" yaml:"local"`
	Global float64 `json:"global" yaml:"global"`
	Fusion float64 `json:"fusion" yaml:"fusion"`
	// Whitening compares teacher and students in coordinates in which the local
	// student's errors on good images are uncorrelated and of equal size; it is the
	// ridge, as a share of their mean square. 0 leaves the teacher's channels as they
	// are, as the thesis does.
	Whitening float64 `json:"whitening" yaml:"whitening"`
}

// Input says what the global student sees and what it shall make of it
// (spec 9.1 #1). The second head of the local student sees the same.
type Input string

// The inputs. Anomalies are those that the segmentor is trained with, by its
// settings; images without a trusted map stay as they are.
const (
	InputJitter    Input = "jitter"          // changed colours; their teacher features
	InputAnomalies Input = "anomalies"       // logical synthetic anomalies; their teacher features
	InputClean     Input = "anomalies_clean" // the same; the teacher features of the clean image
	InputNone      Input = "none"            // the clean image and its teacher features
)

// Check returns an error that names the first setting out of range.
func (o Students) Check() error {
	switch o.Input {
	case InputJitter, InputAnomalies, InputClean, InputNone:
	default:
		return fmt.Errorf("students.input is %q; expected %s, %s, %s or %s", o.Input, InputJitter, InputAnomalies, InputClean, InputNone)
	}
	switch {
	case o.Steps < 1:
		return fmt.Errorf("students.steps is %d; expected at least 1", o.Steps)
	case o.Batch < 1:
		return fmt.Errorf("students.batch is %d; expected at least 1", o.Batch)
	case !(o.Rate > 0):
		return fmt.Errorf("students.rate is %v; expected a positive learning rate", o.Rate)
	case !(o.Quantile >= 0 && o.Quantile < 1):
		return fmt.Errorf("students.quantile is %v; expected a share in [0,1)", o.Quantile)
	case !(o.Whitening >= 0 && o.Whitening <= 100):
		return fmt.Errorf("students.whitening is %v; expected a ridge of 0 (off) to 100", o.Whitening)
	case !(o.Jitter >= 0 && o.Jitter < 1):
		return fmt.Errorf("students.jitter is %v; expected a share in [0,1)", o.Jitter)
	}
	return nil
}

// studentProgram is one training step of both students (spec 3.1): the local one
// imitates the teacher on its hardest features, the global one imitates it on
// images as o.Input has them, and the local one's second head imitates the global
// one there.
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
		target := teacher(x)
		local, fusion := net.LocalNet(root.Sub("local"), c, x)
		out["hard"] = root.HardFeature(target, local, o.Quantile)

		seen := x
		if name := o.Input.name(); name != "" {
			seen = g.Input(name, o.Batch, 3, c.Side, c.Side)
			_, fusion = net.LocalNet(root.Sub("local"), c, seen)
			if o.Input != InputClean {
				target = teacher(seen)
			}
		}
		global := net.GlobalNet(root.Sub("global"), c, seen, seed)
		out["global"] = root.MSE(target, global)
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
	x, seen, penalty := newBatch(o.Batch, r.c.Side), newBatch(o.Batch, r.c.Side), newBatch(1, r.c.Side)
	feed := func(s *graph.Session, step int) error {
		for i := 0; i < o.Batch; i++ {
			k := step*o.Batch + i
			j := order.at(k)
			x.put(i, r.d.Images[j])
			seen.put(i, r.seen(j, k))
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
		if name := o.Input.name(); name != "" {
			return s.SetInput(name, seen.x)
		}
		return nil
	}
	return r.train(stage{
		name: Imitating, program: p, steps: o.Steps,
		rate: stepDown(o.Rate, o.Steps), feed: feed, losses: losses, choice: true,
	})
}

// Names of the program's input for the global student.
const (
	jittered  = "jittered"
	anomalous = "anomalous"
)

// name is that of the program's input for the global student; empty where it
// sees what the local one sees.
func (i Input) name() string {
	switch i {
	case InputNone:
		return ""
	case InputAnomalies, InputClean:
		return anomalous
	}
	return jittered
}

// seen is image j as the global student sees it at draw k.
func (r *run) seen(j, k int) *image.RGB {
	im := r.d.Images[j]
	switch r.o.Students.Input {
	case InputJitter:
		return jitter(im, r.o.Students.Jitter, newDraws(r.o.Seed, streamJitter, k))
	case InputAnomalies, InputClean:
		if slices.Contains(r.d.Trusted, j) {
			im, _ = r.o.Segmentor.Anomalies.apply(im, r.d.Maps[j], newDraws(r.o.Seed, streamAnomaly, k))
		}
	}
	return im
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
