package calibrate

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"aecsad/core/detect"
	"aecsad/core/image"
	"aecsad/core/model"
)

// probes are few, because every stage looks at all of them. They are validation images:
// ranges come from training images.
const probes = 8

// probeImages are some of the images, and the same with something foreign.
func probeImages(s Source) ([]*image.RGB, error) {
	var images []*image.RGB
	n := min(s.Count, probes)
	for i := range n {
		im, err := s.Image(i * s.Count / n)
		if err != nil {
			return nil, err
		}
		images = append(images, im, foreign(im, i))
	}
	return images, nil
}

// foreign is the image with inverted colours in a quarter of its width and height.
func foreign(im *image.RGB, at int) *image.RGB {
	out := &image.RGB{Width: im.Width, Height: im.Height, Pix: slices.Clone(im.Pix)}
	x, y := (1+at%3)*im.Width/6, (1+at/3%3)*im.Height/6
	for row := y; row < y+im.Height/4; row++ {
		line := out.Pix[3*(row*im.Width+x) : 3*(row*im.Width+x+im.Width/4)]
		for i, v := range line {
			line[i] = 255 - v
		}
	}
	return out
}

// harm is what a precision does to what is said of the probes.
type harm struct {
	flips float64 // share of the pixels whose class differs
	moves float64 // RMS of the changes of a branch's score over its standard deviation, of the branch that changes more
}

// harmOf compares what the networks say in float32 with what they say in something else.
// Scores are those of a model that is calibrated in float32.
func harmOf(plain *model.Model, want, got []*detect.Raw) harm {
	h := harm{}
	var scores [2][]float64
	var squares [2]float64
	for i, r := range want {
		for j, class := range r.Classes {
			if class != got[i].Classes[j] {
				h.flips += 1 / float64(len(r.Classes)*len(want))
			}
		}
		v, other := detect.Judge(plain, r), detect.Judge(plain, got[i])
		for branch, pair := range [][2]float64{{v.Structural, other.Structural}, {v.Logical, other.Logical}} {
			scores[branch] = append(scores[branch], pair[0])
			squares[branch] += math.Pow(pair[1]-pair[0], 2) / float64(len(want))
		}
	}
	for branch, square := range squares {
		if spread := stat.StdDev(scores[branch], nil); spread > 0 {
			h.moves = max(h.moves, math.Sqrt(square)/spread)
		}
	}
	return h
}
