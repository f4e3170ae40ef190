package synth

import (
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"aecsad/core/data/synth/draw"
	"aecsad/kernels"
)

// write renders one category into a temporary folder and renames it.
func (c *category) write(dir string, o Options, step func()) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(dir, "."+c.name+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(tmp) //nolint:errcheck // the first error counts
		}
	}()
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	jobs := c.jobs(o)
	for _, j := range jobs {
		for _, d := range j.dirs(tmp) {
			if err := os.MkdirAll(d, 0o755); err != nil {
				return err
			}
		}
	}
	if err := c.writeConfig(tmp, o); err != nil {
		return err
	}
	if err := renderAll(jobs, tmp, step); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, c.name))
}

// writeConfig writes defects_config.json and the names of the label classes.
func (c *category) writeConfig(root string, o Options) error {
	type entry struct {
		Name       string `json:"defect_name"`
		Value      int    `json:"pixel_value"`
		Saturation any    `json:"saturation_threshold"`
		Relative   bool   `json:"relative_saturation"`
	}
	w, h := c.size(o)
	scale := min(float64(w)/float64(c.w), float64(h)/float64(c.h))
	var entries []entry
	for i, f := range c.faults {
		e := entry{f.name, maskValue(i), json.Number("1.0"), true}
		if f.area > 0 {
			e.Saturation, e.Relative = int(f.area*scale*scale), false
		}
		entries = append(entries, e)
	}
	if err := writeJSON(filepath.Join(root, "defects_config.json"), entries); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(root, "labels"), 0o755); err != nil {
		return err
	}
	return writeJSON(filepath.Join(root, "labels", "classes.json"), c.classes)
}

func writeJSON(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "    ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

func maskValue(fault int) int { return 255 - fault }

func (c *category) size(o Options) (w, h int) {
	if o.Width == 0 {
		return c.w, c.h
	}
	return o.Width, o.Height
}

// job is one picture to render.
type job struct {
	c           *category
	split, kind string // "test", "logical_anomalies"
	index       int
	fault       int // index into c.faults, -1 for none
	variant     int
	w, h        int
	seed        uint32
}

// jobs lists the pictures of a category.
func (c *category) jobs(o Options) []job {
	var logical, structural []int
	for i, f := range c.faults {
		if f.logical {
			logical = append(logical, i)
		} else {
			structural = append(structural, i)
		}
	}
	var list []job
	add := func(split, kind string, n int, faults []int) {
		for i := range n {
			j := job{c: c, split: split, kind: kind, index: i, fault: -1, seed: o.Seed}
			j.w, j.h = c.size(o)
			round := i
			if len(faults) > 0 {
				j.fault = faults[i%len(faults)]
				round = i/len(faults) + j.fault
			}
			j.variant = round % c.variants
			list = append(list, j)
		}
	}
	add("train", "good", o.Train, nil)
	add("validation", "good", o.Validation, nil)
	add("test", "good", o.TestGood, nil)
	add("test", "logical_anomalies", o.TestLogical, logical)
	add("test", "structural_anomalies", o.TestStructural, structural)
	return list
}

func (j job) stem() string { return fmt.Sprintf("%03d", j.index) }

func (j job) dirs(root string) []string {
	d := []string{filepath.Join(root, j.split, j.kind), filepath.Join(root, "labels", j.split, j.kind)}
	if j.fault >= 0 {
		d = append(d, filepath.Join(root, "ground_truth", j.kind, j.stem()))
	}
	return d
}

// render paints the picture. sound leaves the fault out: the same scene, whole.
func (j job) render(sound bool) (*draw.Scene, *image.NRGBA) {
	key := kernels.Mix64(draw.Hash(j.c.name+"/"+j.split+"/"+j.kind) + uint64(j.index))
	fault := ""
	if j.fault >= 0 && !sound {
		fault = j.c.faults[j.fault].name
	}
	s := draw.NewScene(kernels.Mix64(key^uint64(j.seed)), j.c.w, j.c.h, j.w, j.h)
	s.Fault, s.Variant = fault, j.variant
	j.c.draw(s)
	return s, s.Develop()
}

// renderAll renders on all cores and stops at the first error.
func renderAll(jobs []job, root string, step func()) error {
	var mu sync.Mutex
	var failed error
	next := 0
	take := func() (job, bool) {
		mu.Lock()
		defer mu.Unlock()
		if failed != nil || next == len(jobs) {
			return job{}, false
		}
		next++
		return jobs[next-1], true
	}
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for j, ok := take(); ok; j, ok = take() {
				err := j.save(root)
				mu.Lock()
				if err != nil && failed == nil {
					failed = err
				} else if err == nil {
					step()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return failed
}

func (j job) save(root string) error {
	s, im := j.render(false)
	name := j.stem() + ".png"
	if err := writePNG(filepath.Join(root, j.split, j.kind, name), im); err != nil {
		return err
	}
	if err := writePNG(filepath.Join(root, "labels", j.split, j.kind, name), grey(s.W, s.H, s.Label)); err != nil {
		return err
	}
	for i, m := range s.Masks {
		path := filepath.Join(root, "ground_truth", j.kind, j.stem(), fmt.Sprintf("%03d.png", i))
		pix := make([]uint8, len(m))
		for k, in := range m {
			if in {
				pix[k] = uint8(maskValue(j.fault))
			}
		}
		if err := writePNG(path, grey(s.W, s.H, pix)); err != nil {
			return err
		}
	}
	return nil
}

func grey(w, h int, pix []uint8) *image.Gray {
	return &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
}

// buffers lets the encoders share their working memory.
type buffers struct{ sync.Pool }

func (b *buffers) Get() *png.EncoderBuffer  { e, _ := b.Pool.Get().(*png.EncoderBuffer); return e }
func (b *buffers) Put(e *png.EncoderBuffer) { b.Pool.Put(e) }

var encoder = png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &buffers{}}

func writePNG(path string, im image.Image) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	return encoder.Encode(f, im)
}
