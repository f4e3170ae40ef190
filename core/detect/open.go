package detect

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/core/task"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// Open reads a model file.
func Open(path string, o Options) (*Detector, error) {
	m, err := model.Open(path, o.Product)
	if err != nil {
		return nil, err
	}
	d, err := open(m, o)
	if err != nil && !strings.HasPrefix(err.Error(), path+": ") {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, err
}

// OpenBytes reads a model from memory, which is not kept.
func OpenBytes(b []byte, o Options) (*Detector, error) {
	m, err := model.OpenBytes(b, o.Product)
	if err != nil {
		return nil, err
	}
	return open(m, o)
}

// open takes the weights from the file to the machine one by one, while the
// file's checksum is computed beside it.
func open(m *model.Opened, o Options) (*Detector, error) {
	defer m.Close()
	var damaged error
	verify := task.Start(func() { damaged = m.Verify() })
	defer verify.Join()
	d, err := build(m.Model, m, o)
	verify.Wait()
	if err == nil && damaged != nil {
		d.Close()
		return nil, damaged
	}
	return d, err
}

// New makes a detector of a model, which is not kept.
func New(m *model.Model, o Options) (*Detector, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	return build(m, m.Weights, o)
}

// NewOn is New on a machine of the caller's, which the detector closes.
func NewOn(device kernels.Device, m *model.Model, o Options) (*Detector, error) {
	if err := m.Check(); err != nil {
		device.Close()
		return nil, err
	}
	return buildOn(device, m, m.Weights, o)
}

// build loads a checked model with weights that may be elsewhere.
func build(m *model.Model, w graph.Source, o Options) (*Detector, error) {
	device, fallback, err := devices.Choose(o.Device)
	if err != nil {
		return nil, &DeviceError{err}
	}
	d, err := buildOn(device, m, w, o)
	if err != nil {
		return nil, err
	}
	d.fallback = fallback
	return d, nil
}

func buildOn(device kernels.Device, m *model.Model, w graph.Source, o Options) (*Detector, error) {
	err := o.complete()
	if err == nil {
		err = fitsGrids(m)
	}
	var p *graph.Program
	if err == nil {
		p, err = Program(m.Config)
	}
	if err == nil && o.Precision == kernels.Int8 {
		err = withRanges(p, m)
	}
	var memory memory
	if err == nil {
		p.SetWider(m.Calibration.Wider)
		device = kernels.At(device, o.Precision)
		memory, err = memoryOf(m, p, device, o)
	}
	if err == nil {
		err = memory.within(o.MemoryLimit)
	}
	if err != nil {
		device.Close()
		return nil, ofDevice(err)
	}
	lean, c := *m, m.Calibration
	lean.Weights = nil
	d := &Detector{
		m: &lean, parameters: p.Parameters(), device: device, options: o, memory: memory,
		engines:   make(chan *Engine, o.Sessions),
		threshold: threshold{c.Threshold, c.Rate, c.Extrapolated},
	}
	if err := d.load(p, w); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// withRanges gives the program what int8 wants to know.
func withRanges(p *graph.Program, m *model.Model) error {
	if len(m.Calibration.Ranges) == 0 {
		return fmt.Errorf("the model has no ranges for precision %s; `aecsad calibrate --precision %[1]s` measures them", kernels.Int8)
	}
	return p.SetRanges(m.Calibration.Ranges)
}

// complete checks the options and fills in defaults.
func (o *Options) complete() error {
	if o.Threads < 0 || o.Threads > MaxThreads {
		return fmt.Errorf("threads is %d; expected 0 (all cores) to %d", o.Threads, MaxThreads)
	}
	if o.Sessions < 0 || o.Sessions > MaxSessions {
		return fmt.Errorf("sessions is %d; expected 0 (one) to %d", o.Sessions, MaxSessions)
	}
	if o.MemoryLimit < 0 {
		return fmt.Errorf("the memory limit is %d bytes; expected 0 (none) or more", o.MemoryLimit)
	}
	if o.Precision == "" {
		o.Precision = kernels.Float32
	}
	o.Sessions = max(o.Sessions, 1)
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	return nil
}

// load fills the detector with engines, which share their weights if the machine
// can.
func (d *Detector) load(p *graph.Program, w graph.Source) error {
	var last *Engine
	for range d.options.Sessions {
		var e *Engine
		var err error
		if last != nil {
			e, err = last.share()
		}
		if e == nil && err == nil {
			e, err = newEngine(d.m.Config, p, w, d.device, d.options.Threads)
		}
		if err != nil {
			return ofDevice(err)
		}
		d.engines <- e
		last = e
	}
	return nil
}

// ofDevice makes a *DeviceError of a precision that the device lacks.
func ofDevice(err error) error {
	var lacking *kernels.PrecisionError
	if errors.As(err, &lacking) {
		return &DeviceError{err}
	}
	return err
}

func fitsGrids(m *model.Model) error {
	var have []int
	for _, h := range m.Calibration.Histograms {
		have = append(have, h.Grid)
	}
	if fmt.Sprint(have) != fmt.Sprint(Grids) {
		return fmt.Errorf("the model counts components on grids %v, this version on %v", have, Grids)
	}
	return nil
}
