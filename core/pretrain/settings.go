package pretrain

import (
	"fmt"
	"math"
	"slices"

	"aecsad/core/formula"
)

// Settings are what the weights depend on.
type Settings struct {
	Seed  uint32  `json:"seed"`
	Width int     `json:"width"` // of the encoder
	Side  int     `json:"side"`  // of the pictures
	Batch int     `json:"batch"`
	Steps int     `json:"steps"`
	Rate  float64 `json:"rate"`  // Adam's; half a cosine wave down to nothing
	Decay float64 `json:"decay"` // L2
	// Without names targets that the encoder need not learn and traits that the
	// pictures lack: for studies.
	Without []string `json:"without"`
}

// Check names the first setting that is out of range.
func (s Settings) Check() error {
	switch {
	case s.Width < 4 || s.Width > 256:
		return fmt.Errorf("width is %d; expected 4 to 256", s.Width)
	case s.Side < 32 || s.Side > 512 || s.Side%16 != 0:
		return fmt.Errorf("side is %d; expected a multiple of 16 from 32 to 512", s.Side)
	case s.Batch < 2:
		return fmt.Errorf("batch is %d; expected at least 2", s.Batch)
	case s.Steps < 1:
		return fmt.Errorf("steps is %d; expected at least 1", s.Steps)
	case !(s.Rate > 0):
		return fmt.Errorf("rate is %v; expected a positive learning rate", s.Rate)
	case !(s.Decay >= 0):
		return fmt.Errorf("decay is %v; expected at least 0", s.Decay)
	}
	names, left := targetNames(), 0
	for _, w := range s.Without {
		if !names[w] && !slices.Contains(formula.Traits(), formula.Trait(w)) {
			return fmt.Errorf("there is no target or trait %q to leave out", w)
		}
	}
	for name := range names {
		if !slices.Contains(s.Without, name) {
			left++
		}
	}
	if left == 0 {
		return fmt.Errorf("every target is left out")
	}
	return nil
}

// rate of a step: up in the first hundredth of the run, then half a cosine wave
// down to nothing.
func (s Settings) rate(step int) float64 {
	rise := min(1, float64(step+1)/(1+float64(s.Steps)/100))
	return s.Rate * rise * 0.5 * (1 + math.Cos(math.Pi*float64(step)/float64(s.Steps)))
}

// Traits are those that the pictures lack.
func (s Settings) Traits() (t []formula.Trait) {
	for _, trait := range formula.Traits() {
		if slices.Contains(s.Without, string(trait)) {
			t = append(t, trait)
		}
	}
	return t
}

func targetNames() map[string]bool {
	names := map[string]bool{colorName: true}
	for t := range formula.Targets {
		names[t.Name()] = true
	}
	return names
}
