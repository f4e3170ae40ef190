package pipeline

import (
	"fmt"

	"aecsad/core/data"
	"aecsad/core/eval"
)

// localisation is the area under the sPRO curve of the fused maps up to a
// false-positive rate of 5 %, over the anomalous test images that have masks and
// all good ones; nil when none has. In MVTec LOCO a defect is saturated as its
// defects_config.json says, elsewhere by its whole area, so that sPRO is PRO.
func (r *Run) localisation(results []scored) (*float64, error) {
	var images []eval.Image
	masked := false
	for _, s := range results {
		im := eval.Image{
			Name: s.item.Path, Kind: s.item.Kind,
			Map: s.verdict.Fused, MapWidth: s.verdict.MapSide, MapHeight: s.verdict.MapSide,
			Width: s.w, Height: s.h,
		}
		if s.item.Kind != data.KindGood {
			if len(s.item.Masks) == 0 {
				continue
			}
			masked = true
			im.Regions = func() ([]eval.Region, error) { return eval.Truth(s.item, r.Set.Defects, s.w, s.h) }
		}
		images = append(images, im)
	}
	if !masked {
		return nil, nil
	}
	result, err := eval.Evaluate(images)
	if err != nil {
		return nil, fmt.Errorf("localisation: %w", err)
	}
	area := result.All.Area(eval.LocoLimit)
	r.Logf("eval: AU-sPRO up to %v is %.4f over %d defects", eval.LocoLimit, area, result.Regions)
	for _, kind := range kinds {
		if c, ok := result.ByKind[kind]; ok {
			r.Logf("eval: AU-sPRO of %s images up to %v is %.4f, up to %v %.4f",
				kind, eval.LocoLimit, c.Area(eval.LocoLimit), eval.ProLimit, c.Area(eval.ProLimit))
		}
	}
	return &area, nil
}
