package graph

import "aecsad/kernels"

// segmentLoss is a loss between an image [N,C,H,W] and a second input, with one
// instruction each way (spec 5.4).
type segmentLoss struct {
	loss, gradient kernels.Op
}

func (o *segmentLoss) forward(l *lowering, n *node) {
	l.emit(o.loss, append([]kernels.Slot{l.slot(n.out)}, l.slots(n.in)...)...)
}

func (o *segmentLoss) backward(l *lowering, n *node) {
	if d, ok := l.into(n.in[0]); ok {
		l.emit(o.gradient, append([]kernels.Slot{d, l.dy(n)}, l.slots(n.in)...)...)
	}
}

func (s Scope) labelled(op string, x, labels *Value) (n, c, hw int) {
	n, c, h, w := s.image(op, x)
	if labels.Len() != n*h*w {
		s.fail("%s: image %v wants %d labels, got shape %v", op, x.Shape, n*h*w, labels.Shape)
	}
	return n, c, h * w
}

// CrossEntropy is over logits; labels [N,1,H,W] outside [0,C) are ignored.
func (s Scope) CrossEntropy(x, labels *Value) *Value {
	n, c, hw := s.labelled("cross-entropy", x, labels)
	return s.apply(&segmentLoss{kernels.CrossEntropy{N: n, C: c, HW: hw},
		kernels.CrossEntropyBackward{N: n, C: c, HW: hw}}, scalar, x, labels)
}

// Focal is over probabilities, gamma 2.
func (s Scope) Focal(p, labels *Value) *Value {
	n, c, hw := s.labelled("focal", p, labels)
	return s.apply(&segmentLoss{kernels.Focal{N: n, C: c, HW: hw},
		kernels.FocalBackward{N: n, C: c, HW: hw}}, scalar, p, labels)
}

// Dice is over probabilities, weighted by inverse area; absent switches the
// reference's treatment of absent classes on (spec 9.3 #6).
func (s Scope) Dice(p, labels *Value, absent bool) *Value {
	n, c, hw := s.labelled("dice", p, labels)
	return s.apply(&segmentLoss{kernels.Dice{N: n, C: c, HW: hw, Absent: absent},
		kernels.DiceBackward{N: n, C: c, HW: hw, Absent: absent}}, scalar, p, labels)
}

// HistogramLoss compares mean probabilities with a target histogram [N,C].
func (s Scope) HistogramLoss(p, target *Value) *Value {
	n, c, h, w := s.image("histogram loss", p)
	if target.Len() != n*c {
		s.fail("histogram loss: image %v wants a target of %d values, got %v", p.Shape, n*c, target.Shape)
	}
	return s.apply(&segmentLoss{kernels.HistogramLoss{N: n, C: c, HW: h * w},
		kernels.HistogramLossBackward{N: n, C: c, HW: h * w}}, scalar, p, target)
}

// Entropy is the mean of -p ln p.
func (s Scope) Entropy(p *Value) *Value {
	return s.apply(&segmentLoss{kernels.Entropy{Len: p.Len()},
		kernels.EntropyBackward{Len: p.Len()}}, scalar, p)
}
