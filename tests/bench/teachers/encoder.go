package main

import (
	"maps"

	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
	"aecsad/kernels"
)

// encoder turns images into patches.
type encoder struct {
	session  *graph.Session
	channels int
	side     int // of the map of patches
	count    int // patches per image
	x        []float32
}

// settleBatch is the number of training images that give batch statistics to an
// encoder without them, as in training.
const settleBatch = 8

// newEncoder loads an encoder with weights w; nil draws them.
func newEncoder(device kernels.Device, o *options, w graph.Weights, train []*image.RGB) (*encoder, error) {
	c := net.Encoder{Width: o.Width}
	settle := w == nil || o.Settle
	e := &encoder{x: make([]float32, 3*o.Side*o.Side)}
	out := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		s := g.Root()
		f := net.EncoderNet(s.Sub("encoder"), c, g.Input("x", 1, 3, o.Side, o.Side))
		y := o.features(s, f)
		// Every other place suffices, and lets the bank hold all good patches.
		y = s.AvgPool(y, graph.Pool{Size: 3, Stride: 2, Pad: 1})
		out["patches"] = y
		e.channels, e.side, e.count = y.Shape[1], y.Shape[3], y.Shape[2]*y.Shape[3]
	})
	if err != nil {
		return nil, err
	}
	if w == nil {
		w = g.Initialize(o.Seed)
	}
	if settle {
		if w, err = settled(device, c, o.Side, w, train); err != nil {
			return nil, err
		}
	}
	if e.session, err = graph.Load(device, g.Compile(out), 0); err != nil {
		return nil, err
	}
	if err := e.session.SetWeights(w); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// features are the two stages that the teacher is made of, at the size of stage 2.
func (o *options) features(s graph.Scope, f net.Features) *graph.Value {
	if o.Stage == 1 {
		return s.Concat(s.AvgPool(f.F1, graph.Pool{Size: 2, Stride: 2}), f.F2)
	}
	return s.Concat(f.F2, s.Resize(f.F3, f.F2.Shape[2], f.F2.Shape[3]))
}

// settled measures the batch statistics on some training images.
func settled(device kernels.Device, c net.Encoder, side int, w graph.Weights, train []*image.RGB) (graph.Weights, error) {
	n, out := min(settleBatch, len(train)), graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		out["f3"] = net.EncoderNet(g.Root().Sub("encoder"), c, g.Input("x", n, 3, side, side)).F3
	})
	if err != nil {
		return nil, err
	}
	s, err := graph.Load(device, g.Settle(out), 0)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.SetWeights(w); err != nil {
		return nil, err
	}
	size := 3 * side * side
	x := make([]float32, n*size)
	for i := range n {
		image.Normalize(x[i*size:(i+1)*size], train[i*len(train)/n])
	}
	if err := s.SetInput("x", x); err != nil {
		return nil, err
	}
	if err := s.Run(); err != nil {
		return nil, err
	}
	moved, err := s.Trained()
	if err != nil {
		return nil, err
	}
	all := maps.Clone(w)
	maps.Copy(all, moved)
	return all, nil
}

// patches are channels x count features of an image.
func (e *encoder) patches(im *image.RGB) ([]float32, error) {
	image.Normalize(e.x, im)
	if err := e.session.SetInput("x", e.x); err != nil {
		return nil, err
	}
	if err := e.session.Run(); err != nil {
		return nil, err
	}
	return e.session.Output("patches")
}

func (e *encoder) close() { e.session.Close() }
