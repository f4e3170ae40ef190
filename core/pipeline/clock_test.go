package pipeline

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"aecsad/core/train"
)

func TestStageClock(t *testing.T) {
	var c stageClock
	now := time.Unix(1000, 0)
	var measured []float64
	step := func(stage string, step, steps int, seconds float64) {
		now = now.Add(time.Duration(seconds * float64(time.Second)))
		if s, ok := c.step(train.Progress{Stage: stage, Step: step, Steps: steps}, now); ok {
			measured = append(measured, s)
		}
	}
	step("a", 1, 3, 60) // memory is fetched
	step("a", 2, 3, 1)
	step("a", 3, 3, 3)
	step("b", 1, 1, 5) // a single step says nothing
	step("c", 9, 11, 9)
	step("c", 10, 11, 1.5) // goes on from a checkpoint
	step("c", 11, 11, 1.5)
	assert.Equal(t, []float64{2, 1.5}, measured)
}
