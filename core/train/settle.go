package train

import (
	"fmt"
	"math"

	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
)

// settleBatch is the number of images that an encoder without imported weights
// takes its batch statistics from.
const settleBatch = 8

// settle gives an encoder with drawn weights the batch statistics of some
// training images, without which its activations would grow layer by layer.
// Imported weights bring their own.
func (r *run) settle() error {
	if r.encoder != "" {
		return nil
	}
	n := min(settleBatch, len(r.d.Images))
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		x := g.Input("x", n, 3, r.c.Side, r.c.Side)
		o["f3"] = net.EncoderNet(g.Root().Sub("encoder"), r.c.Encoder, x).F3
	})
	if err != nil {
		return err
	}
	s, err := graph.Load(r.o.Device, g.Settle(o), r.o.Threads)
	if err != nil {
		return fmt.Errorf("encoder statistics: %w", err)
	}
	defer s.Close()
	if err := s.SetWeights(r.w); err != nil {
		return err
	}
	b := newBatch(n, r.c.Side)
	for i := 0; i < n; i++ {
		b.put(i, r.d.Images[i*len(r.d.Images)/n])
	}
	if err := s.SetInput("x", b.x); err != nil {
		return err
	}
	if err := s.Run(); err != nil {
		return err
	}
	if err := r.collect(s); err != nil {
		return err
	}
	r.moments = nil
	return r.tick("encoder statistics", 1, 1)
}

// teacher measures the normalisation of the teacher's channels over all training
// images, each with equal weight (spec 1.2): population standard deviation.
func (r *run) teacher() error {
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		x := g.Input("x", 1, 3, r.c.Side, r.c.Side)
		f := net.EncoderNet(g.Root().Sub("encoder"), r.c.Encoder, x)
		o["raw"] = net.TeacherRaw(g.Root().Sub("teacher"), r.c, f)
	})
	if err != nil {
		return err
	}
	s, err := graph.Load(r.o.Device, g.Compile(o), r.o.Threads)
	if err != nil {
		return fmt.Errorf("teacher normalisation: %w", err)
	}
	defer s.Close()
	if err := s.SetWeights(r.w); err != nil {
		return err
	}
	channels := r.c.Teacher.Channels
	sum, squares := make([]float64, channels), make([]float64, channels)
	b := newBatch(1, r.c.Side)
	for i, im := range r.d.Images {
		b.put(0, im)
		if err := s.SetInput("x", b.x); err != nil {
			return err
		}
		if err := s.Run(); err != nil {
			return err
		}
		y, err := s.Output("raw")
		if err != nil {
			return err
		}
		addMoments(y, sum, squares)
		if err := r.tick("teacher normalisation", i+1, len(r.d.Images)); err != nil {
			return err
		}
	}
	n := float64(len(r.d.Images) * r.c.MapSide() * r.c.MapSide())
	mean, std := make([]float32, channels), make([]float32, channels)
	for c := range mean {
		mu := sum[c] / n
		sigma := math.Sqrt(math.Max(squares[c]/n-mu*mu, 0))
		if sigma < 1e-6 {
			return fmt.Errorf("teacher channel %d is constant over all training images; are they all the same picture?", c)
		}
		mean[c], std[c] = float32(mu), float32(sigma)
	}
	r.w["teacher.mean"] = &graph.Tensor{Shape: []int{channels}, Data: mean}
	r.w["teacher.std"] = &graph.Tensor{Shape: []int{channels}, Data: std}
	return nil
}

func addMoments(y []float32, sum, squares []float64) {
	size := len(y) / len(sum)
	for c := range sum {
		for _, v := range y[c*size : (c+1)*size] {
			sum[c] += float64(v)
			squares[c] += float64(v) * float64(v)
		}
	}
}

// batch is a tensor [n,3,side,side] under construction.
type batch struct {
	x    []float32
	size int
}

func newBatch(n, side int) *batch { return &batch{make([]float32, n*3*side*side), 3 * side * side} }

func (b *batch) put(i int, im *image.RGB) { image.Normalize(b.x[i*b.size:(i+1)*b.size], im) }
