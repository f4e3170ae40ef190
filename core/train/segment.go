package train

import (
	"fmt"
	"slices"

	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
)

// Segmentor are the settings of the segmentation network's training (spec 5.4).
type Segmentor struct {
	Steps int `json:"steps" yaml:"steps"`
	// Supervised is the share of the steps that use labelled images only.
	Supervised float64 `json:"supervised" yaml:"supervised"`
	Batch      int     `json:"batch" yaml:"batch"` // of labelled images, and as many unlabelled ones
	// Rate is Adam's at first, FinalRate in the end, with a cosine between.
	Rate      float64 `json:"rate" yaml:"rate"`
	FinalRate float64 `json:"final_rate" yaml:"final_rate"`
	Decay     float64 `json:"decay" yaml:"decay"` // L2
	// Weights of the five losses.
	CrossEntropy float64 `json:"cross_entropy" yaml:"cross_entropy"`
	Focal        float64 `json:"focal" yaml:"focal"`
	Dice         float64 `json:"dice" yaml:"dice"`
	Histogram    float64 `json:"histogram" yaml:"histogram"`
	Entropy      float64 `json:"entropy" yaml:"entropy"`

	Anomalies Anomalies `json:"anomalies" yaml:"anomalies"`
	Reference Reference `json:"reference" yaml:"reference"`
}

// Reference switches on quirks of the published code, for comparisons with it
// (spec 9.3 #5, #6). The third quirk that changes training, a momentum of 0.999
// in batch normalisation (#7), is the configuration's segmentor.momentum.
type Reference struct {
	DoubleSoftmax bool `json:"double_softmax" yaml:"double_softmax"` // cross-entropy takes probabilities for logits
	AbsentDice    bool `json:"absent_dice" yaml:"absent_dice"`       // a class without pixels takes dice's whole weight
}

// Check returns an error that names the first setting out of range.
func (o Segmentor) Check() error {
	switch {
	case o.Steps < 1:
		return fmt.Errorf("segmentor.steps is %d; expected at least 1", o.Steps)
	case o.Batch < 2:
		return fmt.Errorf("segmentor.batch is %d; expected at least 2, for batch statistics", o.Batch)
	case !(o.Supervised >= 0 && o.Supervised <= 1):
		return fmt.Errorf("segmentor.supervised is %v; expected a share in [0,1]", o.Supervised)
	case !(o.Rate > 0) || !(o.FinalRate >= 0):
		return fmt.Errorf("segmentor.rate is %v and final_rate %v; expected positive learning rates", o.Rate, o.FinalRate)
	}
	return o.Anomalies.check()
}

// supervised is the number of steps of the first stage.
func (o Segmentor) supervised() int { return int(o.Supervised * float64(o.Steps)) }

// segmentProgram is one training step: the three supervised losses on labelled
// images and, in the second stage, histogram and entropy on unlabelled ones.
func segmentProgram(c net.Config, o Segmentor, all bool) (*graph.Program, []string, error) {
	out := graph.Outputs{}
	var total *graph.Value
	g, err := graph.Build(func(g *graph.Graph) {
		root := g.Root()
		logits := func(x *graph.Value) *graph.Value {
			return net.SegmentorNet(root.Sub("segmentor"), c, net.EncoderNet(root.Freeze().Sub("encoder"), c.Encoder, x))
		}
		y := logits(g.Input("x", o.Batch, 3, c.Side, c.Side))
		labels := g.Input("labels", o.Batch, 1, c.Side, c.Side)
		p := root.Softmax(y)
		if o.Reference.DoubleSoftmax {
			y = p
		}
		out["cross_entropy"] = root.CrossEntropy(y, labels)
		out["focal"] = root.Focal(p, labels)
		out["dice"] = root.Dice(p, labels, o.Reference.AbsentDice)
		terms := []graph.Term{{Weight: o.CrossEntropy, Loss: out["cross_entropy"]}, {Weight: o.Focal, Loss: out["focal"]}, {Weight: o.Dice, Loss: out["dice"]}}
		if all {
			u := root.Softmax(logits(g.Input("unlabelled", o.Batch, 3, c.Side, c.Side)))
			out["histogram"] = root.HistogramLoss(u, g.Input("target", o.Batch, c.Segmentor.Classes))
			out["entropy"] = root.WeightedSum(graph.Term{Weight: 1, Loss: root.Entropy(u)}, graph.Term{Weight: 1, Loss: root.Entropy(p)})
			terms = append(terms, graph.Term{Weight: o.Histogram, Loss: out["histogram"]}, graph.Term{Weight: o.Entropy, Loss: out["entropy"]})
		}
		total = root.WeightedSum(terms...)
	})
	if err != nil {
		return nil, nil, err
	}
	names := []string{"cross_entropy", "focal", "dice"}
	if all {
		names = append(names, "histogram", "entropy")
	}
	return g.Train(total, graph.Adam(o.Decay), out), names, nil
}

