package bench

import (
	"bufio"
	"os"
	"strconv"
	"strings"
)

// The keys of Linux's account of a process: its resident memory, and the most of
// it since the last call of forgetPeak.
const (
	residentNow  = "VmRSS"
	residentPeak = "VmHWM"
)

// resident is memory of this process in bytes; 0 where it is not known.
func resident(key string) int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if text, ok := strings.CutPrefix(s.Text(), key+":"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(text, "kB")), 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}

// forgetPeak makes the peak start from the memory of this moment.
func forgetPeak() error { return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200) }
