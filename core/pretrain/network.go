package pretrain

import (
	"slices"

	"aecsad/core/formula"
	"aecsad/core/graph"
	"aecsad/core/net"
)

const (
	encoderScope = "encoder"
	colorName    = "color"
	// colorWeight makes the squared error of a colour, of about 0.3 at the
	// start, count like the cross-entropies.
	colorWeight = 4
)

// strides of the encoder's stages, in pixels of the picture.
var strides = [3]int{4, 8, 16}

func stageName(i int) string { return [3]string{"f1", "f2", "f3"}[i] }

// network is an encoder with a linear head per stage and target.
type network struct {
	graph   *graph.Graph
	program *graph.Program
	losses  []string // outputs
}

func newNetwork(s Settings) (*network, error) {
	n := &network{}
	out := graph.Outputs{}
	var total *graph.Value
	var err error
	n.graph, err = graph.Build(func(g *graph.Graph) {
		root := g.Root()
		x := g.Input("x", s.Batch, 3, s.Side, s.Side)
		f := net.EncoderNet(root.Sub(encoderScope), net.Encoder{Width: s.Width, Momentum: momentum}, x)
		var stages []graph.Term
		for i, v := range []*graph.Value{f.F1, f.F2, f.F3} {
			name := stageName(i)
			loss := heads(g, root.Sub("heads."+name), v, name, s.Without, out)
			stages = append(stages, graph.Term{Weight: 1, Loss: loss})
		}
		total = root.WeightedSum(stages...)
	})
	if err != nil {
		return nil, err
	}
	for name := range out {
		n.losses = append(n.losses, name)
	}
	slices.Sort(n.losses)
	n.program = n.graph.Train(total, graph.Adam(s.Decay), out)
	return n, nil
}

// heads asks a stage for all targets; the answers' losses, named "f2.texture" as
// are the inputs with the true answers, enter out and are added up.
func heads(g *graph.Graph, s graph.Scope, x *graph.Value, stage string, without []string, out graph.Outputs) *graph.Value {
	var terms []graph.Term
	for t := range formula.Targets {
		if slices.Contains(without, t.Name()) {
			continue
		}
		name := stage + "." + t.Name()
		truth := g.Input(name, x.Shape[0], 1, x.Shape[2], x.Shape[3])
		out[name] = s.CrossEntropy(linear(s.Sub(t.Name()), x, t.Classes()), truth)
		terms = append(terms, graph.Term{Weight: 1, Loss: out[name]})
	}
	if !slices.Contains(without, colorName) {
		name := stage + "." + colorName
		truth := g.Input(name, x.Shape[0], 3, x.Shape[2], x.Shape[3])
		out[name] = s.MSE(linear(s.Sub(colorName), x, 3), truth)
		terms = append(terms, graph.Term{Weight: colorWeight, Loss: out[name]})
	}
	return s.WeightedSum(terms...)
}

// linear is a 1x1 convolution with bias.
func linear(s graph.Scope, x *graph.Value, k int) *graph.Value {
	c := x.Shape[1]
	return s.Conv2D(x, s.Param("weight", graph.FanIn(c), k, c, 1, 1), s.Param("bias", graph.Constant(0), k), graph.Conv{})
}

// Program is a training step, for those who time it.
func Program(s Settings) (*graph.Program, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	n, err := newNetwork(s)
	if err != nil {
		return nil, err
	}
	return n.program, nil
}
