package label

import (
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/image"
	"aecsad/kernels"
)

const testSide = 96

func testOptions() Options {
	o := DefaultOptions()
	o.Side = testSide
	return o
}

// drawing is a picture and its true classes.
type drawing struct {
	im    *image.RGB
	truth *image.Labels
	draws int
	seed  uint32
}

// newDrawing is a grey-green ground with a slope of light and noise.
func newDrawing(seed uint32) *drawing {
	d := &drawing{im: image.New(testSide, testSide), seed: seed}
	d.truth = &image.Labels{Width: testSide, Height: testSide, Pix: make([]uint8, testSide*testSide)}
	d.paint(0, [3]float64{110, 130, 105}, func(x, y float64) bool { return true })
	return d
}

// paint colours the pixels for which in is true.
func (d *drawing) paint(class uint8, rgb [3]float64, in func(x, y float64) bool) {
	for y := range testSide {
		for x := range testSide {
			if !in(float64(x), float64(y)) {
				continue
			}
			i := y*testSide + x
			d.truth.Pix[i] = class
			for c := range 3 {
				noise := 6 * (float64(kernels.Uniform(d.seed, uint32(c), uint64(i))) - 0.5)
				d.im.Pix[3*i+c] = byte(rgb[c]*(1-0.1*float64(x)/testSide) + noise)
			}
		}
	}
}

func (d *drawing) disc(class uint8, rgb [3]float64, cx, cy, r float64) {
	d.paint(class, rgb, func(x, y float64) bool { return math.Hypot(x-cx, y-cy) <= r })
}

// bar is turned by angle.
func (d *drawing) bar(class uint8, rgb [3]float64, cx, cy, length, width, angle float64) {
	sin, cos := math.Sincos(angle)
	d.paint(class, rgb, func(x, y float64) bool {
		u, v := cos*(x-cx)+sin*(y-cy), cos*(y-cy)-sin*(x-cx)
		return math.Abs(u) <= length/2 && math.Abs(v) <= width/2
	})
}

// between is a number in [lo, hi] of its own for every call.
func (d *drawing) between(lo, hi float64) float64 {
	d.draws++
	return lo + (hi-lo)*float64(kernels.Uniform(d.seed, 99, uint64(d.draws)))
}

var red, blue, yellow = [3]float64{190, 40, 40}, [3]float64{40, 60, 180}, [3]float64{220, 200, 50}

// tray has, at slightly other places in each picture, a red disc (class 1), a
// blue block (3) with a yellow cap on it (4) and a short red bar (2).
func tray(seed uint32) *drawing {
	d := newDrawing(seed)
	move := func() float64 { return d.between(-4, 4) }
	d.disc(1, red, 25+move(), 28+move(), 13)
	d.bar(2, red, 70+move(), 22+move(), 20, 6, d.between(0, 3))
	x, y := 50+move(), 68+move()
	d.bar(3, blue, x, y, 44, 24, 0)
	d.bar(4, yellow, x+16, y, 10, 14, 0)
	return d
}

func set(n int, draw func(seed uint32) *drawing) (images []*image.RGB, truth []*image.Labels, names []string) {
	for i := range n {
		d := draw(uint32(i + 1))
		images, truth, names = append(images, d.im), append(truth, d.truth), append(names, "image")
	}
	return images, truth, names
}

// matching maps each of our classes to the true one that it overlaps most, and
// returns the share of pixels that are right then.
func matching(maps, truth []*image.Labels) (to map[uint8]uint8, accuracy float64) {
	overlap := map[[2]uint8]int{}
	for i, m := range maps {
		for p, c := range m.Pix {
			overlap[[2]uint8{c, truth[i].Pix[p]}]++
		}
	}
	to, best := map[uint8]uint8{}, map[uint8]int{}
	total, right := 0, 0
	for pair, n := range overlap {
		total += n
		if n > best[pair[0]] {
			best[pair[0]], to[pair[0]] = n, pair[1]
		}
	}
	for _, n := range best {
		right += n
	}
	return to, float64(right) / float64(total)
}

