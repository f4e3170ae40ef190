package main

import (
	"fmt"
	"maps"
	"runtime"
	"slices"

	"aecsad/core/bench"
	"aecsad/core/detect"
	"aecsad/core/model"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

type benchCommand struct {
	Model     string   `arg:"" optional:"" help:"Model file; without one, a network with drawn weights."`
	Product   string   `help:"The product to time, where the file has several." placeholder:"NAME"`
	Profile   string   `help:"Sizes of the network without a model." default:"paper"`
	Like      string   `help:"A calibrated model: without one of its own, the network computes each stage in what that one does." placeholder:"MODEL"`
	Runs      int      `help:"Inspections or rounds to time." default:"20"`
	Threads   []int    `help:"Numbers of threads to try." default:"1,2"`
	Width     int      `help:"Image width." default:"1280"`
	Height    int      `help:"Image height." default:"1024"`
	Layers    bool     `help:"Every layer as well; with --compare, every convolution."`
	Growth    bool     `help:"Instead: time and memory over input sides, batches and callers at once."`
	Compare   string   `help:"Instead: time ${enum} beside it, the same weights, inputs and threads, in turn." enum:"onnxruntime,none" default:"none"`
	Python    string   `help:"Python with the package onnxruntime, for --compare." default:"python3"`
	Device    string   `help:"auto, ref, cpu or cuda[:index]." default:"auto"`
	Precision string   `help:"f32 or bf16, on a GPU also tf32 or f16, on a CPU also bf16x6 or int8; what is not f32 is timed beside it there." default:"f32"`
	Images    []string `help:"Instead: images or folders of images, on which the precision's classes and scores are compared with those of f32." placeholder:"PATH"`
}

func (c *benchCommand) Run(a *app) error {
	if c.Runs < 1 || c.Width < 1 || c.Height < 1 {
		return fmt.Errorf("runs, width and height are %d, %d, %d; expected at least 1", c.Runs, c.Width, c.Height)
	}
	if slices.ContainsFunc(c.Threads, func(n int) bool { return n < 1 || n > detect.MaxThreads }) {
		return fmt.Errorf("threads is %v; expected numbers from 1 to %d", c.Threads, detect.MaxThreads)
	}
	m, err := c.network()
	if err != nil {
		return err
	}
	d, err := c.open(m)
	if err != nil {
		return err
	}
	defer d.Close()
	a.printf("%s, %d cores, device %s; profile %s, side %d\n", bench.Processor(), runtime.NumCPU(), describe(d), m.Config.Profile, m.Config.Side)
	switch {
	case len(c.Images) > 0:
		return c.change(a, m)
	case c.Compare == "onnxruntime":
		return c.compare(a, d, m)
	case c.Growth:
		return c.growth(a, m)
	}
	if err := c.inspections(a, m); err != nil {
		return err
	}
	for _, threads := range c.Threads {
		if err := c.stages(a, d, m, threads); err != nil {
			return err
		}
	}
	return nil
}

// open opens the device: for int8 in float32, in which the ranges of a drawn network
// are measured.
func (c *benchCommand) open(m *model.Model) (kernels.Device, error) {
	if c.Precision == kernels.Int8 && c.Model != "" && len(m.Calibration.Ranges) == 0 {
		return nil, fmt.Errorf("the model has no ranges for precision %s; `aecsad calibrate --precision %[1]s` measures them", c.Precision)
	}
	d, err := devices.Open(c.Device)
	if err == nil && c.Precision == kernels.Int8 && c.Model == "" {
		err = measureRanges(d, m)
	}
	return d, err
}

func measureRanges(d kernels.Device, m *model.Model) error {
	subjects, err := bench.Networks(m.Config, m.Weights)
	if err == nil {
		m.Calibration.Ranges, err = bench.Ranges(d, subjects[0], 1)
		wider := m.Calibration.Ranges.Signed()
		maps.Copy(wider, m.Calibration.Wider)
		m.Calibration.Wider = wider
	}
	return err
}

// ready gives a subject what the model says of precisions, and what int8 wants: the
// ranges of its own inputs, which are those that are timed.
func (c *benchCommand) ready(d kernels.Device, m *model.Model, s bench.Subject) error {
	s.Program.SetWider(m.Calibration.Wider)
	if c.Precision != kernels.Int8 {
		return nil
	}
	r, err := bench.Ranges(d, s, 1)
	if err != nil {
		return err
	}
	return s.Program.SetRanges(r)
}

func (c *benchCommand) network() (*model.Model, error) {
	switch {
	case c.Model != "" && c.Like != "":
		return nil, fmt.Errorf("--like is %s; expected it without a model, whose calibration says what its stages compute in", c.Like)
	case c.Model != "":
		return model.Load(c.Model, c.Product)
	}
	m, err := bench.Drawn(c.Profile)
	if err == nil && c.Like != "" {
		err = c.like(m)
	}
	return m, err
}

// like gives the stages of m the precisions of another model's.
func (c *benchCommand) like(m *model.Model) error {
	other, err := model.Load(c.Like, c.Product)
	if err != nil {
		return err
	}
	if p := detect.CalibratedIn(&other.Calibration); p != c.Precision {
		return fmt.Errorf("%s is calibrated in %s; expected %s", c.Like, p, c.Precision)
	}
	theirs, err := bench.Networks(other.Config, other.Weights)
	if err != nil {
		return err
	}
	ours, err := bench.Networks(m.Config, m.Weights)
	if err != nil {
		return err
	}
	var paths []string
	for _, x := range theirs[0].Program.Convolutions() {
		paths = append(paths, x.Path)
	}
	m.Calibration.Wider = other.Calibration.Wider.Of(ours[0].Program.Convolutions(), paths)
	return nil
}

func (c *benchCommand) options(threads int) detect.Options {
	return detect.Options{Device: c.Device, Precision: c.Precision, Threads: threads}
}

// describe names the machine with its instruction set, where it has several.
func describe(d kernels.Device) string {
	if x, ok := d.(interface{ Describe() string }); ok {
		return x.Describe()
	}
	return d.Name()
}

func (c *benchCommand) inspections(a *app, m *model.Model) error {
	a.printf("\none inspection of a %d x %d image, milliseconds over %d runs\n", c.Width, c.Height, c.Runs)
	a.printf("%8s %8s %8s %8s %8s\n", "threads", "median", "fastest", "p99", "slowest")
	for _, threads := range c.Threads {
		x, err := bench.Inspection{Model: m, Options: c.options(threads), Width: c.Width, Height: c.Height}.Measure(a.context(), c.Runs)
		if err != nil {
			return err
		}
		ms := func(q float64) float64 { return 1000 * x.Times.Quantile(q).Seconds() }
		a.printf("%8d %8.2f %8.2f %8.2f %8.2f\n", threads, ms(0.5), ms(0), ms(0.99), ms(1))
	}
	return nil
}

func (c *benchCommand) stages(a *app, d kernels.Device, m *model.Model, threads int) error {
	subjects, err := bench.Networks(m.Config, m.Weights)
	if err != nil {
		return err
	}
	if d.Name() == "cpu" && c.Precision != kernels.Float32 {
		return c.beside(a, d, m, subjects[0], threads)
	}
	d = kernels.At(d, c.Precision)
	ceiling, err := bench.MeasureCeiling(d, threads)
	if err != nil {
		return err
	}
	layers, err := bench.Profile(d, subjects[0], threads, c.Runs)
	if err != nil {
		return err
	}
	a.printf("\nstages, threads %d; ceiling %s\n", threads, ceiling)
	bench.WriteLayers(a.out, bench.Stages(layers), ceiling)
	if c.Layers {
		a.printf("\nlayers, threads %d\n", threads)
		bench.WriteLayers(a.out, layers, ceiling)
	}
	return nil
}

// beside prints float32 and less side by side.
func (c *benchCommand) beside(a *app, d kernels.Device, m *model.Model, s bench.Subject, threads int) error {
	if err := c.ready(d, m, s); err != nil {
		return err
	}
	each, err := bench.ProfileInTurn([]kernels.Device{d, kernels.At(d, c.Precision)}, s, threads, c.Runs)
	if err != nil {
		return err
	}
	a.printf("\nstages, threads %d, in turn\n", threads)
	bench.WriteBeside(a.out, c.Precision, bench.Stages(each[0]), bench.Stages(each[1]))
	if c.Layers {
		a.printf("\nlayers, threads %d\n", threads)
		bench.WriteBeside(a.out, c.Precision, each[0], each[1])
	}
	return nil
}

func (c *benchCommand) growth(a *app, m *model.Model) error {
	list, err := bench.MeasureGrowth(a.context(), m, c.options(0), c.Threads, c.Runs)
	if err != nil {
		return err
	}
	a.printf("\ninspections, %d batches of each caller\n", c.Runs)
	bench.WriteGrowth(a.out, list)
	return nil
}

// leastRounds are enough for a median.
const leastRounds = 5

func (c *benchCommand) compare(a *app, d kernels.Device, m *model.Model) error {
	peer, err := bench.StartPeer(a.context(), c.Python)
	if err != nil {
		return err
	}
	defer peer.Close()
	subjects, err := bench.Networks(m.Config, m.Weights)
	if err != nil {
		return err
	}
	if c.Layers {
		each, err := bench.Convolutions(subjects[0].Program)
		if err != nil {
			return err
		}
		subjects = append(subjects, each...)
	}
	rounds := max(c.Runs, leastRounds)
	for _, threads := range c.Threads {
		var list []*bench.Comparison
		for _, s := range subjects {
			if err := c.ready(d, m, s); err != nil {
				return err
			}
			x, err := bench.CompareAt(a.context(), peer, d, s, c.Precision, threads, rounds)
			if err != nil {
				return err
			}
			list = append(list, x)
		}
		a.printf("\n%s against ONNX Runtime %s, threads %d, medians of %d rounds in turn\n", c.Precision, peer.Version, threads, rounds)
		bench.WriteComparisons(a.out, list)
		if err := c.start(a, m, threads); err != nil {
			return err
		}
	}
	return nil
}

func (c *benchCommand) start(a *app, m *model.Model, threads int) error {
	s, err := bench.MeasureStart(a.context(), c.Python, c.options(threads), m, leastRounds)
	if err != nil {
		return err
	}
	bench.WriteStart(a.out, s)
	return nil
}

// change prints what the precision changes on images.
func (c *benchCommand) change(a *app, m *model.Model) error {
	files, err := imageFiles(c.Images)
	if err != nil {
		return err
	}
	x, err := bench.MeasureChange(a.context(), m, c.options(0), files)
	if err != nil {
		return err
	}
	a.printf("\n%s beside f32 on %d images\n", c.Precision, len(files))
	bench.WriteChange(a.out, x)
	return nil
}

func percent(rate float64) string { return fmt.Sprintf("%.3g %%", 100*rate) }
