package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"aecsad/core/data"
	"aecsad/core/eval"
	"aecsad/core/report"
)

// localisation is how well the fused maps point at defects. Its methods do
// nothing on nil, which stands for a test set without masks.
type localisation struct{ *eval.Result }

// localise measures the fused maps against the masks of the anomalous images,
// together with all good images. A mask that cannot be used leaves its image out,
// with a warning. The names of defects are written into results.
func (r *Run) localise(e *report.Evaluation, results []scored) *localisation {
	var images []eval.Image
	unmasked, masked := 0, 0
	for i := range results {
		s := &results[i]
		im := eval.Image{
			Name: r.Set.Rel(s.item.Path), Kind: s.item.Kind,
			Map: s.verdict.Fused, MapWidth: s.verdict.MapSide, MapHeight: s.verdict.MapSide,
			Width: s.w, Height: s.h,
		}
		if s.item.Kind != data.KindGood {
			if s.item.Defect != "" {
				s.defects = []string{s.item.Defect}
			}
			if len(s.item.Masks) == 0 {
				unmasked++
				continue
			}
			masked++
			im.Regions = func() ([]eval.Region, error) { return r.truth(s) }
		}
		images = append(images, im)
	}
	if masked == 0 {
		return nil
	}
	if unmasked > 0 {
		e.Warnings = append(e.Warnings, fmt.Sprintf("%d anomalous test images have no mask and take no part in localisation", unmasked))
	}
	result, err := eval.Evaluate(images)
	if err != nil {
		e.Warnings = append(e.Warnings, "no localisation: "+strings.ReplaceAll(err.Error(), "\n", "; "))
		return nil
	}
	for _, err := range result.Unusable {
		e.Warnings = append(e.Warnings, fmt.Sprintf("left out of localisation: %v", err))
	}
	e.Limits, e.Measure = eval.Limits, report.PRO
	if len(r.Set.Defects) > 0 {
		e.Measure = report.SPRO
	}
	return &localisation{result}
}

// truth reads the regions of an image and notes the names of their defects.
func (r *Run) truth(s *scored) ([]eval.Region, error) {
	regions, err := eval.Truth(s.item, r.Set.Defects, s.w, s.h)
	if err != nil {
		return nil, err
	}
	for _, region := range regions {
		if name := region.Defect; name != "" && !slices.Contains(s.defects, name) {
			s.defects = append(s.defects, name)
		}
	}
	return regions, nil
}

// of fills in the areas of a kind of anomalies.
func (l *localisation) of(kind data.Kind, k *report.Result) {
	if l != nil {
		fill(l.ByKind[kind], k)
	}
}

// ofDefect fills in the areas of a named defect.
func (l *localisation) ofDefect(name string, k *report.Result) {
	if l != nil {
		fill(l.ByDefect[name], k)
	}
}

func fill(p eval.Part, k *report.Result) {
	if p.Regions > 0 {
		k.Regions, k.Areas = p.Regions, areas(p.Curve)
	}
}

func areas(c eval.Curve) []float64 {
	out := make([]float64, len(eval.Limits))
	for i, limit := range eval.Limits {
		out[i] = c.Area(limit)
	}
	return out
}

// mean averages the areas of logical and structural anomalies.
func (l *localisation) mean() []float64 {
	if l == nil {
		return nil
	}
	logical, structural := l.ByKind[data.KindLogical], l.ByKind[data.KindStructural]
	if logical.Regions == 0 || structural.Regions == 0 {
		return nil
	}
	out := areas(logical.Curve)
	for i, a := range areas(structural.Curve) {
		out[i] = (out[i] + a) / 2
	}
	return out
}
