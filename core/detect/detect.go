// Package detect inspects images with a trained model: it owns the inference
// program, the scoring and the verdict. A Detector is what the C border exports.
package detect

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/stats"
	"aecsad/kernels"
)

// ErrClosed is returned by a detector that has been closed.
var ErrClosed = errors.New("the detector is closed")

// DeviceError says that the device of the options cannot be used here.
type DeviceError struct{ Err error }

func (e *DeviceError) Error() string { return e.Err.Error() }

func (e *DeviceError) Unwrap() error { return e.Err }

// ProductError is Open's answer to a product that the file does not have, and to
// none where it has several.
type ProductError = model.ProductError

// Options of Open. The zero value is a good default.
type Options struct {
	// Product names the model of a file that has several; empty means the only one.
	Product string
	// Device is auto (a GPU if there is one, else the processor), ref, cpu or
	// cuda[:index]; empty means AECSAD_DEVICE or auto.
	Device string
	// Precision is that of kernels.Options: f32 where it is empty; bf16, on GPUs also tf32
	// and f16, on CPUs int8 for models that were calibrated for it. What the device lacks is
	// refused with a DeviceError.
	Precision string
	// Threads is the number of threads per inspection; 0 means all cores. Scores
	// do not depend on it.
	Threads int
	// Sessions is how many inspections may run at once, each with memory of its
	// own; 0 means 1. Further callers wait.
	Sessions int
	// MemoryLimit is how many bytes the detector may take, all sessions together;
	// 0 means no limit. What needs more is refused with ErrNoMemory before it takes
	// any.
	MemoryLimit int64
}

// The largest accepted options.
const (
	MaxThreads  = 1024
	MaxSessions = 256
)

// Detector inspects images. All methods are safe for concurrent use.
type Detector struct {
	m          *model.Model // without weights: the engines have them
	parameters int
	device     kernels.Device
	fallback   string // why the device auto is the processor
	options    Options
	memory     memory
	engines    chan *Engine // idle ones

	mu        sync.RWMutex
	threshold threshold
	closed    bool
	running   sync.WaitGroup
}

type threshold struct {
	value, rate  float64 // rate 0: set by hand
	extrapolated bool
}

// Inspect judges one image of any size. The pixels are not kept.
//
// Where p.Ignore marks a pixel of a map's cell, the maps are set to 0, an
// ordinary value, before the structural score is taken. The networks see the
// pixels all the same, and parts are counted everywhere: what is expected of them
// was measured on whole images.
func (d *Detector) Inspect(p image.Pixels) (*Verdict, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	t, err := d.enter()
	if err != nil {
		return nil, err
	}
	defer d.running.Done()
	r, err := d.run(p)
	if err != nil {
		return nil, err
	}
	r.Ignored = p.Ignored(d.m.Config.MapSide())
	v := Judge(d.m, r)
	if math.IsNaN(v.Score) || math.IsInf(v.Score, 0) {
		return nil, fmt.Errorf("the score is %v; the model does not fit this version", v.Score)
	}
	d.decide(v, t)
	if v.Decision != Good {
		region := p.Region()
		v.Findings = explain(d.m, v, r, region.Width, region.Height)
	}
	return v, nil
}

// run gives the engine back even if the caller's memory vanishes while it reads.
func (d *Detector) run(p image.Pixels) (*Raw, error) {
	e := <-d.engines
	defer func() { d.engines <- e }()
	return e.Run(p)
}

// enter registers a running inspection and reads the threshold it is judged by.
func (d *Detector) enter() (threshold, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return threshold{}, ErrClosed
	}
	d.running.Add(1)
	return d.threshold, nil
}

func (d *Detector) decide(v *Verdict, t threshold) {
	v.Threshold = t.value
	v.PValue = stats.Conformal{Scores: d.m.Calibration.Scores}.PValue(v.Score)
	switch {
	case v.Score > t.value:
		v.Decision = Anomalous
	case v.PValue <= 2*t.rate:
		v.Decision = Uncertain
	default:
		v.Decision = Good
	}
	if v.Decision != Good {
		v.Kind = Structural
		if v.Logical > v.Structural {
			v.Kind = Logical
		}
	}
}

// SetThreshold judges later inspections by a score of the caller's choice.
func (d *Detector) SetThreshold(t float64) error {
	if math.IsNaN(t) || math.IsInf(t, 0) {
		return fmt.Errorf("threshold is %v; expected a finite score", t)
	}
	return d.setThreshold(threshold{value: t})
}

// SetFalseAlarmRate judges later inspections by the score that a share of rate
// of good images exceeds, from the validation scores in the model. When they are
// too few for the rate, the error is a *stats.TooFewError, unless extrapolate
// allows an estimate of the tail.
func (d *Detector) SetFalseAlarmRate(rate float64, extrapolate bool) error {
	t, extrapolated, err := Threshold(d.m.Calibration.Scores, rate, extrapolate)
	if err != nil {
		return err
	}
	return d.setThreshold(threshold{t, rate, extrapolated})
}

// Threshold is the score that a share of rate of good images exceeds.
func Threshold(scores []float64, rate float64, extrapolate bool) (t float64, extrapolated bool, err error) {
	if !(rate > 0 && rate < 1) {
		return 0, false, fmt.Errorf("false-alarm rate is %v; expected a share between 0 and 1, such as 0.01", rate)
	}
	c := stats.Conformal{Scores: scores}
	t, _, err = c.Threshold(rate)
	var few *stats.TooFewError
	if errors.As(err, &few) && extrapolate {
		t, err = c.Extrapolate(rate)
		return t, true, err
	}
	return t, false, err
}

func (d *Detector) setThreshold(t threshold) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.threshold = t
	return nil
}

// Info describes the detector.
func (d *Detector) Info() Info {
	d.mu.RLock()
	t := d.threshold
	d.mu.RUnlock()
	m := d.m
	return Info{
		Profile: m.Config.Profile, Category: m.Provenance.Category,
		Side: m.Config.Side, MapSide: m.Config.MapSide(), Components: m.Components,
		Threshold: t.value, FalseAlarmRate: t.rate, Extrapolated: t.extrapolated,
		Validation: len(m.Calibration.Scores), Parameters: d.parameters,
		Device: d.device.Name(), Precision: d.options.Precision, Calibrated: CalibratedIn(&d.m.Calibration), Wider: d.m.Calibration.Wider.String(), Fallback: d.fallback, Threads: d.options.Threads, Sessions: d.options.Sessions, Memory: d.memory.total(),
		ToolVersion: m.Provenance.Tool, DatasetDigest: m.Provenance.Dataset, Seed: m.Provenance.Seed,
	}
}

// Close waits for running inspections and frees the memory. Closing twice is
// harmless.
func (d *Detector) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	d.mu.Unlock()
	d.running.Wait()
	for len(d.engines) > 0 {
		(<-d.engines).Close()
	}
	return d.device.Close()
}
