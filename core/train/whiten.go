package train

import (
	"fmt"
	"maps"

	"aecsad/core/coordinates"
	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/core/stats"
)

// whiten changes the coordinates in which teacher and students are compared.
func (r *run) whiten() error {
	w, err := r.whitened(r.w)
	if err != nil {
		return err
	}
	maps.Copy(r.w, w)
	return nil
}

// whitened returns the trained weights and those of the teacher in coordinates in
// which the local student's errors on the training images are white. What the
// student predicts well, and what it never does, then count alike in the mean
// over the channels that a map is; before, its largest errors drown the others.
//
// All share one change of coordinates, so that any two of them can be compared.
func (r *run) whitened(trained graph.Weights) (graph.Weights, error) {
	out := maps.Clone(trained)
	if r.o.Students.Whitening == 0 {
		return out, nil
	}
	all := maps.Clone(r.w)
	maps.Copy(all, trained)
	errors, err := r.errors(all)
	if err != nil {
		return nil, fmt.Errorf("whitening: %w", err)
	}
	w, err := errors.Whitening(r.o.Students.Whitening)
	if err != nil {
		return nil, fmt.Errorf("whitening: of the local student's errors on %d images: %w", len(r.d.Images), err)
	}
	maps.Copy(out, coordinates.Change(r.c, all, w, coordinates.Teacher, coordinates.Local, coordinates.LocalOfGlobal, coordinates.Global))
	return out, nil
}

// errors are the moments of teacher minus local student over all places of the
// training images.
func (r *run) errors(w graph.Weights) (*stats.Moments, error) {
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		root := g.Root()
		x := g.Input("x", 1, 3, r.c.Side, r.c.Side)
		o["teacher"] = net.TeacherNet(root.Sub("teacher"), r.c, net.EncoderNet(root.Sub("encoder"), r.c.Encoder, x))
		o["local"], _ = net.LocalNet(root.Sub("local"), r.c, x)
	})
	if err != nil {
		return nil, err
	}
	s, err := graph.Load(r.o.Device, g.Compile(o), r.o.Threads)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.SetWeights(w); err != nil {
		return nil, err
	}
	m := stats.NewMoments(r.c.Teacher.Channels)
	b := newBatch(1, r.c.Side)
	for i, im := range r.d.Images {
		b.put(0, im)
		if err := s.SetInput("x", b.x); err != nil {
			return nil, err
		}
		if err := s.Run(); err != nil {
			return nil, err
		}
		teacher, err := s.Output("teacher")
		if err != nil {
			return nil, err
		}
		local, err := s.Output("local")
		if err != nil {
			return nil, err
		}
		for j, v := range local {
			teacher[j] -= v
		}
		m.Add(teacher)
		if err := r.tick("whitening", i+1, len(r.d.Images)); err != nil {
			return nil, err
		}
	}
	return m, nil
}
