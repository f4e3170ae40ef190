package main

import (
	"fmt"
	"slices"

	"aecsad/core/data"
	"aecsad/core/eval"
	"aecsad/core/image"
	"aecsad/core/stats"
)

// limit is the false positive rate up to which sPRO curves are integrated.
const limit = 0.05

// quality holds how well scores and maps tell faults from good images, in percent,
// with one value for each data set that has such faults.
type quality struct {
	auroc, spro struct{ logical, structural []float64 }
}

// measure judges the maps of all test images, side x side floats each.
func measure(set *data.Set, distances [][]float32, side int) (quality, error) {
	scores := map[data.Kind][]float64{}
	var images []eval.Image // that are good or have a ground truth
	truths := 0
	for i, item := range set.Test {
		scores[item.Kind] = append(scores[item.Kind], float64(slices.Max(distances[i])))
		size, err := image.ReadFile(item.Path)
		if err != nil {
			return quality{}, err
		}
		im := eval.Image{Name: set.Rel(item.Path), Kind: item.Kind, Map: distances[i], MapWidth: side, MapHeight: side, Width: size.Width, Height: size.Height}
		if item.Kind != data.KindGood {
			if len(item.Masks) == 0 {
				continue
			}
			truths++
			im.Regions = func() ([]eval.Region, error) { return eval.Truth(item, set.Defects, size.Width, size.Height) }
		}
		images = append(images, im)
	}
	result := &eval.Result{}
	if truths > 0 {
		var err error
		if result, err = eval.Evaluate(images); err != nil {
			return quality{}, err
		}
	}
	var q quality
	good := scores[data.KindGood]
	judge := func(auroc, spro *[]float64, kind data.Kind) {
		if bad := scores[kind]; len(bad) > 0 {
			*auroc = append(*auroc, 100*stats.AUROC(good, bad))
		}
		if part := result.ByKind[kind]; part.Regions > 0 {
			*spro = append(*spro, 100*part.Area(limit))
		}
	}
	judge(&q.auroc.logical, &q.spro.logical, data.KindLogical)
	judge(&q.auroc.structural, &q.spro.structural, data.KindStructural)
	judge(&q.auroc.structural, &q.spro.structural, data.KindDefect)
	return q, nil
}

func (q *quality) add(o quality) {
	q.auroc.logical = append(q.auroc.logical, o.auroc.logical...)
	q.auroc.structural = append(q.auroc.structural, o.auroc.structural...)
	q.spro.logical = append(q.spro.logical, o.spro.logical...)
	q.spro.structural = append(q.spro.structural, o.spro.structural...)
}

func (q quality) String() string {
	return mean(q.auroc.logical, 7) + mean(q.auroc.structural, 11) + mean(q.spro.logical, 10) + mean(q.spro.structural, 12)
}

// mean is the mean of values, right-aligned, or a dash.
func mean(values []float64, width int) string {
	if len(values) == 0 {
		return fmt.Sprintf("%*s", width, "-")
	}
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return fmt.Sprintf("%*.1f", width, sum/float64(len(values)))
}
