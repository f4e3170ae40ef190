package bench

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/core/detect"
)

func TestChangeNamesTheWorstImage(t *testing.T) {
	c := &Change{Images: 2, Spread: 4}
	verdict := func(score float64, d detect.Decision, classes ...uint8) *detect.Verdict {
		return &detect.Verdict{Score: score, Decision: d, Classes: classes}
	}
	c.add("a.png", verdict(1, detect.Good, 0, 1), verdict(1, detect.Uncertain, 0, 1))
	c.add("b.png", verdict(3, detect.Uncertain, 2, 1), verdict(5, detect.Anomalous, 2, 0))
	c.RMS = math.Sqrt(c.RMS)
	assert.Equal(t, 1, c.Decisions, "only what is rejected counts")
	assert.InDelta(t, 0.25, c.Flips, 1e-12)
	assert.InDelta(t, math.Sqrt2, c.RMS, 1e-12)
	assert.Equal(t, Worst{"b.png", 3, 5}, c.Worst)
	var out bytes.Buffer
	WriteChange(&out, c)
	assert.Contains(t, out.String(), "1 of 2")
	assert.Contains(t, out.String(), "0.3536 and 0.5000")
	assert.Contains(t, out.String(), "5.000 instead of 3.000, b.png")
}