// Parts that touch, that share a colour and that lie turned are told apart, and
// a label means the same thing in every image.
func TestPartsOfADrawnTray(t *testing.T) {
	images, truth, names := set(12, tray)
	calls, last := 0, 0
	res, err := Run(images, names, testOptions(), func(done, total int) {
		calls++
		last = total - done
	})
	require.NoError(t, err)
	assert.Equal(t, []int{3 * 12, 0}, []int{calls, last})
	require.Len(t, res.Maps, 12)
	require.Len(t, res.Classes, 4)
	to, accuracy := matching(res.Maps, truth)
	assert.Greater(t, accuracy, 0.98)
	assert.Len(t, to, 5)
	seen := map[uint8]bool{}
	for _, c := range to {
		seen[c] = true
	}
	assert.Len(t, seen, 5, "every true class has one of ours: %v", to)
	assert.Equal(t, uint8(0), to[0])
	assert.Len(t, res.Trusted, 9)
	assert.True(t, slices.IsSorted(res.Trusted))
	assert.Empty(t, res.Warnings)

	var words []string
	for i, c := range res.Classes {
		words = append(words, c.Name)
		assert.InDelta(t, 1, c.Share, 1e-9)
		if i > 0 {
			assert.LessOrEqual(t, c.MeanArea, res.Classes[i-1].MeanArea, "classes are in the order of their areas")
		}
	}
	slices.Sort(words)
	assert.Equal(t, []string{"blue part", "red part 1", "red part 2", "yellow part"}, words)
}

func TestTheSameImagesGiveTheSameLabels(t *testing.T) {
	images, _, names := set(10, tray)
	a, err := Run(images, names, testOptions(), nil)
	require.NoError(t, err)
	b, err := Run(images, names, testOptions(), nil)
	require.NoError(t, err)
	assert.Equal(t, a, b)
}

// A product with two variants keeps the parts of both, and images of both are
// trusted; one picture with something else is not.
func TestVariantsAreNormalAndOneStrangerIsNot(t *testing.T) {
	images, _, names := set(21, func(seed uint32) *drawing {
		d := newDrawing(seed)
		switch {
		case seed == 21:
			d.disc(9, yellow, 48, 48, 30)
		case seed%2 == 0:
			d.disc(1, red, 48+d.between(-5, 5), 40, 14)
		default:
			d.bar(2, blue, 48+d.between(-5, 5), 50, 40, 14, 0)
		}
		return d
	})
	res, err := Run(images, names, testOptions(), nil)
	require.NoError(t, err)
	require.Len(t, res.Classes, 2, "%v", res.Classes)
	for _, c := range res.Classes {
		assert.InDelta(t, 10./21, c.Share, 0.03)
	}
	assert.NotContains(t, res.Trusted, 20)
	even := 0
	for _, i := range res.Trusted {
		even += i % 2
	}
	assert.Greater(t, even, 3)
	assert.Greater(t, len(res.Trusted)-even, 3)
}

// A white label before a white wall is a part if something encloses it, and what
// lies beside the product is background.
func TestAnEnclosedBackgroundColourIsAPart(t *testing.T) {
	images, truth, names := set(10, func(seed uint32) *drawing {
		d := newDrawing(seed)
		x, y := 48+d.between(-6, 6), 48+d.between(-6, 6)
		d.bar(1, red, x, y, 50, 50, 0)
		d.bar(2, [3]float64{110, 130, 105}, x, y, 24, 24, 0)
		return d
	})
	res, err := Run(images, names, testOptions(), nil)
	require.NoError(t, err)
	require.Len(t, res.Classes, 2)
	_, accuracy := matching(res.Maps, truth)
	assert.Greater(t, accuracy, 0.99)
}

func TestNothingToFindIsAnError(t *testing.T) {
	images, _, names := set(5, newDrawing)
	_, err := Run(images, names, testOptions(), nil)
	assert.ErrorContains(t, err, "no part is found in 2 or more of the 5 images")
	assert.ErrorContains(t, err, "drawn by hand")
}

// Noise has no colours in common; pictures of one colour have no parts.
func TestPicturesWithoutRhymeAreNoTrouble(t *testing.T) {
	for name, at := range map[string]func(n, i int) byte{
		"noise":  func(n, i int) byte { return byte(256 * kernels.Uniform(uint32(n), 0, uint64(i))) },
		"black":  func(n, i int) byte { return 0 },
		"checks": func(n, i int) byte { return byte(255 * ((i/3%16 + i/48) % 2)) },
		"rows":   func(n, i int) byte { return byte(i / 48 * 50) },
	} {
		var images []*image.RGB
		o := testOptions()
		o.Side = 16
		for n := range 3 {
			im := image.New(16, 16)
			for i := range im.Pix {
				im.Pix[i] = at(n, i)
			}
			images = append(images, im)
		}
		for count := 1; count <= 3; count++ {
			res, err := Run(images[:count], []string{"a", "b", "c"}[:count], o, nil)
			if err == nil {
				assert.NotEmpty(t, res.Classes, name)
				assert.NotEmpty(t, res.Trusted, name)
			} else {
				assert.ErrorContains(t, err, "no part is found", name)
			}
		}
	}
}

