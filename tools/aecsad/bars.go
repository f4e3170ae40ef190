package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bars shows how far each stage is on the standard error: a bar with the time
// left on a terminal, elsewhere (a log, a service) a line now and then.
func bars() func(stage string, done, total int) {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		return terminalBars()
	}
	return lineBars(os.Stderr, 10*time.Second, time.Now)
}

func terminalBars() func(stage string, done, total int) {
	var bar *progressbar.ProgressBar
	stage := ""
	return func(name string, done, total int) {
		if name != stage || bar == nil {
			stage = name
			bar = progressbar.NewOptions(total,
				progressbar.OptionSetDescription(fmt.Sprintf("%-32s", name)),
				progressbar.OptionSetWriter(os.Stderr),
				progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true),
				progressbar.OptionSetElapsedTime(true), progressbar.OptionSetWidth(24),
				progressbar.OptionThrottle(200*time.Millisecond),
				progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }))
		}
		bar.Set(done)
	}
}
