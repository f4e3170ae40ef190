// Package net defines the networks of AeCSAD, one function each, over package
// graph. All sizes are configuration. Weight names are those of torchvision
// (encoder) and of the CSAD reference's state dicts (segmentor, students).
package net

import "fmt"

// Config holds every size of the networks; a model file carries it.
type Config struct {
	Profile string `json:"profile" yaml:"-"`
	// Side is the input side in pixels: a multiple of 64, 128 to 512.
	Side      int       `json:"side" yaml:"side"`
	Encoder   Encoder   `json:"encoder" yaml:"encoder"`
	Teacher   Teacher   `json:"teacher" yaml:"teacher"`
	Local     Local     `json:"local" yaml:"local"`
	Global    Global    `json:"global" yaml:"global"`
	Segmentor Segmentor `json:"segmentor" yaml:"segmentor"`
	// ThirdMap is the weight of the map of teacher and global student beside the
	// two others (spec 2.4 #12); 0 leaves it out.
	ThirdMap float64 `json:"third_map,omitempty" yaml:"third_map"`
}

// Encoder sizes a WideResNet-50-2: Width 64 is torchvision's (spec 1.1).
type Encoder struct {
	Width int `json:"width" yaml:"width"`
	// Pretrained demands a file of weights: training refuses to start without.
	Pretrained bool `json:"pretrained" yaml:"pretrained"`
	// Momentum is the share of the newest batch in the batch statistics of an
	// encoder that is being trained; 0 means 1, so that one batch sets them
	// whole. No setting of a model: there the encoder is frozen.
	Momentum float64 `json:"-" yaml:"-"`
}

// Teacher is the fixed projection of two of the encoder's stages.
type Teacher struct {
	Channels int `json:"channels" yaml:"channels"`
	// Stage is the first of the two: 2 (spec 1.1), or 1, whose features depend on
	// less of the picture. 0 means 2.
	Stage int `json:"stage,omitempty" yaml:"stage"`
}

// Local sizes the local student: channels of its first convolution and of the
// others (spec 2.1: 256 and 512).
type Local struct {
	First int `json:"first" yaml:"first"`
	Width int `json:"width" yaml:"width"`
}

// Global sizes the global student (spec 2.2 to 2.4).
type Global struct {
	Width int `json:"width" yaml:"width"`
	// Bottleneck is "spatial" (the thesis: an 8x8 map) or "vector" (CSAD: one
	// full-size convolution to 1x1, kept beside the attention).
	Bottleneck string `json:"bottleneck" yaml:"bottleneck"`
	// Attention adds the self-attention blocks of AeCSAD.
	Attention bool    `json:"attention" yaml:"attention"`
	Dropout   float64 `json:"dropout" yaml:"dropout"`
}

// Segmentor sizes the DeepLabV3+ decoder (spec 5.2: 48 and 256). Classes counts
// the background; it comes from the component labels.
type Segmentor struct {
	Low      int     `json:"low" yaml:"low"`
	Width    int     `json:"width" yaml:"width"`
	Classes  int     `json:"classes" yaml:"-"`
	Momentum float64 `json:"momentum" yaml:"momentum"`
}

// Profile returns a named configuration: "paper" has the exact sizes of the
// thesis; "quick" is the same design, slim, for trials and the demo; "balanced"
// sees more pixels with wider students, for those who have no ImageNet weights
// and want more than quick.
func Profile(name string) (Config, error) {
	switch name {
	case "paper":
		return Config{
			Profile: "paper", Side: 256,
			Encoder:   Encoder{Width: 64, Pretrained: true},
			Teacher:   Teacher{512, 2},
			Local:     Local{256, 512},
			Global:    Global{64, "spatial", true, 0.2},
			Segmentor: Segmentor{Low: 48, Width: 256, Classes: 2, Momentum: 0.1},
		}, nil
	case "quick":
		return Config{
			Profile: "quick", Side: 256,
			Encoder:   Encoder{Width: 16},
			Teacher:   Teacher{128, 1},
			Local:     Local{16, 32},
			Global:    Global{16, "spatial", true, 0.2},
			Segmentor: Segmentor{Low: 16, Width: 48, Classes: 2, Momentum: 0.1},
		}, nil
	case "balanced":
		return Config{
			Profile: "balanced", Side: 384,
			Encoder:   Encoder{Width: 16},
			Teacher:   Teacher{128, 1},
			Local:     Local{32, 64},
			Global:    Global{32, "spatial", true, 0.2},
			Segmentor: Segmentor{Low: 24, Width: 96, Classes: 2, Momentum: 0.1},
		}, nil
	}
	return Config{}, fmt.Errorf("no profile %q; there are quick, balanced and paper", name)
}

// MapSide is the side of the anomaly maps.
func (c Config) MapSide() int { return c.Side / 4 }

// Check returns an error that names the first size out of range.
func (c Config) Check() error {
	checks := []struct {
		name          string
		value, lo, hi int
	}{
		{"side", c.Side, 64, 1024},
		{"encoder.width", c.Encoder.Width, 4, 256},
		{"teacher.channels", c.Teacher.Channels, 1, 2048},
		{"teacher.stage", c.Teacher.Stage, 0, 2},
		{"local.first", c.Local.First, 1, 2048},
		{"local.width", c.Local.Width, 1, 2048},
		{"global.width", c.Global.Width, 2, 1024},
		{"segmentor.low", c.Segmentor.Low, 1, 1024},
		{"segmentor.width", c.Segmentor.Width, 1, 2048},
		{"segmentor.classes", c.Segmentor.Classes, 2, 255},
	}
	for _, k := range checks {
		if k.value < k.lo || k.value > k.hi {
			return fmt.Errorf("%s is %d; expected %d to %d", k.name, k.value, k.lo, k.hi)
		}
	}
	switch {
	case c.Side%64 != 0:
		return fmt.Errorf("side is %d; expected a multiple of 64", c.Side)
	case c.Side < 128 && c.Global.Bottleneck == "vector":
		return fmt.Errorf("side is %d; the vector bottleneck wants at least 128", c.Side)
	case c.Global.Width%2 != 0:
		return fmt.Errorf("global.width is %d; expected an even number", c.Global.Width)
	case c.Global.Bottleneck != "spatial" && c.Global.Bottleneck != "vector":
		return fmt.Errorf("global.bottleneck is %q; expected spatial or vector", c.Global.Bottleneck)
	case !(c.Global.Dropout >= 0 && c.Global.Dropout < 1):
		return fmt.Errorf("global.dropout is %v; expected a share in [0,1)", c.Global.Dropout)
	case !(c.ThirdMap >= 0 && c.ThirdMap <= 100):
		return fmt.Errorf("third_map is %v; expected a weight of 0 to 100", c.ThirdMap)
	case !(c.Segmentor.Momentum > 0 && c.Segmentor.Momentum <= 1):
		return fmt.Errorf("segmentor.momentum is %v; expected a share in (0,1]", c.Segmentor.Momentum)
	}
	return nil
}