func TestDoubtsAreSaid(t *testing.T) {
	images, _, names := set(6, func(seed uint32) *drawing {
		d := newDrawing(seed)
		d.disc(1, red, 48, 48, 3.4)
		return d
	})
	res, err := Run(images, names, testOptions(), nil)
	require.NoError(t, err)
	all := strings.Join(res.Warnings, "\n")
	assert.Contains(t, all, "parts cover almost all or almost nothing of 6 of 6 images")
	assert.Contains(t, all, "only 6 images")

	images, _, names = set(12, func(seed uint32) *drawing {
		d := newDrawing(seed)
		for i := range 1 + 6*(seed%3) {
			d.disc(1, red, 10+12*float64(i%7), 20+30*float64(i/7), 4)
		}
		return d
	})
	res, err = Run(images, names, testOptions(), nil)
	require.NoError(t, err)
	assert.Contains(t, strings.Join(res.Warnings, "\n"), "the number of parts differs by more than two")
}

func TestRunChecksItsInput(t *testing.T) {
	images, _, names := set(2, tray)
	for want, spoil := range map[string]func(*Options){
		"label.side is 8":                func(o *Options) { o.Side = 8 },
		"image is 96x96 pixels":          func(o *Options) { o.Side = 128 },
		"label.color_bandwidth is 0":     func(o *Options) { o.ColorBandwidth = 0 },
		"label.part_bandwidth is -1":     func(o *Options) { o.PartBandwidth = -1 },
		"min_share 2":                    func(o *Options) { o.MinShare = 2 },
		"trusted NaN":                    func(o *Options) { o.Trusted = math.NaN() },
		"label.min_area is 0, min_share": func(o *Options) { o.MinArea = 0 },
	} {
		o := testOptions()
		spoil(&o)
		_, err := Run(images, names, o, nil)
		assert.ErrorContains(t, err, want)
	}
	_, err := Run(nil, nil, testOptions(), nil)
	assert.ErrorContains(t, err, "0 images and 0 names")
	_, err = Run(images, names[:1], testOptions(), nil)
	assert.ErrorContains(t, err, "2 images and 1 names")
}

func TestDrawnMapsAreTakenAsTheyAre(t *testing.T) {
	_, truth, names := set(4, tray)
	names = []string{"a", "b", "c", "d"}
	truth[2] = nil
	res, err := FromMaps(truth, names, testOptions())
	require.NoError(t, err)
	assert.Equal(t, truth, res.Maps)
	assert.Equal(t, []int{0, 1, 3}, res.Trusted)
	require.Len(t, res.Classes, 4)
	assert.Equal(t, "part3", res.Classes[2].Name)
	assert.InDelta(t, 1, res.Classes[2].Share, 1e-9)
	assert.InDelta(t, (45*25-11*15)/float64(testSide*testSide), res.Classes[2].MeanArea, 0.01)
	assert.Empty(t, res.Warnings)

	for p, c := range truth[0].Pix {
		if c == 4 {
			truth[0].Pix[p] = 6
		}
	}
	res, err = FromMaps(truth[:1], names[:1], testOptions())
	require.NoError(t, err)
	assert.Len(t, res.Classes, 6)
	assert.Len(t, res.Warnings, 2)
	assert.ErrorContains(t, second(FromMaps([]*image.Labels{nil}, names[:1], testOptions())), "none of the 1 images has a map")
	assert.ErrorContains(t, second(FromMaps(truth[:1], names, testOptions())), "1 maps and 4 names")
	assert.ErrorContains(t, second(FromMaps([]*image.Labels{truth[0].Resize(50, 50)}, names[:1], testOptions())), "the map of a is 50x50")
	truth[0].Pix[7] = 255
	assert.ErrorContains(t, second(FromMaps(truth[:1], names[:1], testOptions())), "the map of a has class 255; expected at most 254")
	clear(truth[0].Pix)
	assert.ErrorContains(t, second(FromMaps(truth[:1], names[:1], testOptions())), "nothing but background")
}

func second(_ *Result, err error) error { return err }

