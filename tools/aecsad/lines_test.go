package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLineBars(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	bar := lineBars(&out, 10*time.Second, func() time.Time { return now })
	for i := 1; i <= 40; i++ {
		bar("train", i, 40)
		now = now.Add(time.Second)
	}
	bar("calibrate", 1, 1)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	assert.Equal(t, []string{
		"train                               11 of 40, 10s, 29s left",
		"train                               21 of 40, 20s, 19s left",
		"train                               31 of 40, 30s, 9s left",
		"train                               40 of 40, 39s",
		"calibrate                            1 of 1, 0s",
	}, lines)
}
