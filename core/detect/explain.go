package detect

import (
	"fmt"
	"math"
	"sort"

	"aecsad/core/model"
)

// At most so many findings per branch: a person reads the first few.
const maxFindings = 5

// explain lists why a verdict is what it is, in pixels of a w x h image. The
// branch named by the verdict comes first.
func explain(m *model.Model, v *Verdict, r *Raw, w, h int) []Finding {
	logical, structural := logicalFindings(m, r, w, h), structuralFindings(m, v, w, h)
	switch {
	case v.Kind == Structural && v.Logical > 3:
		return append(structural, logical...)
	case v.Kind == Structural:
		return structural
	case v.Structural > 3:
		return append(logical, structural...)
	}
	return logical
}

// logicalFindings ranks the component areas by their share of the squared
// Mahalanobis distance, per grid cell, among strange shapes.
func logicalFindings(m *model.Model, r *Raw, w, h int) []Finding {
	all, norms := shapeFindings(m, r, w, h), float64(len(DistanceNorms(&m.Calibration)))
	for i, hist := range m.Calibration.Histograms {
		shares := hist.Gaussian.Contributions(r.Histograms[i])
		total := 0.0
		for _, s := range shares {
			total += math.Max(s, 0)
		}
		classes := m.Config.Segmentor.Classes
		for j, s := range shares {
			class, patch := j%classes, j/classes
			if class == 0 || total <= 0 || s/total < 0.1 {
				continue
			}
			f := Finding{
				Kind: Logical, Component: m.Components[class-1],
				Observed: r.Histograms[i][j], Expected: hist.Gaussian.Mean[j],
				Contribution: s / total / norms,
			}
			row, column := patch%hist.Grid, patch/hist.Grid
			f.X, f.W = span(column, hist.Grid, w)
			f.Y, f.H = span(row, hist.Grid, h)
			f.Sentence = areaSentence(f, place(hist.Grid, row, column))
			all = append(all, f)
		}
	}
	sort.SliceStable(all, func(a, b int) bool { return all[a].Contribution > all[b].Contribution })
	return all[:min(len(all), maxFindings)]
}

// span is cell i of n over size pixels.
func span(i, n, size int) (start, length int) {
	start = i * size / n
	return start, (i+1)*size/n - start
}

func place(grid, row, column int) string {
	switch grid {
	case 1:
		return "the image"
	case 2:
		return fmt.Sprintf("the %s %s quarter", []string{"top", "bottom"}[row], []string{"left", "right"}[column])
	}
	return fmt.Sprintf("cell row %d, column %d of %dx%d", row+1, column+1, grid, grid)
}

func areaSentence(f Finding, where string) string {
	amount := "too much of it or a wrong place"
	switch ratio := f.Observed / math.Max(f.Expected, 1e-9); {
	case f.Expected < 0.0005:
		amount = "good images have almost none there"
	case ratio < 0.1:
		amount = "it is missing there"
	case ratio < 1:
		amount = fmt.Sprintf("%.0f %% of it is missing there", 100*(1-ratio))
	default:
		amount = fmt.Sprintf("%.1f times as much as in good images", ratio)
	}
	return fmt.Sprintf("%s covers %.2f %% of %s, expected %.2f %%: %s",
		f.Component, 100*f.Observed, where, 100*f.Expected, amount)
}

// structuralFindings are the connected regions of the fused map above the level
// that 99.5 % of good pixels stay below.
func structuralFindings(m *model.Model, v *Verdict, w, h int) []Finding {
	level := float32(m.Calibration.Level)
	var all []Finding
	excess := 0.0
	for _, b := range blobs(v.Fused, v.MapSide, level) {
		f := Finding{Kind: Structural, Observed: float64(b.peak), Expected: float64(level), Contribution: float64(b.peak - level)}
		excess += f.Contribution
		f.X, f.Y = b.x0*w/v.MapSide, b.y0*h/v.MapSide
		f.W, f.H = (b.x1+1)*w/v.MapSide-f.X, (b.y1+1)*h/v.MapSide-f.Y
		f.Sentence = fmt.Sprintf("unfamiliar surface of about %d x %d pixels at (%d, %d): anomaly %.2f, good images stay below %.2f",
			f.W, f.H, f.X, f.Y, f.Observed, f.Expected)
		all = append(all, f)
	}
	for i := range all {
		all[i].Contribution /= excess
	}
	sort.SliceStable(all, func(a, b int) bool { return all[a].Contribution > all[b].Contribution })
	return all[:min(len(all), maxFindings)]
}

type blob struct {
	x0, y0, x1, y1 int
	peak           float32
}

// blobs are the 4-connected regions above level, in row-major order of their
// first pixel.
func blobs(m []float32, side int, level float32) []blob {
	seen := make([]bool, len(m))
	var found []blob
	for start, v := range m {
		if v <= level || seen[start] {
			continue
		}
		b := blob{x0: side, y0: side}
		stack := []int{start}
		seen[start] = true
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			x, y := i%side, i/side
			b.x0, b.x1, b.y0, b.y1 = min(b.x0, x), max(b.x1, x), min(b.y0, y), max(b.y1, y)
			b.peak = max(b.peak, m[i])
			for _, d := range [4][2]int{{-1, 0}, {1, 0}, {0, -1}, {0, 1}} {
				nx, ny := x+d[0], y+d[1]
				if nx < 0 || ny < 0 || nx >= side || ny >= side {
					continue
				}
				if j := ny*side + nx; !seen[j] && m[j] > level {
					seen[j] = true
					stack = append(stack, j)
				}
			}
		}
		found = append(found, b)
	}
	return found
}
