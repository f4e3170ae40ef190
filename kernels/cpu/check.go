package cpu

import (
	"fmt"
	"reflect"

	"aecsad/kernels"
)

// What the kernels rely on, beyond the sizes that Program.Check verifies: the
// scratch of a task holds a padded row of an image, the taps of a filter with
// its input rows, the classes of a sample, and a row of attention weights that are
// not kept.
const (
	maxSide   = 1 << 15
	maxTaps   = 1 << 10
	maxView   = 1 << 17
	maxLabels = 1 << 12
	maxTokens = 40 << 10
)

// check verifies a program before any memory is taken. Kernels check nothing.
func check(p *kernels.Program) error {
	for name, calls := range map[string][]kernels.Call{"setup": p.Setup, "run": p.Calls} {
		for i, c := range calls {
			if err := checkOp(c.Op); err != nil {
				return fmt.Errorf("%s call %d: %w", name, i, err)
			}
		}
	}
	return p.Check()
}

func checkOp(op kernels.Op) error {
	if op == nil {
		return fmt.Errorf("it has no instruction")
	}
	if err := checkFields(kernels.Name(op), reflect.ValueOf(op)); err != nil {
		return err
	}
	switch o := op.(type) {
	case kernels.Conv2D:
		return checkConv("Conv2D", o.ConvShape)
	case kernels.Conv2DBackwardData:
		return checkConv("Conv2DBackwardData", o.ConvShape)
	case kernels.Conv2DBackwardFilter:
		return checkConv("Conv2DBackwardFilter", o.ConvShape)
	case kernels.AvgPool:
		return checkPool("AvgPool", o.PoolShape)
	case kernels.AvgPoolBackward:
		return checkPool("AvgPoolBackward", o.PoolShape)
	case kernels.MaxPool:
		return checkPool("MaxPool", o.PoolShape)
	case kernels.MaxPoolBackward:
		return checkPool("MaxPoolBackward", o.PoolShape)
	case kernels.Resize:
		return atMost("Resize", "the sides", max(o.H, o.W, o.P, o.Q), maxSide)
	case kernels.ResizeBackward:
		return atMost("ResizeBackward", "the sides", max(o.H, o.W, o.P, o.Q), maxSide)
	case kernels.Attention:
		if !o.Keep {
			return atMost("Attention", "T", o.T, maxTokens)
		}
	case kernels.Slice:
		return atMost("Slice", "First+K", o.First+o.K, o.C)
	case kernels.Dice:
		return atMost("Dice", "C", o.C, maxLabels)
	case kernels.DiceBackward:
		return atMost("DiceBackward", "C", o.C, maxLabels)
	case kernels.Histogram:
		if o.H%o.Grid != 0 || o.W%o.Grid != 0 {
			return fmt.Errorf("Histogram: the image is %dx%d; expected multiples of Grid %d", o.H, o.W, o.Grid)
		}
	case kernels.WeightedSum:
		return atMost("WeightedSum", "Count", o.Count, kernels.MaxConcat)
	case kernels.HardFeature:
		if !(o.Quantile >= 0 && o.Quantile <= 1) {
			return fmt.Errorf("HardFeature: Quantile is %v; expected 0 to 1", o.Quantile)
		}
	}
	return nil
}

// mayBeZero are the integer fields for which 0 makes sense.
var mayBeZero = map[string]bool{"Pad": true, "First": true}

// checkFields verifies that every integer is positive and small enough for
// products of a few of them, and that Concat has an input. Seeds are any number.
func checkFields(name string, v reflect.Value) error {
	for i := 0; i < v.NumField(); i++ {
		f, field := v.Field(i), v.Type().Field(i).Name
		switch f.Kind() {
		case reflect.Struct:
			if err := checkFields(name, f); err != nil {
				return err
			}
		case reflect.Array:
			if f.Index(0).Kind() == reflect.Int && f.Index(0).Int() < 1 {
				return fmt.Errorf("%s: %s[0] is %d; expected at least 1", name, field, f.Index(0).Int())
			}
		case reflect.Int:
			n := f.Int()
			if field != "Seed" && (n < 0 || n == 0 && !mayBeZero[field] || n > 1<<40) {
				return fmt.Errorf("%s: %s is %d; expected a positive number", name, field, n)
			}
		}
	}
	return nil
}

func atMost(name, what string, n, most int) error {
	if n > most {
		return fmt.Errorf("%s: %s is %d; expected at most %d", name, what, n, most)
	}
	return nil
}

// checkConv keeps one channel of the input rows of one output row within scratch.
func checkConv(name string, c kernels.ConvShape) error {
	if side := max(c.H, c.W, c.Pad, c.Stride, c.Dilation); side > maxSide {
		return fmt.Errorf("%s: the largest of H, W, Pad, Stride and Dilation is %d; expected at most %d", name, side, maxSide)
	}
	if c.R > maxTaps || c.S > maxTaps || c.R*c.S > maxTaps {
		return fmt.Errorf("%s: the filter is %dx%d; expected at most %d taps", name, c.R, c.S, maxTaps)
	}
	if c.H+2*c.Pad < c.Dilation*(c.R-1)+1 || c.W+2*c.Pad < c.Dilation*(c.S-1)+1 {
		return fmt.Errorf("%s: a %dx%d filter with dilation %d does not fit a %dx%d image with padding %d", name, c.R, c.S, c.Dilation, c.H, c.W, c.Pad)
	}
	rows, row := c.Dilation*(c.R-1)+c.Stride, c.W+2*c.Pad+c.Dilation*(c.S-1)+64*c.Stride
	return atMost(name, "the size of its input rows", rows*row, maxView)
}

func checkPool(name string, s kernels.PoolShape) error {
	if s.H+2*s.Pad < s.R || s.W+2*s.Pad < s.R {
		return fmt.Errorf("%s: a window of %d does not fit a %dx%d image with padding %d", name, s.R, s.H, s.W, s.Pad)
	}
	return atMost(name, "the side with its padding", max(s.H, s.W)+2*s.Pad, maxSide)
}