// segmentSupervised is the first stage. Unlabelled images take no part in it,
// not even in batch statistics (spec 9.3 #8).
func (r *run) segmentSupervised() error {
	if r.o.Segmentor.supervised() == 0 {
		return nil
	}
	return r.segment("segmentor, labelled", 0, r.o.Segmentor.supervised(), false)
}

// segmentAll is the second stage. Adam's state is carried over from the first.
func (r *run) segmentAll() error {
	first := r.o.Segmentor.supervised()
	if first == r.o.Segmentor.Steps {
		r.moments = nil
		return nil
	}
	return r.segment(Segmenting, first, r.o.Segmentor.Steps-first, true)
}

func (r *run) segment(name string, first, steps int, all bool) error {
	o := r.o.Segmentor
	p, losses, err := segmentProgram(r.c, o, all)
	if err != nil {
		return err
	}
	rate := cosine(o.Rate, o.FinalRate, o.Steps)
	f := newSegmentFeed(r)
	return r.train(stage{
		name: name, program: p, first: first, steps: steps,
		rate: func(step int) float64 { return rate(first + step) },
		feed: func(s *graph.Session, step int) error {
			if err := f.labelled(s, first+step); err != nil || !all {
				return err
			}
			return f.unlabelled(s, first+step)
		},
		losses: losses, carry: !all, choice: all,
	})
}

// segmentFeed makes the batches of both loaders.
type segmentFeed struct {
	r                      *run
	trusted, others        []int
	trustedOrder, otherOrd *shuffle
	x, u                   *batch
	labels, target         []float32
}

func newSegmentFeed(r *run) *segmentFeed {
	f := &segmentFeed{r: r, trusted: r.d.Trusted}
	for i := range r.d.Images {
		if !slices.Contains(f.trusted, i) {
			f.others = append(f.others, i)
		}
	}
	n, side := r.o.Segmentor.Batch, r.c.Side
	if len(f.others) < n { // all images are trusted: look at them without labels too
		f.others = nil
		for i := range r.d.Images {
			f.others = append(f.others, i)
		}
	}
	f.trustedOrder = newShuffle(len(f.trusted), r.o.Seed, streamLabelled)
	f.otherOrd = newShuffle(len(f.others), r.o.Seed, streamUnlabelled)
	f.x, f.u = newBatch(n, side), newBatch(n, side)
	f.labels, f.target = make([]float32, n*side*side), make([]float32, n*r.c.Segmentor.Classes)
	return f
}

func (f *segmentFeed) labelled(s *graph.Session, step int) error {
	n := f.r.o.Segmentor.Batch
	size := f.r.c.Side * f.r.c.Side
	for i := 0; i < n; i++ {
		k := step*n + i
		j := f.trusted[f.trustedOrder.at(k)]
		d := newDraws(f.r.o.Seed, streamAugment, k)
		im, labels := f.r.o.Segmentor.Anomalies.apply(f.r.d.Images[j], f.r.d.Maps[j], d)
		im, labels = wobble(im, labels, d)
		f.x.put(i, im)
		for p, c := range labels.Pix {
			f.labels[i*size+p] = float32(c)
		}
	}
	if err := s.SetInput("labels", f.labels); err != nil {
		return err
	}
	return s.SetInput("x", f.x.x)
}

// unlabelled images are compared with the histogram of a random trusted map.
func (f *segmentFeed) unlabelled(s *graph.Session, step int) error {
	n, classes := f.r.o.Segmentor.Batch, f.r.c.Segmentor.Classes
	clear(f.target)
	for i := 0; i < n; i++ {
		k := step*n + i
		f.u.put(i, f.r.d.Images[f.others[f.otherOrd.at(k)]])
		j := f.trusted[newDraws(f.r.o.Seed, streamTarget, k).below(len(f.trusted))]
		areas(f.r.d.Maps[j], f.target[i*classes:(i+1)*classes])
	}
	if err := s.SetInput("target", f.target); err != nil {
		return err
	}
	return s.SetInput("unlabelled", f.u.x)
}

// areas adds each class's share of the map.
func areas(m *image.Labels, shares []float32) {
	for _, c := range m.Pix {
		if int(c) < len(shares) {
			shares[c] += 1 / float32(len(m.Pix))
		}
	}
}
