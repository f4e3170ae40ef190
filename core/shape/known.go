package shape

import (
	"fmt"
	"math"

	"aecsad/core/stats"
)

// Known are the shapes of each class on good images.
type Known struct {
	// Z normalises an image's distance, Farthest.
	Z stats.ZScore `json:"z"`
	// Shapes by class; the first, the background, has none.
	Shapes [][]Shape `json:"-"`
}

// most is how many shapes of a class are kept: more tell nothing new.
const most = 4096

// Learn takes the shapes of good images, each with its regions.
func Learn(images [][]Region, classes int) *Known {
	k := &Known{Shapes: make([][]Shape, classes)}
	for _, regions := range images {
		for _, r := range regions {
			k.Shapes[r.Class] = append(k.Shapes[r.Class], r.Shape)
		}
	}
	for c, all := range k.Shapes {
		if n := len(all); n > most {
			kept := make([]Shape, most)
			for i := range kept {
				kept[i] = all[i*n/most]
			}
			k.Shapes[c] = kept
		}
	}
	return k
}

// strange is the distance of a region whose class has no region on any good
// image: as if all its measures were off by six times or so.
const strange = 3

// Distance of a region from the most similar of the known ones, and that one;
// strange and nothing where there is none of its class.
func (k *Known) Distance(r Region) (float64, Shape) {
	least, nearest := math.Inf(1), Shape{}
	for _, s := range k.Shapes[r.Class] {
		d := 0.0
		for i, v := range s {
			e := float64(v) - float64(r.Shape[i])
			d += e * e
		}
		if d < least {
			least, nearest = d, s
		}
	}
	if math.IsInf(least, 1) {
		return strange, nearest
	}
	return math.Sqrt(least), nearest
}

// Farthest is the largest distance of an image's regions; 0 where it has none.
func (k *Known) Farthest(regions []Region) float64 {
	far := 0.0
	for _, r := range regions {
		d, _ := k.Distance(r)
		far = max(far, d)
	}
	return far
}

// Check names what does not fit a model of so many classes.
func (k *Known) Check(classes int) error {
	if len(k.Shapes) != classes {
		return fmt.Errorf("shapes of %d classes, expected %d", len(k.Shapes), classes)
	}
	if !(k.Z.Std > 0) || math.IsInf(k.Z.Std, 0) || math.IsNaN(k.Z.Mean) || math.IsInf(k.Z.Mean, 0) {
		return fmt.Errorf("shapes have mean %v and deviation %v, expected finite numbers and a positive deviation", k.Z.Mean, k.Z.Std)
	}
	for c, all := range k.Shapes {
		for _, s := range all {
			for _, v := range s {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					return fmt.Errorf("a shape of class %d is %v, expected finite numbers", c, s)
				}
			}
		}
	}
	return nil
}

// Numbers are those of all shapes, one after the other.
func Numbers(all []Shape) []float32 {
	var flat []float32
	for _, s := range all {
		flat = append(flat, s[:]...)
	}
	return flat
}

// FromNumbers is the reverse of Numbers. Of a shape that is not whole it makes one
// that Check refuses.
func FromNumbers(flat []float32) []Shape {
	var all []Shape
	for ; len(flat) > 0; flat = flat[min(len(flat), len(Shape{})):] {
		s := Shape{nan, nan, nan}
		copy(s[:], flat)
		all = append(all, s)
	}
	return all
}

var nan = float32(math.NaN())
