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
	Flips        float64 // share of the pixels whose class differs
	RMS, Largest float64 // of the differences of the scores
	Spread       float64 // standard deviation of the scores in float32
}

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
	c := &Change{}
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
		c.add(want, got, len(files))
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

// add takes one of n images into account; RMS is a mean of squares until the end.
func (c *Change) add(want, got *detect.Verdict, n int) {
	flips := 0
	for i, class := range want.Classes {
		if class != got.Classes[i] {
			flips++
		}
	}
	d := math.Abs(got.Score - want.Score)
	c.Flips += float64(flips) / float64(len(want.Classes)) / float64(n)
	c.RMS += d * d / float64(n)
	c.Largest = max(c.Largest, d)
}
