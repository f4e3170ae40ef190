package detect

import (
	"fmt"
	"math"

	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
	"aecsad/core/shape"
	"aecsad/kernels"
)

// Grids are the partitions on which component areas are counted: the whole image
// and quadrants (spec section 6).
var Grids = []int{1, 2}

// Program is the one inference program: an image in, maps, classes and
// histograms out. Calibration and inspection both run it, so that a calibrated
// score cannot differ from an inspected one.
func Program(c net.Config) (*graph.Program, error) { return Batch(c, 1) }

// Batch is Program for n images at once, whose results do not depend on each other.
func Batch(c net.Config, n int) (*graph.Program, error) {
	g, o, err := inference(c, n)
	if err != nil {
		return nil, err
	}
	return g.Compile(o), nil
}

// Fits checks that there is every weight of the program, in its shape.
func Fits(c net.Config, w graph.Source) error {
	p, err := Program(c)
	if err != nil {
		return err
	}
	return p.Fits(w)
}

// Initialize returns fresh weights for all networks of the program.
func Initialize(c net.Config, seed uint32) (graph.Weights, error) {
	g, _, err := inference(c, 1)
	if err != nil {
		return nil, err
	}
	return g.Initialize(seed), nil
}

func inference(c net.Config, n int) (*graph.Graph, graph.Outputs, error) {
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		root := g.Root()
		x := g.Input("x", n, 3, c.Side, c.Side)
		f := net.EncoderNet(root.Sub("encoder"), c.Encoder, x)

		count := root.Sub("count")
		classes := count.Argmax(net.SegmentorNet(root.Sub("segmentor"), c, f))
		o["classes"] = classes
		for _, grid := range Grids {
			o[HistogramName(grid)] = count.Histogram(classes, c.Segmentor.Classes, grid)
		}

		target := net.TeacherNet(root.Sub("teacher"), c, f)
		local, localOfGlobal := net.LocalNet(root.Sub("local"), c, x)
		global := net.GlobalNet(root.Sub("global"), c, x, 0)
		compare := root.Sub("compare")
		o["local"] = compare.SquaredDifference(target, local)
		o["global"] = compare.SquaredDifference(global, localOfGlobal)
		if c.ThirdMap != 0 {
			o["third"] = compare.SquaredDifference(target, global)
		}
	})
	return g, o, err
}

// HistogramName is the output of the program that has the areas on a grid of Grids.
func HistogramName(grid int) string { return fmt.Sprintf("histogram%d", grid) }

// Raw is what the networks say about one image, before calibration.
type Raw struct {
	Local, Global []float32   // MapSide x MapSide, mean squared differences
	Third         []float32   // the same; nil where it has no weight
	Classes       []uint8     // Side x Side
	Histograms    [][]float64 // per grid of Grids: area shares, patch-major
	Ignored       []bool      // MapSide x MapSide, places that are not judged; nil: none
}

// Regions are the connected regions of the components.
func (r *Raw) Regions() []shape.Region {
	return shape.Regions(r.Classes, int(math.Round(math.Sqrt(float64(len(r.Classes))))))
}

// Engine runs the program on one machine. It is not safe for concurrent use.
type Engine struct {
	side    int
	third   bool // the program has the third map
	session *graph.Session
	x       []float32
}

// NewEngine loads the program with weights. threads 0 means all cores.
func NewEngine(c net.Config, w graph.Source, d kernels.Device, threads int) (*Engine, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p, err := Program(c)
	if err != nil {
		return nil, err
	}
	return newEngine(c, p, w, d, threads)
}

// NewEngineAt is NewEngine in a precision that the machine has: with the ranges that
// Engine.Ranges saw, for int8, and the convolutions that compute in something wider.
func NewEngineAt(precision string, r graph.Ranges, wider graph.Wider, c net.Config, w graph.Source, d kernels.Device, threads int) (*Engine, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	p, err := Program(c)
	if err != nil {
		return nil, err
	}
	if precision == kernels.Int8 {
		if err := p.SetRanges(r); err != nil {
			return nil, err
		}
	}
	p.SetWider(wider)
	return newEngine(c, p, w, kernels.At(d, precision), threads)
}

// newEngine loads the compiled program.
func newEngine(c net.Config, p *graph.Program, w graph.Source, d kernels.Device, threads int) (*Engine, error) {
	if err := p.Fits(w); err != nil {
		return nil, err
	}
	s, err := graph.Load(d, p, threads)
	if err != nil {
		return nil, err
	}
	if err := s.SetWeights(w); err != nil {
		s.Close()
		return nil, err
	}
	return &Engine{c.Side, c.ThirdMap != 0, s, make([]float32, 3*c.Side*c.Side)}, nil
}

// share is another engine with the weights of this one; nil if the machine cannot.
func (e *Engine) share() (*Engine, error) {
	s, err := e.session.Share()
	if s == nil || err != nil {
		return nil, err
	}
	return &Engine{e.side, e.third, s, make([]float32, len(e.x))}, nil
}

// Close frees the engine.
func (e *Engine) Close() error { return e.session.Close() }

// Run looks at one image of any size.
func (e *Engine) Run(p image.Pixels) (*Raw, error) {
	if err := e.see(p); err != nil {
		return nil, err
	}
	if err := e.session.Run(); err != nil {
		return nil, err
	}
	return e.read()
}

// Convolutions are the paths of the program's convolutions, in its order.
func (e *Engine) Convolutions() []graph.Convolution { return e.session.Convolutions() }

// Ranges looks at one image, and returns what each convolution saw.
func (e *Engine) Ranges(p image.Pixels) (graph.Ranges, error) {
	if err := e.see(p); err != nil {
		return nil, err
	}
	return e.session.Ranges()
}

func (e *Engine) see(p image.Pixels) error {
	if err := image.Prepare(e.x, p, e.side); err != nil {
		return err
	}
	return e.session.SetInput("x", e.x)
}

func (e *Engine) read() (*Raw, error) {
	r := &Raw{}
	var err error
	if r.Local, err = e.session.Output("local"); err != nil {
		return nil, err
	}
	if r.Global, err = e.session.Output("global"); err != nil {
		return nil, err
	}
	if e.third {
		if r.Third, err = e.session.Output("third"); err != nil {
			return nil, err
		}
	}
	classes, err := e.session.Output("classes")
	if err != nil {
		return nil, err
	}
	r.Classes = make([]uint8, len(classes))
	for i, v := range classes {
		r.Classes[i] = uint8(v)
	}
	for _, grid := range Grids {
		h, err := e.session.Output(HistogramName(grid))
		if err != nil {
			return nil, err
		}
		shares := make([]float64, len(h))
		for i, v := range h {
			shares[i] = float64(v)
		}
		r.Histograms = append(r.Histograms, shares)
	}
	return r, nil
}
