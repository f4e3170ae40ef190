package bench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
)

// WriteLayers prints layers or stages as a table.
func WriteLayers(w io.Writer, layers []Layer, c Ceiling) {
	total := 0.0
	width := len("all")
	for _, l := range layers {
		if l.Path != "all" {
			total += l.Time.Seconds()
		}
		width = max(width, len(l.Path))
	}
	fmt.Fprintf(w, "%-*s  %-26s %9s %6s %9s %9s %8s\n", width, "", "", "ms", "share", "GFLOP/s", "MB", "ceiling")
	for _, l := range layers {
		s := l.Time.Seconds()
		fmt.Fprintf(w, "%-*s  %-26s %9.3f %5.1f%% %9s %9.2f %8s\n", width, l.Path, l.Form, 1000*s, 100*s/total,
			orDash(l.Operations/s/1e9, "%.1f"), l.Bytes/1e6, orDash(100*c.Share(l.Operations, l.Bytes, l.Time), "%.0f%%"))
	}
}

// orDash prints what cannot be measured as a dash.
func orDash(v float64, format string) string {
	if !(v > 0) {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

// WriteComparisons prints comparisons as a table; ratios above 1 are in our
// favour.
func WriteComparisons(w io.Writer, list []*Comparison) {
	width := len("network")
	for _, c := range list {
		width = max(width, len(c.Name))
	}
	fmt.Fprintf(w, "%-*s %10s %10s %9s %10s %10s", width, "network", "ours, ms", "theirs, ms", "times", "error", "flips")
	if len(list) > 0 && list[0].TheirInt8 != nil {
		fmt.Fprintf(w, " %14s %9s", "their int8, ms", "times")
	}
	fmt.Fprintln(w)
	for _, c := range list {
		fmt.Fprintf(w, "%-*s %10.3f %10.3f %8.2fx %10.2g %10.2g", width, c.Name,
			milliseconds(c.Ours.Median()), milliseconds(c.Theirs.Median()), c.Ratio(), c.Error, c.Flips)
		if c.TheirInt8 != nil {
			fmt.Fprintf(w, " %14.3f %8.2fx", milliseconds(c.TheirInt8.Median()), c.RatioInt8())
		}
		fmt.Fprintln(w)
	}
}

// WriteChange prints what a precision changes.
func WriteChange(w io.Writer, c *Change) {
	fmt.Fprintf(w, "decisions that differ           %d of %d\n", c.Decisions, c.Images)
	fmt.Fprintf(w, "classes that differ             %.3f %%\n", 100*c.Flips)
	fmt.Fprintf(w, "scores differ, RMS and largest  %.4f and %.4f of their standard deviation, %.3f\n", c.RMS/c.Spread, c.Largest()/c.Spread, c.Spread)
	fmt.Fprintf(w, "the largest                     %.3f instead of %.3f, %s\n", c.Worst.Got, c.Worst.Want, c.Worst.File)
}

// Processor is the name of the processor, as Linux has it.
func Processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
