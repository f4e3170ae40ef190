package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"aecsad/core/detect"
	"aecsad/core/image"
)

type inspectCommand struct {
	Model       string   `arg:"" help:"Model file."`
	Images      []string `arg:"" help:"Image files."`
	JSON        bool     `name:"json" help:"One JSON object per line, scores with all digits."`
	Maps        string   `help:"Write the fused anomaly map and the component map of every image there, as PNG." placeholder:"DIR"`
	Threshold   *float64 `help:"Judge by this score instead of the model's threshold."`
	Rate        *float64 `help:"Judge by this false-alarm rate instead."`
	Extrapolate bool     `help:"Allow a rate for which the model has too few validation images, by an estimate of the tail."`
	Fail        bool     `help:"Exit with code 3 when an image is anomalous."`
	Threads     int      `help:"Threads per inspection; 0 means all cores."`
	Device      string   `help:"auto, ref or cpu." default:"auto"`
}

// anomalousError ends inspect --fail.
type anomalousError struct{ count int }

func (e *anomalousError) Error() string { return fmt.Sprintf("%d anomalous images", e.count) }

func (c *inspectCommand) Run(a *app) error {
	d, err := detect.Open(c.Model, detect.Options{Device: c.Device, Threads: c.Threads})
	if err != nil {
		return err
	}
	defer d.Close()
	if c.Rate != nil {
		if err := d.SetFalseAlarmRate(*c.Rate, c.Extrapolate); err != nil {
			return err
		}
	}
	if c.Threshold != nil {
		if err := d.SetThreshold(*c.Threshold); err != nil {
			return err
		}
	}
	anomalous := 0
	for _, path := range c.Images {
		v, err := c.inspect(a, d, path)
		if err != nil {
			return err
		}
		if v.Decision == detect.Anomalous {
			anomalous++
		}
	}
	if c.Fail && anomalous > 0 {
		return &anomalousError{anomalous}
	}
	return nil
}

func (c *inspectCommand) inspect(a *app, d *detect.Detector, path string) (*detect.Verdict, error) {
	im, err := image.ReadFile(path)
	if err != nil {
		return nil, err
	}
	v, err := d.Inspect(im.Pixels())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if c.Maps != "" {
		if err := writeMaps(c.Maps, path, v); err != nil {
			return nil, err
		}
	}
	if c.JSON {
		return v, a.json(path, v)
	}
	kind := ""
	if v.Kind != detect.None {
		kind = " (" + string(v.Kind) + ")"
	}
	a.printf("%s: %s%s, score %.3f (threshold %.3f), structural %.3f, logical %.3f, p %.3f\n",
		path, v.Decision, kind, v.Score, v.Threshold, v.Structural, v.Logical, v.PValue)
	for _, f := range v.Findings {
		a.printf("  %s\n", f.Sentence)
	}
	return v, nil
}

// json prints the verdict without its maps.
func (a *app) json(path string, v *detect.Verdict) error {
	b, err := json.Marshal(struct {
		Image      string           `json:"image"`
		Decision   detect.Decision  `json:"decision"`
		Kind       detect.Kind      `json:"kind"`
		Score      float64          `json:"score"`
		Structural float64          `json:"structural"`
		Logical    float64          `json:"logical"`
		Threshold  float64          `json:"threshold"`
		PValue     float64          `json:"p_value"`
		Findings   []detect.Finding `json:"findings"`
	}{path, v.Decision, v.Kind, v.Score, v.Structural, v.Logical, v.Threshold, v.PValue, v.Findings})
	if err != nil {
		return err
	}
	a.printf("%s\n", b)
	return nil
}

func writeMaps(dir, path string, v *detect.Verdict) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	heat := image.Heat(v.Fused, v.MapSide, 0, 1)
	if err := heat.WriteFile(filepath.Join(dir, stem+"_anomaly.png")); err != nil {
		return err
	}
	classes := &image.Labels{Width: v.Side, Height: v.Side, Pix: v.Classes}
	return classes.WriteFile(filepath.Join(dir, stem+"_components.png"))
}
