package bench

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/kernels"
)

// Change is what a precision makes of the verdicts of a calibrated model, beside
// float32 with the same calibration.
type Change struct {
	Images    int
	Decisions int     // images of which one is rejected and not the other
	Flips     float64 // share of the pixels whose class differs
	RMS       float64 // of the differences of the scores
	Spread    float64 // standard deviation of the scores in float32
	Worst     Worst
}

// Worst is the image whose score differs most: that in float32 and the other.
type Worst struct {
	File      string
	Want, Got float64
}

// Largest is the largest difference of a score.
func (c *Change) Largest() float64 { return math.Abs(c.Worst.Got - c.Worst.Want) }

// MeasureChange inspects image files in float32 and in the precision of the options.
func MeasureChange(ctx context.Context, m *model.Model, o detect.Options, files []string) (*Change, error) {
	if len(files) < 2 {
		return nil, fmt.Errorf("there are %d images; expected at least 2, whose scores differ", len(files))
	}
	less, err := detect.New(m, o)
	if err != nil {
		return nil, err
	}
	defer less.Close()
	o.Precision = kernels.Float32
	whole, err := detect.New(m, o)
	if err != nil {
		return nil, err
	}
	defer whole.Close()
	c := &Change{Images: len(files)}
	var scores []float64
	for _, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		want, got, err := both(whole, less, file)
		if err != nil {
			return nil, err
		}
		scores = append(scores, want.Score)
		c.add(file, want, got)
	}
	c.RMS, c.Spread = math.Sqrt(c.RMS), stat.StdDev(scores, nil)
	return c, nil
}

func both(whole, less *detect.Detector, file string) (want, got *detect.Verdict, err error) {
	im, err := image.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	if want, err = whole.Inspect(im.Pixels()); err != nil {
		return nil, nil, err
	}
	got, err = less.Inspect(im.Pixels())
	return want, got, err
}

// add takes an image into account; RMS is a mean of squares until the end.
func (c *Change) add(file string, want, got *detect.Verdict) {
	flips, n := 0, float64(c.Images)
	for i, class := range want.Classes {
		if class != got.Classes[i] {
			flips++
		}
	}
	d := math.Abs(got.Score - want.Score)
	c.Flips += float64(flips) / float64(len(want.Classes)) / n
	c.RMS += d * d / n
	if d > c.Largest() || c.Worst.File == "" {
		c.Worst = Worst{file, want.Score, got.Score}
	}
	if (want.Decision == detect.Anomalous) != (got.Decision == detect.Anomalous) {
		c.Decisions++
	}
}
