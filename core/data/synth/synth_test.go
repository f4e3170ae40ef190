package synth

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/data/synth/draw"
)

// everyFault is two rounds of each fault of a category.
func everyFault(c *category) []job {
	n := 0
	for _, f := range c.faults {
		if f.logical {
			n++
		}
	}
	return c.jobs(Options{TestLogical: 2 * n, TestStructural: 2 * (len(c.faults) - n), Seed: 3})
}

func TestEachCategoryHasFourFaultsOfEachKind(t *testing.T) {
	require.Len(t, Categories(), 5)
	for _, name := range Categories() {
		logical, structural, err := Faults(name)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, len(logical), 4, name)
		assert.GreaterOrEqual(t, len(structural), 4, name)
		classes, err := Classes(name)
		require.NoError(t, err)
		assert.NotEmpty(t, classes, name)
	}
}

// A faulty picture differs from its sound twin. What a structural fault changes
// lies in the masks or close to them (shadows, the blur of the lens).
func TestFaultsLieInTheirMasks(t *testing.T) {
	for k := range categories {
		c := &categories[k]
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, j := range everyFault(c) {
				f := c.faults[j.fault]
				name := fmt.Sprintf("%s %d", f.name, j.index)
				s, im := j.render(false)
				sound, twin := j.render(true)
				require.Empty(t, sound.Masks, name)
				require.NotEmpty(t, s.Masks, name)
				for _, m := range s.Masks {
					require.Positive(t, area(m), "%s: a mask is empty", name)
				}
				in := union(s.Masks)
				near := widen(in, s.W, s.H, 8)
				changed, covered, hit := 0, 0, 0
				for i := range in {
					if !differs(im, twin, i) {
						continue
					}
					changed++
					if near[i] {
						covered++
					}
					if in[i] {
						hit++
					}
				}
				require.Greater(t, changed, 20, "%s shows nothing", name)
				if f.logical {
					// What was moved leaves a gap elsewhere, and cables follow their blocks.
					assert.GreaterOrEqual(t, float64(covered), 0.3*float64(changed), "%s: changes outside the mask", name)
					continue
				}
				assert.GreaterOrEqual(t, float64(covered), 0.97*float64(changed), "%s: changes outside the mask", name)
				part := float64(area(in)) / float64(len(in))
				assert.GreaterOrEqual(t, part, 0.001, "%s: mask too small", name)
				assert.LessOrEqual(t, part, 0.015, "%s: mask too large", name)
				assert.GreaterOrEqual(t, float64(hit), 0.4*float64(area(in)), "%s: mask where nothing changed", name)
			}
		})
	}
}

func differs(a, b *image.NRGBA, i int) bool {
	for k := range 3 {
		d := int(a.Pix[4*i+k]) - int(b.Pix[4*i+k])
		if d > 12 || d < -12 {
			return true
		}
	}
	return false
}

func area(m []bool) int {
	n := 0
	for _, in := range m {
		if in {
			n++
		}
	}
	return n
}

func union(masks [][]bool) []bool {
	u := make([]bool, len(masks[0]))
	for _, m := range masks {
		for i, in := range m {
			u[i] = u[i] || in
		}
	}
	return u
}

// widen is a square dilation by r pixels, done one axis after the other.
func widen(m []bool, w, h, r int) []bool {
	axis := func(m []bool, step func(i, d int) int) []bool {
		out := make([]bool, len(m))
		for i, in := range m {
			if in {
				for d := -r; d <= r; d++ {
					if k := step(i, d); k >= 0 {
						out[k] = true
					}
				}
			}
		}
		return out
	}
	m = axis(m, func(i, d int) int {
		if x := i%w + d; x < 0 || x >= w {
			return -1
		}
		return i + d
	})
	return axis(m, func(i, d int) int {
		if y := i/w + d; y < 0 || y >= h {
			return -1
		}
		return i + d*w
	})
}

func TestGoodPicturesHaveAllParts(t *testing.T) {
	for k := range categories {
		c := &categories[k]
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			seen := map[int]bool{}
			for _, j := range c.jobs(Options{Train: 15, Seed: 5}) {
				s, _ := j.render(false)
				require.Empty(t, s.Masks)
				seen[j.variant] = true
				want := c.expect(j.variant)
				require.Len(t, want, len(c.classes))
				assert.Equal(t, want, components(s, len(c.classes)), "image %d, variant %d", j.index, j.variant)
			}
			assert.Len(t, seen, c.variants)
		})
	}
}

