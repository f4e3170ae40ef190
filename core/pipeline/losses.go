package pipeline

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"aecsad/core/tensorboard"
	"aecsad/core/train"
)

// lossLog appends losses to a CSV file (stage, step, loss, value) and, on request,
// writes them to an event file of TensorBoard.
type lossLog struct {
	f      *os.File
	w      *csv.Writer
	events *tensorboard.Writer // or nil
	failed error               // the first error of the event file
}

func openLosses(dir string, events bool) (*lossLog, error) {
	f, err := os.OpenFile(filepath.Join(dir, LossFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	l := &lossLog{f: f, w: csv.NewWriter(f)}
	if st, err := f.Stat(); err == nil && st.Size() == 0 {
		l.w.Write([]string{"stage", "step", "loss", "value"})
	}
	if events {
		if l.events, err = tensorboard.Create(dir, time.Now()); err != nil {
			f.Close()
			return nil, err
		}
	}
	return l, nil
}

// tags keeps the names of stages to what TensorBoard shows as they are.
var tags = strings.NewReplacer(", ", "_", " ", "_")

func (l *lossLog) add(p train.Progress) {
	now := time.Now()
	for _, v := range p.Losses {
		l.w.Write([]string{p.Stage, strconv.Itoa(p.Step), v.Name, strconv.FormatFloat(v.Value, 'g', 6, 64)})
		if l.events != nil && l.failed == nil {
			l.failed = l.events.Scalar(tags.Replace(p.Stage)+"/"+v.Name, p.Step, v.Value, now)
		}
	}
	if len(p.Losses) > 0 {
		l.w.Flush()
	}
}

// close reports every error since the log was opened; closing twice is harmless.
func (l *lossLog) close() error {
	if l.f == nil {
		return nil
	}
	l.w.Flush()
	err := errors.Join(l.failed, l.w.Error(), l.f.Close())
	if l.events != nil {
		err = errors.Join(err, l.events.Close())
	}
	l.f = nil
	return err
}
