package pipeline

import (
	"fmt"

	"aecsad/core/graph"
	"aecsad/core/train"
	"aecsad/core/weights"
)

// Values of Config.Teacher that are not files.
const (
	TeacherFormula = "formula"
	TeacherRandom  = "random"
)

// teacher is the encoder's weights, nil where they are drawn from the seed.
func (r *Run) teacher() (graph.Weights, error) {
	encoder := r.Config.Network.Encoder
	switch r.Config.Teacher {
	case TeacherRandom, "":
		if encoder.Pretrained {
			return nil, &train.WeightsError{Profile: r.Config.Profile}
		}
		return nil, nil
	case TeacherFormula:
		if encoder.Width != weights.FormulaWidth {
			return nil, fmt.Errorf("teacher=formula is for an encoder of width %d, network.encoder.width is %d; choose teacher=random, or train one with  aecsad pretrain --width %d",
				weights.FormulaWidth, encoder.Width, encoder.Width)
		}
		return weights.Formula()
	}
	return weights.LoadEncoder(r.Config.Teacher)
}

// TeacherNote tells people what the teacher is and what that means for them.
func (c Config) TeacherNote() string {
	switch c.Teacher {
	case TeacherRandom, "":
		return fmt.Sprintf("Teacher: untrained, weights from seed %d. Component histograms work well with it; structural faults are found only roughly.", c.Seed)
	case TeacherFormula:
		return "Teacher: the built-in one, which learned from pictures drawn by formulas and saw no photograph."
	}
	return "Teacher: weights from " + c.Teacher + "."
}
