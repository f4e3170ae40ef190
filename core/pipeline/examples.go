package pipeline

import (
	"fmt"
	"os"
	"slices"

	"aecsad/core/data"
	"aecsad/core/image"
	"aecsad/core/report"
)

// perKind is how many examples of each folder of test images the page shows.
const perKind = 4

// examples chooses images evenly over each kind and writes their pictures.
func (r *Run) examples(e *report.Evaluation, results []scored) error {
	if err := os.MkdirAll(r.path(ExampleFolder), 0o777); err != nil {
		return err
	}
	for _, kind := range slices.Concat([]data.Kind{data.KindGood}, kinds) {
		of := pick(results, kind)
		n := min(perKind, len(of))
		for i := 0; i < n; i++ {
			x, err := r.example(of[i*len(of)/n])
			if err != nil {
				return err
			}
			e.Examples = append(e.Examples, x)
		}
	}
	return nil
}

func (r *Run) example(s scored) (report.Example, error) {
	v := s.verdict
	truth := string(s.item.Kind)
	if s.item.Defect != "" {
		truth = s.item.Defect
	}
	x := report.Example{
		Name: s.item.Name(), Truth: truth, Decision: v.Decision, Kind: v.Kind,
		Score: v.Score, Structural: v.Structural, Logical: v.Logical, PValue: v.PValue, Findings: v.Findings,
	}
	im, err := image.ReadFile(s.item.Path)
	if err != nil {
		return x, err
	}
	side := v.Side
	picture := image.Resize(im, side, side)
	heat := func(m []float32) *image.RGB { return image.Resize(image.Heat(m, v.MapSide, 0, 0.6), side, side) }
	classes := image.Colors(&image.Labels{Width: side, Height: side, Pix: v.Classes})
	for _, p := range []struct {
		caption, suffix string
		im              *image.RGB
	}{
		{"picture, as the networks see it", "picture", picture},
		{"local map", "local", heat(v.Local)},
		{"global map", "global", heat(v.Global)},
		{"both, over the picture", "fused", image.Blend(picture, heat(v.Fused), 0.5)},
		{"components", "components", image.Blend(picture, classes, 0.65)},
	} {
		file := fmt.Sprintf("%s/%s_%s_%s.png", ExampleFolder, truth, x.Name, p.suffix)
		if err := p.im.WriteFile(r.path(file)); err != nil {
			return x, err
		}
		x.Pictures = append(x.Pictures, report.Picture{Caption: p.caption, File: file})
	}
	return x, nil
}
