package weights

import (
	_ "embed"
	"fmt"

	"aecsad/core/graph"
	"aecsad/modelfmt"
)

// FormulaWidth is the width of the encoder that Formula has weights for.
const FormulaWidth = 16

// quick.aecsad was made by `aecsad pretrain`, from no photograph at all; its own
// description holds the settings, tests/bench/teachers.md command, log and digest.
//
//go:embed quick.aecsad
var quick []byte

// Formula returns the weights of a slim encoder that learned to read pictures
// drawn from formulas. Each call makes a fresh copy.
func Formula() (graph.Weights, error) {
	f, err := modelfmt.Decode(quick)
	if err != nil {
		return nil, fmt.Errorf("the built-in encoder: %w", err)
	}
	return encoderOf(f)
}
