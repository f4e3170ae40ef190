// Package pipeline turns a folder of photographs into a model, step by step. A
// run folder holds what each step wrote for the next, the resolved settings, the
// log and the losses.
package pipeline

import (
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"

	"aecsad/core/calibrate"
	"aecsad/core/label"
	"aecsad/core/net"
	"aecsad/core/train"
	"aecsad/kernels"
	"aecsad/modelfmt"
)

// Config is every setting of a run; config.yaml in the run folder holds it
// resolved.
type Config struct {
	// Profile is quick, balanced or paper: the defaults of everything below.
	Profile string `yaml:"profile"`
	// Schedule is code or thesis: whose batches and learning rates are the defaults
	// of segmentor and students.
	Schedule string `yaml:"schedule"`
	Seed     uint32 `yaml:"seed"`
	// Device is auto (a GPU if there is one, else the processor), ref, cpu or
	// cuda[:index]; Threads 0 means all cores. Results do not depend on the number of
	// threads.
	Device string `yaml:"device"`
	// Precision is f32 or bf16, or on a GPU tf32 or f16: what convolutions compute in. On a
	// CPU bf16 is for networks that do not learn, as is bf16x6, and it may be int8 for the
	// calibration and after it; training is in f32 then.
	Precision string `yaml:"precision"`
	Threads   int    `yaml:"threads"`
	// Teacher says where the encoder's weights come from: formula (built in, for
	// profiles quick and balanced), random (from the seed), or a file made by import or pretrain.
	// Profile paper has no default: it wants a file.
	Teacher string `yaml:"teacher"`
	// Penalty is a folder of pictures of other things (spec 3.1); optional.
	Penalty string `yaml:"penalty"`
	// Maps is a folder of component label maps, one PNG of class numbers per
	// training image; empty means that components are found without any.
	Maps string `yaml:"maps"`
	// CheckpointEvery is the number of training steps between checkpoints.
	CheckpointEvery int `yaml:"checkpoint_every"`
	// Select is schedule (the last weights count) or synthetic (those that best find
	// anomalies made of validation images; no test image has a say).
	Select string `yaml:"select"`
	// TensorBoard writes the losses to event files too, beside losses.csv.
	TensorBoard bool `yaml:"tensorboard"`

	Network   net.Config      `yaml:"network"`
	Label     label.Options   `yaml:"label"`
	Segmentor train.Segmentor `yaml:"segmentor"`
	Students  train.Students  `yaml:"students"`
	Calibrate Calibrate       `yaml:"calibrate"`
}

// Calibrate sets the threshold and what the maps are compared with.
type Calibrate struct {
	// FalseAlarmRate is the share of good images that may be called anomalous; 0
	// means 5 %, or the lowest rate that the number of validation images can show.
	FalseAlarmRate float64 `yaml:"false_alarm_rate"`
	Extrapolate    bool    `yaml:"extrapolate"`
	// Pixelwise compares every place of an anomaly map with what good training
	// images show there: for products that lie still.
	Pixelwise bool `yaml:"pixelwise"`
	// Shapes compares the shape of every region of a component with those on good
	// training images, beside the areas: for parts that may bend or break.
	Shapes bool `yaml:"shapes"`
	// Tolerance is what bf16 and int8 may change on a processor: a share of the spread of
	// scores. Stages of the networks that would change more compute in something wider.
	Tolerance float64 `yaml:"tolerance"`
}

// Defaults are the settings of a profile, with the code's schedule.
func Defaults(profile string) (Config, error) {
	n, err := net.Profile(profile)
	if err != nil {
		return Config{}, err
	}
	segmentor, students, err := train.Defaults(profile)
	if err != nil {
		return Config{}, err
	}
	l := label.DefaultOptions()
	l.Side = n.Side
	teacher := TeacherFormula
	if n.Encoder.Pretrained {
		teacher = ""
	}
	return Config{
		Profile: profile, Teacher: teacher, Schedule: train.ScheduleCode, Seed: 1, Device: "auto", Precision: "f32", CheckpointEvery: 100, Select: SelectSchedule,
		Network: n, Label: l, Segmentor: segmentor, Students: students, Calibrate: Calibrate{Pixelwise: profile != "paper", Shapes: profile != "paper", Tolerance: calibrate.DefaultTolerance},
	}, nil
}