func TestSheetShowsPicturesAndMaps(t *testing.T) {
	images, truth, names := set(3, tray)
	truth[1] = nil
	res, err := FromMaps(truth, names, testOptions())
	require.NoError(t, err)
	sheet := Sheet(images, res, 8)
	assert.Equal(t, [2]int{3*(tileSide+sheetGap) + sheetGap, 2*(tileSide+sheetGap) + sheetGap}, [2]int{sheet.Width, sheet.Height})
	at := func(column, row int) [3]byte {
		x, y := sheetGap+column*(tileSide+sheetGap)+tileSide/2, sheetGap+row*(tileSide+sheetGap)+tileSide*3/4
		return [3]byte(sheet.Pix[3*(y*sheet.Width+x):])
	}
	assert.Greater(t, at(0, 0)[2], at(0, 0)[0], "the blue block")
	assert.NotEqual(t, at(0, 0), at(0, 1))
	assert.Equal(t, [3]byte{sheetTone, sheetTone, sheetTone}, at(1, 1), "an image without a map")
	assert.Equal(t, 2*(tileSide+sheetGap)+sheetGap, Sheet(images, res, 2).Width)
	assert.Equal(t, image.New(1, 1), Sheet(nil, res, 4))
}

func TestColoursHaveWords(t *testing.T) {
	for want, rgb := range map[string][3]byte{
		"black": {20, 20, 22}, "grey": {128, 128, 130}, "white": {245, 245, 240}, "red": {200, 30, 30}, "orange": {240, 150, 40},
		"brown": {150, 80, 30}, "yellow": {230, 210, 40}, "green": {50, 140, 60}, "blue": {40, 60, 180}, "purple": {130, 50, 140},
		"turquoise": {60, 180, 180}, "pink": {240, 120, 170},
	} {
		assert.Equal(t, want, toColor(rgb[0], rgb[1], rgb[2]).word())
	}
}

// The values are those of the CIE formulas for the sRGB primaries.
func TestLab(t *testing.T) {
	for rgb, want := range map[[3]byte][3]float64{
		{255, 255, 255}: {100, 0, 0}, {0, 0, 0}: {0, 0, 0}, {255, 0, 0}: {53.24, 80.09, 67.20},
		{0, 255, 0}: {87.73, -86.18, 83.18}, {0, 0, 255}: {32.30, 79.19, -107.86}, {119, 119, 119}: {50.03, 0, 0},
	} {
		c := toColor(rgb[0], rgb[1], rgb[2])
		got := []float64{c[0] / lightWeight, c[1], c[2]}
		assert.InDeltaSlice(t, want[:], got, 0.05, "%v", rgb)
	}
}

// Photographs may be beyond what this method can do, but they are no trouble.
func TestRealPhotographs(t *testing.T) {
	root := shared(t, "data/real")
	for _, set := range []string{"aliens", "macaroni1"} {
		files, err := filepath.Glob(filepath.Join(root, set, "train", "good", "*"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		slices.Sort(files)
		files = files[:min(len(files), 12)]
		var images []*image.RGB
		for _, f := range files {
			im, err := image.ReadFile(f)
			require.NoError(t, err)
			images = append(images, image.Resize(im, testSide, testSide))
		}
		res, err := Run(images, files, testOptions(), nil)
		require.NoError(t, err, set)
		assert.Len(t, res.Maps, len(images))
		assert.NotEmpty(t, res.Trusted)
		assert.Greater(t, res.Classes[0].Share, 0.8, "%s: %v", set, res.Classes)
	}
}

// A flat picture stays, a step stays sharp, and a lone pixel goes.
func TestFlattenKeepsEdgesAndDropsTexture(t *testing.T) {
	const side = 20
	c := make([]color, side*side)
	for i := range c {
		if i%side >= 9 {
			c[i] = color{30, 5, -5}
		}
	}
	for _, reach := range []int{1, 2, 4} {
		for i, v := range flatten(c, side, reach) {
			assert.InDelta(t, 0, v.distance(c[i]), 1e-6, "reach %d, pixel %d", reach, i)
		}
	}
	spotted := slices.Clone(c)
	spotted[5*side+4] = color{50, 50, 50}
	for i, v := range flatten(flatten(spotted, side, 2), side, 2) {
		if i == 5*side+4 { // every square around the spot holds it
			assert.Less(t, v.distance(c[i]), 10.0)
			continue
		}
		assert.InDelta(t, 0, v.distance(c[i]), 1e-6, "pixel %d", i)
	}
}

func BenchmarkScene(b *testing.B) {
	images, _, names := set(4, tray)
	o := DefaultOptions()
	for i := range images {
		images[i] = image.Resize(images[i], o.Side, o.Side)
	}
	if _, err := Run(images, names, o, nil); err != nil {
		b.Fatal(err)
	}
	f, _ := learn(images, o, func() {})
	for b.Loop() {
		f.labels(f.scene(images[0]))
	}
}
