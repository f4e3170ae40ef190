package label

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"aecsad/core/image"
)

// finder finds the same parts in any image of a station: colours and kinds of
// part are learnt from all training images together, so that a label means the
// same thing in each of them.
type finder struct {
	o       Options
	palette *palette
	kinds   []kind
}

// Texture is flattened that is small against a side.
const (
	flattenReach  = 1.0 / 128
	flattenRounds = 2
)

func (f *finder) flat(im *image.RGB) []color {
	c := colors(im)
	reach := max(int(flattenReach*float64(f.o.Side)), 1)
	for range flattenRounds {
		c = flatten(c, im.Width, reach)
	}
	return c
}

func (f *finder) minPixels() int {
	return max(int(math.Ceil(f.o.MinArea*float64(f.o.Side*f.o.Side))), 1)
}

// scene is an image taken apart.
type scene struct {
	parts []part
	index []uint16 // per pixel: 1 + the part it is in; 0 for the background
}

func (f *finder) scene(im *image.RGB) scene {
	c := f.flat(im)
	entries := f.palette.assign(c, f.o.Side, f.o.ColorBandwidth)
	f.palette.tidy(entries, c, f.o.Side, f.minPixels())
	s := scene{index: make([]uint16, len(entries))}
	for _, r := range regions(entries, f.o.Side) {
		if !f.palette.isPart(r, f.minPixels()) || len(s.parts) == math.MaxUint16 {
			continue
		}
		s.parts = append(s.parts, f.palette.describe(r, c, f.o.Side, f.o.ColorBandwidth))
		for _, i := range r.pixels {
			s.index[i] = uint16(len(s.parts))
		}
	}
	return s
}

// labels names the parts of a scene.
func (f *finder) labels(s scene) *image.Labels {
	class := make([]uint8, len(s.parts)+1)
	for i, p := range s.parts {
		class[i+1] = uint8(f.classify(p))
	}
	out := &image.Labels{Width: f.o.Side, Height: f.o.Side, Pix: make([]uint8, len(s.index))}
	for i, n := range s.index {
		out.Pix[i] = class[n]
	}
	return out
}

// learn fits the finder to images. step is called after each image and pass.
// There are no scenes if the images have no colour in common.
func learn(images []*image.RGB, o Options, step func()) (*finder, []scene) {
	f := &finder{o: o}
	counts := make([]census, len(images))
	each(len(images), step, func(i int) {
		counts[i] = newCensus()
		counts[i].count(f.flat(images[i]), o.Side, o.ColorBandwidth)
	})
	total := newCensus()
	for _, c := range counts {
		total.merge(c)
	}
	f.palette = total.palette(o.ColorBandwidth)
	if len(f.palette.entries) == 0 {
		return f, nil
	}
	scenes := make([]scene, len(images))
	each(len(images), step, func(i int) { scenes[i] = f.scene(images[i]) })
	keep := f.common(scenes)
	if !slices.Contains(keep, true) {
		return f, nil
	}
	rare := slices.Contains(keep, false)
	f.palette = f.palette.keep(keep)
	each(len(images), step, func(i int) {
		if rare {
			scenes[i] = f.scene(images[i])
		}
	})
	f.kinds = f.findKinds(scenes)
	return f, scenes
}

// passes is how often learn looks at each image.
const passes = 3

// common says which palette entries are background or have a part in enough
// images; the others are reflections and rare things.
func (f *finder) common(scenes []scene) []bool {
	in := make([]int, len(f.palette.entries))
	for _, s := range scenes {
		seen := make([]bool, len(in))
		for _, p := range s.parts {
			seen[p.entry] = true
		}
		for e, yes := range seen {
			if yes {
				in[e]++
			}
		}
	}
	keep := make([]bool, len(in))
	for e, n := range in {
		keep[e] = f.palette.background[e] || n >= f.minImages(len(scenes))
	}
	return keep
}

// minImages is the number of images that a kind of part must be in.
func (f *finder) minImages(images int) int {
	return max(int(math.Ceil(f.o.MinShare*float64(images))), min(2, images))
}

// each runs do for 0 to n-1 on all cores; step is never called twice at once.
func each(n int, step func(), do func(i int)) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := 0
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				mu.Unlock()
				if i >= n {
					return
				}
				do(i)
				mu.Lock()
				step()
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}
