package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"aecsad/core/detect"
	"aecsad/core/export"
	"aecsad/core/image"
	"aecsad/core/model"
)

// Start is the cost of a first verdict: the time from opening the file of a
// model, and the most memory that was taken on the way, beyond what the process
// had before.
type Start struct {
	Ours, Theirs           Times
	OurMemory, TheirMemory int64 // bytes
}

// MeasureStart opens the model several times on both sides, in turn, theirs
// in a new process each time.
func MeasureStart(ctx context.Context, python string, o detect.Options, m *model.Model, rounds int) (*Start, error) {
	dir, err := os.MkdirTemp("", "aecsad-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ours, theirs := filepath.Join(dir, "model.aecsad"), filepath.Join(dir, "model.onnx")
	if err := calibrated(m).Save(ours); err != nil {
		return nil, err
	}
	if err := export.Model(theirs, calibrated(m)); err != nil {
		return nil, err
	}
	p := picture(m.Config.Side, m.Config.Side)
	s := &Start{}
	for range rounds {
		if err := s.open(ours, o, p); err != nil {
			return nil, err
		}
		if err := s.openTheirs(ctx, python, theirs, o.Threads, p); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Start) open(file string, o detect.Options, p image.Pixels) error {
	debug.FreeOSMemory()
	if err := forgetPeak(); err != nil {
		return err
	}
	before := resident(residentNow)
	start := time.Now()
	d, err := detect.Open(file, o)
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := d.Inspect(p); err != nil {
		return err
	}
	s.Ours = append(s.Ours, time.Since(start))
	s.OurMemory = max(s.OurMemory, resident(residentPeak)-before)
	return nil
}

func (s *Start) openTheirs(ctx context.Context, python, file string, threads int, p image.Pixels) error {
	peer, err := StartPeer(ctx, python)
	if err != nil {
		return err
	}
	defer peer.Close()
	x := make([]float32, 3*p.Width*p.Height)
	if err := image.Prepare(x, p, p.Width); err != nil {
		return err
	}
	opened, err := peer.Load("model", file, threads, map[string][]float32{"image": x})
	if err != nil {
		return err
	}
	first, err := peer.Run("model")
	if err != nil {
		return err
	}
	memory, err := peer.Memory("model")
	if err != nil {
		return err
	}
	s.Theirs = append(s.Theirs, opened+first)
	s.TheirMemory = max(s.TheirMemory, memory)
	return nil
}

// calibrated is the model, or a copy with constants of no meaning where it has
// none: what it costs to judge does not depend on them.
func calibrated(m *model.Model) *model.Model {
	if len(m.Calibration.Histograms) > 0 {
		return m
	}
	c := *m
	c.Components = nil
	for i := 1; i < m.Config.Segmentor.Classes; i++ {
		c.Components = append(c.Components, fmt.Sprint("component", i))
	}
	k := &c.Calibration
	k.Structural.Std, k.Logical.Std, k.Scores = 1, 1, []float64{0}
	for _, grid := range detect.Grids {
		n := grid * grid * m.Config.Segmentor.Classes
		h := model.Histogram{Grid: grid}
		h.Z.Std, h.Gaussian.Mean, h.Gaussian.Precision = 1, make([]float64, n), make([]float64, n*n)
		for i := range n {
			h.Gaussian.Precision[i*n+i] = 1
		}
		k.Histograms = append(k.Histograms, h)
	}
	return &c
}

// WriteStart prints the medians.
func WriteStart(w io.Writer, s *Start) {
	o, t := s.Ours.Median(), s.Theirs.Median()
	fmt.Fprintf(w, "first verdict from the file   %10.3f %10.3f %8.2fx  ms\n", milliseconds(o), milliseconds(t), t.Seconds()/o.Seconds())
	fmt.Fprintf(w, "most memory on the way        %10.0f %10.0f %8.2fx  MB\n", float64(s.OurMemory)/1e6, float64(s.TheirMemory)/1e6,
		float64(s.OurMemory)/float64(s.TheirMemory))
}
