package label

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"aecsad/core/image"
)

// shares are the areas of the classes 1, 2, ... as shares of the map.
func shares(m *image.Labels, classes int) []float64 {
	h := make([]float64, classes)
	for _, c := range m.Pix {
		if c > 0 && int(c) <= classes {
			h[c-1] += 1 / float64(len(m.Pix))
		}
	}
	return h
}

// finish fills in the classes and the trusted images of Run.
func (r *Result) finish(names []string, o Options) {
	var rows [][]float64
	for _, m := range r.Maps {
		rows = append(rows, shares(m, len(names)))
	}
	r.Classes = summarise(names, rows)
	r.Trusted = typical(rows, o.Trusted)
}

// summarise describes classes by the areas in each image.
func summarise(names []string, rows [][]float64) []Class {
	classes := make([]Class, len(names))
	for c, name := range names {
		classes[c].Name = name
		for _, h := range rows {
			classes[c].MeanArea += h[c] / float64(len(rows))
			if h[c] > 0 {
				classes[c].Share += 1 / float64(len(rows))
			}
		}
	}
	return classes
}

// neighbourShare of the images are looked at to tell whether one is typical. It
// is small, so that a product may have several normal variants.
const neighbourShare = 0.05

// typical is the share of the images whose areas are most like those of other
// images: nearest to their k-th nearest neighbour, with the areas of each class in
// units of its deviation. Every class keeps an image that shows it.
func typical(rows [][]float64, share float64) []int {
	scaled := standard(rows)
	k := max(int(neighbourShare*float64(len(rows))), 2)
	order := make([]int, len(rows))
	far := make([]float64, len(rows))
	for i, a := range scaled {
		order[i] = i
		d := make([]float64, len(rows))
		for j, b := range scaled {
			d[j] = distance(a, b)
		}
		slices.Sort(d)
		far[i] = d[min(k, len(d)-1)]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(far[a], far[b]) })
	n := max(int(math.Ceil(share*float64(len(rows)))), 1)
	trusted := slices.Clone(order[:n])
	for c := range rows[0] {
		shows := func(i int) bool { return rows[i][c] > 0 }
		if slices.ContainsFunc(trusted, shows) {
			continue
		}
		if i := slices.IndexFunc(order, shows); i >= 0 {
			trusted = append(trusted, order[i])
		}
	}
	slices.Sort(trusted)
	return trusted
}

// standard divides every column by its deviation, or by that of a class of the
// same mean whose area varies by a tenth if that is more.
func standard(rows [][]float64) [][]float64 {
	out := make([][]float64, len(rows))
	for i := range rows {
		out[i] = make([]float64, len(rows[0]))
	}
	n := float64(len(rows))
	for c := range rows[0] {
		mean, square := 0.0, 0.0
		for _, h := range rows {
			mean += h[c] / n
			square += h[c] * h[c] / n
		}
		deviation := max(math.Sqrt(max(square-mean*mean, 0)), mean/10)
		for i, h := range rows {
			if deviation > 0 {
				out[i][c] = h[c] / deviation
			}
		}
	}
	return out
}

// doubts are reasons to look at the maps before training.
func (f *finder) doubts(scenes []scene) []string {
	var out []string
	covered, varied := 0, 0
	most := commonCount(scenes)
	for _, s := range scenes {
		area := 0.0
		for _, p := range s.parts {
			area += p.area
		}
		if area > 0.9 || area < 0.005 {
			covered++
		}
		if d := len(s.parts) - most; d < -2 || d > 2 {
			varied++
		}
	}
	if 2*covered > len(scenes) {
		out = append(out, fmt.Sprintf("parts cover almost all or almost nothing of %d of %d images; the background is not plain, so check the label maps or draw them by hand", covered, len(scenes)))
	}
	if 2*varied > len(scenes) {
		out = append(out, fmt.Sprintf("the number of parts differs by more than two from the usual %d in %d of %d images; check the label maps or draw them by hand", most, varied, len(scenes)))
	}
	if len(scenes) < 10 {
		out = append(out, fmt.Sprintf("only %d images; kinds of part found in so few are not reliable", len(scenes)))
	}
	return out
}

// commonCount is the most frequent number of parts in an image.
func commonCount(scenes []scene) int {
	times, best := map[int]int{}, 0
	for _, s := range scenes {
		n := len(s.parts)
		times[n]++
		if times[n] > times[best] || times[n] == times[best] && n < best {
			best = n
		}
	}
	return best
}