// ReadConfig resolves settings: the defaults of profile and schedule, then the
// file's (path may be empty), then key=value pairs with dots between levels.
// Unknown keys are errors.
func ReadConfig(path string, sets []string) (Config, error) {
	docs, err := documents(path, sets)
	if err != nil {
		return Config{}, err
	}
	c, err := start(docs)
	if err != nil {
		return Config{}, err
	}
	for _, d := range docs {
		if err := yaml.Load(d.text, &c, yaml.WithKnownFields()); err != nil {
			return Config{}, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return c, c.check()
}

// document is a piece of YAML and where it comes from.
type document struct {
	name string
	text []byte
}

func documents(path string, sets []string) ([]document, error) {
	var docs []document
	if path != "" {
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if len(file) > 0 {
			docs = append(docs, document{path, file})
		}
	}
	for _, s := range sets {
		text, err := setDocument(s)
		if err != nil {
			return nil, err
		}
		docs = append(docs, document{"--set " + s, text})
	}
	return docs, nil
}

// start is what the keys that choose defaults say.
func start(docs []document) (Config, error) {
	var first struct {
		Profile  string `yaml:"profile"`
		Schedule string `yaml:"schedule"`
		Network  struct {
			Side int `yaml:"side"`
		} `yaml:"network"`
	}
	first.Profile, first.Schedule = "quick", train.ScheduleCode
	for _, d := range docs {
		if err := yaml.Load(d.text, &first); err != nil {
			return Config{}, fmt.Errorf("%s: %w", d.name, err)
		}
	}
	c, err := Defaults(first.Profile)
	if err != nil {
		return Config{}, err
	}
	if first.Network.Side != 0 {
		c.Label.Side = first.Network.Side
	}
	return c, train.Follow(first.Schedule, &c.Segmentor, &c.Students)
}

// setDocument turns a.b=c into the YAML document {a: {b: c}}.
func setDocument(s string) ([]byte, error) {
	key, value, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return nil, fmt.Errorf("--set %s: expected key=value, such as students.steps=500", s)
	}
	levels := strings.Split(key, ".")
	doc := ""
	for _, l := range levels {
		doc += "{" + l + ": "
	}
	return []byte(doc + value + strings.Repeat("}", len(levels))), nil
}

// floatPrecision is that of work which there are no ranges for.
func (c Config) floatPrecision() string {
	if c.Precision == kernels.Int8 {
		return kernels.Float32
	}
	return c.Precision
}

func (c Config) check() error {
	if err := c.Network.Check(); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	if err := c.Segmentor.Check(); err != nil {
		return err
	}
	if err := c.Students.Check(); err != nil {
		return err
	}
	if r := c.Calibrate.FalseAlarmRate; !(r >= 0 && r < 1) {
		return fmt.Errorf("calibrate.false_alarm_rate is %v; expected a share between 0 and 1, such as 0.05, or 0 for the usual one", r)
	}
	if t := c.Calibrate.Tolerance; !(t > 0 && t <= 1) {
		return fmt.Errorf("calibrate.tolerance is %v; expected a share above 0 and up to 1, such as 0.01", t)
	}
	if c.Select != SelectSchedule && c.Select != SelectSynthetic {
		return fmt.Errorf("select is %q; expected %s or %s", c.Select, SelectSchedule, SelectSynthetic)
	}
	if c.Threads < 0 {
		return fmt.Errorf("threads is %d; expected 0 (all cores) or more", c.Threads)
	}
	if c.Label.Side != c.Network.Side {
		return fmt.Errorf("label.side is %d and network.side %d; expected the same", c.Label.Side, c.Network.Side)
	}
	return nil
}

// write stores the resolved settings.
func (c Config) write(path string) error {
	b, err := yaml.Dump(c)
	if err != nil {
		return err
	}
	return modelfmt.WriteBytes(path, b)
}
