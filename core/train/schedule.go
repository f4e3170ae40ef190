package train

import "fmt"

// Schedules are how batches and learning rates go: the published code's or the
// thesis' (spec 9.1 #7 to #9).
const (
	ScheduleCode   = "code"
	ScheduleThesis = "thesis"
)

// The thesis' batch (sections 5.3 and 5.4).
const thesisBatch = 16

// Follow sets what the named schedule says. Defaults are the code's. The thesis
// trains the segmentor for 40 of 120 epochs on labelled images alone, with a rate
// that falls from 1e-4 to 1e-6 as a cosine, and the students from 2e-4 on; both
// see as many images as before, in larger batches.
func Follow(schedule string, s *Segmentor, t *Students) error {
	switch schedule {
	case ScheduleCode:
	case ScheduleThesis:
		s.Steps, s.Batch = max(s.Steps*s.Batch/thesisBatch, 1), thesisBatch
		s.Supervised, s.Rate, s.FinalRate = 40.0/120, 1e-4, 1e-6
		t.Steps, t.Batch = max(t.Steps*t.Batch/thesisBatch, 1), thesisBatch
		t.Rate, t.Decay = 2e-4, 1e-4
	default:
		return fmt.Errorf("schedule is %q; expected %s or %s", schedule, ScheduleCode, ScheduleThesis)
	}
	return nil
}
