package pipeline

import (
	"time"

	"aecsad/core/train"
)

// stageClock measures how long a step of each training stage takes. The first
// step of a stage sets it going and does not count, for it may have had memory to
// fetch.
type stageClock struct {
	stage string
	first int // the step that set the clock going
	start time.Time
}

// step notes a finished step. At a stage's last step ok is true and seconds the
// mean time of a step, checkpoints included.
func (c *stageClock) step(p train.Progress, now time.Time) (seconds float64, ok bool) {
	if p.Stage != c.stage {
		*c = stageClock{p.Stage, p.Step, now}
	}
	if p.Step < p.Steps || p.Step == c.first {
		return 0, false
	}
	return now.Sub(c.start).Seconds() / float64(p.Step-c.first), true
}
