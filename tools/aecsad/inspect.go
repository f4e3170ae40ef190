package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"aecsad/core/data"
	"aecsad/core/detect"
	"aecsad/core/image"
)

type inspectCommand struct {
	Model       string   `arg:"" help:"Model file."`
	Images      []string `arg:"" help:"Image files, or folders of them."`
	Product     string   `help:"The product to inspect, where the file has several." placeholder:"NAME"`
	Ignore      string   `help:"Mask for all images, a PNG file as large as they are: where it is white, or anything but black, the surface is not judged. Parts are counted everywhere." placeholder:"FILE"`
	JSON        bool     `name:"json" help:"One JSON object per line, scores with all digits."`
	Maps        string   `help:"Write the fused anomaly map and the component map of every image there, as PNG." placeholder:"DIR"`
	Threshold   *float64 `help:"Judge by this score instead of the model's threshold."`
	Rate        *float64 `help:"Judge by this false-alarm rate instead."`
	Extrapolate bool     `help:"Allow a rate for which the model has too few validation images, by an estimate of the tail."`
	Fail        bool     `help:"Exit with code 3 when an image is anomalous."`
	Threads     int      `help:"Threads per inspection; 0 means all cores."`
	Device      string   `help:"auto, ref, cpu or cuda[:index]." default:"auto"`
	Precision   string   `help:"f32 or bf16, on a GPU also tf32 or f16, on a CPU also bf16x6 or int8." default:"f32"`
}

// anomalousError ends inspect --fail.
type anomalousError struct{ count int }

func (e *anomalousError) Error() string { return fmt.Sprintf("%d anomalous images", e.count) }

func (c *inspectCommand) Run(a *app) error {
	images, err := imageFiles(c.Images)
	if err != nil {
		return err
	}
	var ignore *image.Labels
	if c.Ignore != "" {
		if ignore, err = image.ReadIgnore(c.Ignore); err != nil {
			return err
		}
	}
	d, err := detect.Open(c.Model, detect.Options{Product: c.Product, Device: c.Device, Precision: c.Precision, Threads: c.Threads})
	if err != nil {
		return err
	}
	defer d.Close()
	if m := d.Info().Mismatch(); m != "" {
		fmt.Fprintf(os.Stderr, "aecsad: %s; --precision %s would not\n", m, d.Info().Calibrated)
	}
	if err := c.judgeBy(d); err != nil {
		return err
	}
	anomalous := 0
	for _, path := range images {
		v, err := c.inspect(a, d, path, ignore)
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

// judgeBy sets the threshold that the user asks for.
func (c *inspectCommand) judgeBy(d *detect.Detector) error {
	if c.Rate != nil {
		if err := d.SetFalseAlarmRate(*c.Rate, c.Extrapolate); err != nil {
			return err
		}
	}
	if c.Threshold != nil {
		return d.SetThreshold(*c.Threshold)
	}
	return nil
}

// imageFiles replaces folders by the images in them.
func imageFiles(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		if st, err := os.Stat(path); err != nil || !st.IsDir() {
			files = append(files, path) // if it is missing, reading it says so
			continue
		}
		inside, err := data.Images(path)
		if err != nil {
			return nil, err
		}
		files = append(files, inside...)
	}
	return files, nil
}

// pixels are those of an image, with the mask if there is one.
func (c *inspectCommand) pixels(path string, ignore *image.Labels) (image.Pixels, error) {
	im, err := image.ReadFile(path)
	if err != nil {
		return image.Pixels{}, err
	}
	p := im.Pixels()
	if ignore == nil {
		return p, nil
	}
	if ignore.Width != p.Width || ignore.Height != p.Height {
		return p, fmt.Errorf("mask %s has %d x %d pixels; expected %d x %d, as %s has",
			c.Ignore, ignore.Width, ignore.Height, p.Width, p.Height, path)
	}
	p.Ignore = image.Mask{Data: ignore.Pix, Stride: ignore.Width}
	return p, nil
}

func (c *inspectCommand) inspect(a *app, d *detect.Detector, path string, ignore *image.Labels) (*detect.Verdict, error) {
	p, err := c.pixels(path, ignore)
	if err != nil {
		return nil, err
	}
	v, err := d.Inspect(p)
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
