package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// watch times the steps of a run.
type watch struct {
	last time.Time
	laps []string
}

func newWatch() *watch { return &watch{last: time.Now()} }

func (w *watch) lap(step string) {
	now := time.Now()
	w.laps = append(w.laps, fmt.Sprintf("%s %.1f s", step, now.Sub(w.last).Seconds()))
	w.last = now
}

// String lists the steps' times and the largest memory the process has had.
func (w *watch) String() string {
	s := strings.Join(w.laps, ", ")
	if mib := peakMemory(); mib > 0 {
		s += fmt.Sprintf("; peak memory %d MiB", mib)
	}
	return s
}

// peakMemory is the process's largest resident set in MiB, 0 where the system
// does not say.
func peakMemory() int {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(b), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			kib, err := strconv.Atoi(f[1])
			if err == nil {
				return kib >> 10
			}
		}
	}
	return 0
}
