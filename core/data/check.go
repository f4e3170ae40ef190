package data

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"aecsad/core/image"
	"aecsad/core/stats"
)

const (
	minSide        = 16   // pixels; below, an image holds next to nothing at the network's size
	aspectSlack    = 0.02 // relative deviation of the aspect ratio that goes unnoticed
	brightMADs     = 6    // deviation from the median brightness, in scaled absolute deviations,
	brightLeast    = 10   // and in grey levels, from which on an image is an outlier
	madToDeviation = 1.4826
)

// fact is what Check learns from one image and its masks.
type fact struct {
	split      string
	item       Item
	err        error // unreadable
	hash       [32]byte
	w, h       int
	grey       bool    // red, green and blue equal everywhere
	brightness float64 // mean of the three channels, 0..255
	masks      []maskFact
}

type maskFact struct {
	path   string
	err    error
	w, h   int
	values []int
}

// Check reads every image and mask of s and reports what would stop training
// (Report.Errors) and what deserves a look (Report.Warnings). progress, if not
// nil, is called from one goroutine after each image. Images are read on all
// cores; the report does not depend on their order.
func Check(s *Set, progress func(done, total int)) *Report {
	facts := gather(s, progress)
	r := newReport(s)
	for _, f := range facts {
		r.reading(s, f)
	}
	r.duplicates(s, facts)
	r.sizes(s, facts)
	r.brightness(s, facts)
	r.masks(s, facts)
	r.sort()
	return r
}

func gather(s *Set, progress func(done, total int)) []fact {
	var facts []fact
	for _, sp := range s.splits() {
		for _, it := range sp.items {
			facts = append(facts, fact{split: sp.name, item: it})
		}
	}
	jobs, done := make(chan int), make(chan struct{})
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range jobs {
				facts[i].read()
				done <- struct{}{}
			}
		})
	}
	go func() {
		for i := range facts {
			jobs <- i
		}
		close(jobs)
		wg.Wait()
		close(done)
	}()
	n := 0
	for range done {
		n++
		if progress != nil {
			progress(n, len(facts))
		}
	}
	return facts
}

func (f *fact) read() {
	if f.hash, _, f.err = fileHash(f.item.Path); f.err != nil {
		return
	}
	im, err := image.ReadFile(f.item.Path)
	if err != nil {
		f.err = err
		return
	}
	f.w, f.h, f.grey = im.Width, im.Height, true
	sum := 0
	for i := 0; i+2 < len(im.Pix); i += 3 {
		r, g, b := im.Pix[i], im.Pix[i+1], im.Pix[i+2]
		sum += int(r) + int(g) + int(b)
		f.grey = f.grey && r == g && g == b
	}
	f.brightness = float64(sum) / float64(max(len(im.Pix), 1))
	for _, path := range f.item.Masks {
		m, err := image.ReadMask(path)
		if err != nil {
			f.masks = append(f.masks, maskFact{path: path, err: err})
			continue
		}
		f.masks = append(f.masks, maskFact{path: path, w: m.Width, h: m.Height, values: maskValues(m)})
	}
}

// trains says whether a fault of this image stops training or calibration.
func (f *fact) trains() bool { return f.split != "test" }

func (r *Report) reading(s *Set, f fact) {
	switch {
	case f.err != nil:
		r.add(f.trains(), s.Rel(f.item.Path), "cannot be used: %v", f.err)
	case f.w < minSide || f.h < minSide:
		r.add(f.trains(), s.Rel(f.item.Path), "is %dx%d pixels; expected at least %d on each side", f.w, f.h, minSide)
	case f.grey:
		r.add(false, s.Rel(f.item.Path), "has no colour (red, green and blue are equal everywhere)")
	}
}

// duplicates finds files of equal content. A good training image that is also a
// defective test image is an error, and so is a training set of one picture.
func (r *Report) duplicates(s *Set, facts []fact) {
	first := map[[32]byte]fact{}
	distinct, train := map[[32]byte]bool{}, 0
	for _, f := range facts {
		if f.err != nil {
			continue
		}
		if f.split == "train" {
			train++
			distinct[f.hash] = true
		}
		o, seen := first[f.hash]
		if !seen {
			first[f.hash] = f
			continue
		}
		spoils := o.trains() && f.item.Kind != KindGood
		r.add(spoils, s.Rel(f.item.Path), "is the same file as %s (%s in %s, %s in %s)",
			s.Rel(o.item.Path), f.item.Kind, f.split, o.item.Kind, o.split)
	}
	if train > 1 && len(distinct) == 1 {
		r.add(true, "train", "all %d images are the same file; expected different photographs", train)
	}
}

// sizes compares each image with the size that most training images have.
func (r *Report) sizes(s *Set, facts []fact) {
	votes := map[[2]int]int{}
	for _, f := range facts {
		if f.err == nil && f.split == "train" {
			votes[[2]int{f.w, f.h}]++
		}
	}
	var usual [2]int
	for size, n := range votes {
		if m := votes[usual]; n > m || n == m && slices.Compare(size[:], usual[:]) > 0 {
			usual = size
		}
	}
	if usual[0] == 0 {
		return
	}
	want := float64(usual[0]) / float64(usual[1])
	for _, f := range facts {
		if f.err != nil || f.w == usual[0] && f.h == usual[1] {
			continue
		}
		if math.Abs(float64(f.w)/float64(f.h)/want-1) > aspectSlack {
			r.add(false, s.Rel(f.item.Path), "is %dx%d; most training images are %dx%d, so it will be distorted differently", f.w, f.h, usual[0], usual[1])
		} else {
			r.add(false, s.Rel(f.item.Path), "is %dx%d; most training images are %dx%d", f.w, f.h, usual[0], usual[1])
		}
	}
}

// brightness compares each good image with the median of the training images.
func (r *Report) brightness(s *Set, facts []fact) {
	var train []float64
	for _, f := range facts {
		if f.err == nil && f.split == "train" {
			train = append(train, f.brightness)
		}
	}
	if len(train) == 0 {
		return
	}
	mid := stats.Quantile(train, 0.5)
	dev := make([]float64, len(train))
	for i, v := range train {
		dev[i] = math.Abs(v - mid)
	}
	limit := max(brightMADs*madToDeviation*stats.Quantile(dev, 0.5), brightLeast)
	for _, f := range facts {
		if f.err == nil && f.item.Kind == KindGood && math.Abs(f.brightness-mid) > limit {
			r.add(false, s.Rel(f.item.Path), "has mean brightness %.0f; training images have %.0f +-%.0f", f.brightness, mid, limit)
		}
	}
}

func (r *Report) masks(s *Set, facts []fact) {
	for _, f := range facts {
		for _, m := range f.masks {
			at := s.Rel(m.path)
			switch {
			case m.err != nil:
				r.add(false, at, "cannot be used: %v", m.err)
				continue
			case m.w != f.w || m.h != f.h:
				r.add(false, at, "is %dx%d, its image %dx%d; expected equal sizes", m.w, m.h, f.w, f.h)
			}
			if len(m.values) == 0 {
				r.add(false, at, "is empty; expected the marked defect")
			}
			if len(s.Defects) == 0 {
				continue
			}
			if len(m.values) > 1 {
				r.add(false, at, "holds the values %s; expected one value per file", join(m.values))
			}
			for _, v := range m.values {
				if _, ok := s.Defects[v]; !ok {
					r.add(false, at, "holds the value %d, which %s does not list", v, defectsFile)
				}
			}
		}
	}
}

func join(values []int) string {
	const most = 8
	text := ""
	for i, v := range values {
		if i == most {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(v)
	}
	return text
}
