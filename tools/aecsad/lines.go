package main

import (
	"fmt"
	"io"
	"time"
)

// lineBars writes a line when a stage begins to take long and when it ends.
func lineBars(w io.Writer, every time.Duration, now func() time.Time) func(stage string, done, total int) {
	stage := ""
	var start, last time.Time
	first := 0 // a resumed stage does not begin at 0
	return func(name string, done, total int) {
		t := now()
		if name != stage {
			stage, start, last, first = name, t, t, done
		}
		if done < total && t.Sub(last) < every {
			return
		}
		last = t
		elapsed := t.Sub(start)
		line := fmt.Sprintf("%-32s %5d of %d, %s", name, done, total, elapsed.Round(time.Second))
		if done < total && done > first {
			left := time.Duration(float64(elapsed) * float64(total-done) / float64(done-first))
			line += fmt.Sprintf(", %s left", left.Round(time.Second))
		}
		fmt.Fprintln(w, line)
	}
}