// components counts the 8-connected pieces of each class that have at least 12
// pixels (smaller ones are crumbs of smooth edges).
func components(s *draw.Scene, classes int) []int {
	counts := make([]int, classes)
	seen := make([]bool, len(s.Label))
	for start, class := range s.Label {
		if class == 0 || seen[start] {
			continue
		}
		stack, size := []int{start}, 0
		seen[start] = true
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			size++
			for dy := -1; dy <= 1; dy++ {
				for dx := -1; dx <= 1; dx++ {
					x, y := i%s.W+dx, i/s.W+dy
					if x < 0 || y < 0 || x >= s.W || y >= s.H {
						continue
					}
					if n := y*s.W + x; !seen[n] && s.Label[n] == class {
						seen[n] = true
						stack = append(stack, n)
					}
				}
			}
		}
		if size >= 12 {
			counts[class-1]++
		}
	}
	return counts
}

// Logical faults change what can be counted: number, class, area or place.
func TestFaultyPicturesStillLabelTheirParts(t *testing.T) {
	c, err := find("hardware_bag")
	require.NoError(t, err)
	want := map[string][]int{
		"missing_washer": {2, 1, 2, 2}, "extra_nut": {2, 1, 3, 3}, "missing_short_screw": {2, 0, 3, 2},
		"long_screw_for_short": {3, 0, 3, 2}, "nut_for_washer": {2, 1, 2, 3},
	}
	for _, j := range everyFault(c) {
		if f := c.faults[j.fault]; f.logical {
			s, _ := j.render(false)
			assert.Equal(t, want[f.name], components(s, len(c.classes)), f.name)
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	o := Options{Train: 2, Validation: 1, TestGood: 1, TestLogical: 2, TestStructural: 1, Width: 96, Height: 80, Seed: 9}
	a, b, c := t.TempDir(), t.TempDir(), t.TempDir()
	require.NoError(t, Write(a, o, nil))
	old := runtime.GOMAXPROCS(1)
	err := Write(b, o, nil)
	runtime.GOMAXPROCS(old)
	require.NoError(t, err)
	o.Seed++
	require.NoError(t, Write(c, o, nil))
	first, again, other := contents(t, a), contents(t, b), contents(t, c)
	assert.Equal(t, first, again)
	for name := range first {
		if filepath.Dir(name) == filepath.Join("parts_tray", "train", "good") {
			assert.NotEqual(t, first[name], other[name], name)
		}
	}
}

// contents reads every file below dir, by relative name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		files[rel] = string(b)
		return err
	}))
	require.NotEmpty(t, files)
	return files
}

func TestPicturesDoNotDependOnOtherOptions(t *testing.T) {
	c, err := find("parts_tray")
	require.NoError(t, err)
	few, many := c.jobs(Options{Train: 1, Seed: 4}), c.jobs(Options{Train: 30, TestGood: 3, Seed: 4})
	_, a := few[0].render(false)
	_, b := many[0].render(false)
	assert.Equal(t, a.Pix, b.Pix)
	_, d := many[1].render(false)
	assert.NotEqual(t, a.Pix, d.Pix)
	_, e := many[30].render(false) // test/good/000 is not train/good/000
	assert.NotEqual(t, a.Pix, e.Pix)
}

func TestWriteRefuses(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "parts_tray"), 0o755))
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, c := range []struct {
		name, dir string
		o         Options
		want      string
	}{
		{"unknown category", dir, Options{Categories: []string{"spoons"}}, `no category "spoons"; expected one of parts_tray,`},
		{"category twice", dir, Options{Categories: []string{"hardware_bag", "hardware_bag"}}, `"hardware_bag" is named twice`},
		{"negative count", dir, Options{Train: -1}, "Train is -1; expected 0 to"},
		{"too many", dir, Options{TestGood: 1 << 30}, "TestGood is 1073741824"},
		{"too small", dir, Options{Width: 8, Height: 8}, "size is 8x8; expected 64 to 2048"},
		{"one side only", dir, Options{Width: 256}, "size is 256x0"},
		{"exists", dir, Options{Categories: []string{"parts_tray"}}, "parts_tray exists already"},
		{"folder is a file", file, Options{Categories: []string{"parts_tray"}}, "file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.ErrorContains(t, Write(c.dir, c.o, nil), c.want)
		})
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 2, "nothing may be left behind")
	_, err = Classes("spoons")
	assert.ErrorContains(t, err, "no category")
	_, _, err = Faults("spoons")
	assert.ErrorContains(t, err, "no category")
}

func TestProgressCountsEveryImage(t *testing.T) {
	var steps []int
	o := Options{Categories: []string{"wired_connectors"}, Train: 3, TestLogical: 2, Width: 64, Height: 64}
	require.NoError(t, Write(t.TempDir(), o, func(done, total int) {
		assert.Equal(t, 5, total)
		steps = append(steps, done)
	}))
	assert.Equal(t, []int{1, 2, 3, 4, 5}, steps)
}
