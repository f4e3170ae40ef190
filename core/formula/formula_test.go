package formula

import (
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSameArgumentsSamePicture(t *testing.T) {
	a, err := Draw(1, 7, 64)
	require.NoError(t, err)
	b, err := Draw(1, 7, 64)
	require.NoError(t, err)
	assert.Equal(t, a, b)
	for _, other := range []struct {
		seed  uint32
		index int
	}{{2, 7}, {1, 8}} {
		o, err := Draw(other.seed, other.index, 64)
		require.NoError(t, err)
		assert.NotEqual(t, a.RGB.Pix, o.RGB.Pix, "%+v", other)
	}
}

func TestPicturesDoWithoutATrait(t *testing.T) {
	seen := func(without ...Trait) (shapes, textures int) {
		for i := range 40 {
			p, err := Draw(5, i, 64, without...)
			require.NoError(t, err)
			for k, class := range p.Classes[Shape] {
				if int(class) > len(outlines) {
					shapes++
				}
				if p.Classes[Texture][k] != 0 {
					textures++
				}
			}
		}
		return shapes, textures
	}
	fractals, textures := seen()
	assert.NotZero(t, fractals)
	assert.NotZero(t, textures)
	fractals, textures = seen(Fractals)
	assert.Zero(t, fractals)
	assert.NotZero(t, textures)
	_, textures = seen(Textures)
	assert.Zero(t, textures)

	p, err := Draw(5, 0, 64, Light, Sensor)
	require.NoError(t, err)
	for i, v := range p.RGB.Pix {
		assert.InDelta(t, 255*p.Albedo[i%3*64*64+i/3], v, 0.51)
	}
	straight := newCanvas(64, newDraws(5, 0), Slant)
	assert.Equal(t, []float64{-31.5, -30.5}, straight.x[:2])
}

func TestSideIsChecked(t *testing.T) {
	for _, side := range []int{0, 31, 1025} {
		_, err := Draw(1, 0, side)
		assert.ErrorContains(t, err, "expected 32 to 1024")
	}
}

func TestEveryClassOccursAndNoOther(t *testing.T) {
	var seen [Targets][256]int
	for i := range 300 {
		p, err := Draw(3, i, Side)
		require.NoError(t, err)
		for k, m := range p.Classes {
			for _, c := range m {
				seen[k][c]++
			}
		}
		assert.GreaterOrEqual(t, slices.Min(p.Albedo), float32(0))
		assert.LessOrEqual(t, slices.Max(p.Albedo), float32(1))
	}
	for k := range Targets {
		for c := range k.Classes() {
			assert.NotZero(t, seen[k][c], "%s %d", k.Name(), c)
		}
		for c := k.Classes(); c < Ignore; c++ {
			assert.Zero(t, seen[k][c], "%s %d", k.Name(), c)
		}
	}
}

func TestOutlinesAreDistances(t *testing.T) {
	// Nothing reaches out of the disc, but for round ends and the ripple of
	// threads. Within a pixel of the outline the slope is that of a distance;
	// corners and the approximate shapes are let off.
	const r, h = 20, 0.05
	for _, o := range outlines {
		for i := range 20 {
			s := o.make(newDraws(5, i), r)
			inside, near, steep := 0, 0, 0
			for y := -1.5 * r; y < 1.5*r; y++ {
				for x := -1.5 * r; x < 1.5*r; x++ {
					d := s(x, y)
					if math.IsNaN(d) || d < 0 && hypot(x, y) > r*1.12+1 {
						t.Fatalf("%s %d: distance %v at (%v,%v)", o.name, i, d, x, y)
					}
					if d < 0 {
						inside++
					}
					if math.Abs(d) < 1 {
						near++
						if slope := hypot(s(x+h, y)-d, s(x, y+h)-d) / h; slope < 0.7 || slope > 1.4 {
							steep++
						}
					}
				}
			}
			assert.NotZero(t, inside, "%s %d is empty", o.name, i)
			assert.LessOrEqual(t, steep, near/5, "%s %d", o.name, i)
		}
	}
}

func TestFillingsStayInRangeAndVary(t *testing.T) {
	for _, f := range fillings {
		p := f.make(newDraws(1, 0), 8)
		lo, hi := math.Inf(1), math.Inf(-1)
		for y := range 200 {
			for x := range 200 {
				v := p(float64(x), float64(y))
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		assert.GreaterOrEqual(t, lo, -0.6, f.name)
		assert.LessOrEqual(t, hi, 1.6, f.name)
		if f.name != "plain" {
			assert.Greater(t, hi-lo, 0.5, f.name)
		}
	}
}

// TestOrientation: an oriented filling changes least along its lines, which run
// along y.
func TestOrientation(t *testing.T) {
	for _, f := range fillings {
		if !f.oriented {
			continue
		}
		p := f.make(newDraws(2, 1), 9)
		across, along := 0.0, 0.0
		for i := range 4000 {
			x, y := float64(i%63)*1.37, float64(i/63)*1.91
			across += math.Abs(p(x+1, y) - p(x, y))
			along += math.Abs(p(x, y+1) - p(x, y))
		}
		assert.Greater(t, across, along, f.name)
	}
}

func TestDirection(t *testing.T) {
	assert.EqualValues(t, 0, direction(0.01))
	assert.EqualValues(t, 0, direction(math.Pi+0.01), "an angle has no sense")
	assert.EqualValues(t, directions-1, direction(-0.01))
	assert.EqualValues(t, directions/2, direction(math.Pi/2+0.01))
}

func TestEdgesPointAcross(t *testing.T) {
	b := &body{shape: rectangle(20, 10, 0), class: 2, r: 23, cos: 1, paint: newSurface(newDraws(1, 1), true)}
	c := newCanvas(64, newDraws(0, 1))
	for i := range c.x { // straight on
		c.x[i], c.y[i] = float64(i%64)-31.5, float64(i/64)-31.5
	}
	c.fill(b)
	at := func(x, y int) uint8 { return c.classes[Edge][(y+32)*64+x+32] }
	assert.EqualValues(t, 1+directions/2, at(3, 9), "top and bottom edges are crossed vertically")
	assert.Contains(t, []uint8{1, directions}, at(19, 2))
	assert.Zero(t, at(0, 0))
	assert.EqualValues(t, 2, c.classes[Shape][32*64+32])
	assert.Zero(t, c.classes[Shape][0])
}

func TestCells(t *testing.T) {
	p := &Picture{Side: 32, Albedo: make([]float32, 3*32*32)}
	for k := range p.Classes {
		p.Classes[k] = make([]uint8, 32*32)
	}
	p.Classes[Shape][4*32+12] = 3 // the middle of cell (1, 0) of 8 pixels
	p.Classes[Edge][1*32+10], p.Classes[Edge][2*32+10] = 5, 5
	p.Albedo[3*32+9] = 1
	var out [16]float32
	p.Answers(out[:], Shape, 8)
	assert.Equal(t, [16]float32{0, 3}, out)
	p.Answers(out[:], Edge, 8)
	assert.Equal(t, [16]float32{0, 5}, out)
	var colors [48]float32
	p.Colors(colors[:], 8)
	assert.InDelta(t, -1+2./64, colors[1], 1e-6)
	assert.InDelta(t, -1, colors[0], 1e-6)
}

func TestSheet(t *testing.T) {
	s, err := Sheet(1, 3, 64)
	require.NoError(t, err)
	assert.Equal(t, []int{9 * 64, 3 * 64}, []int{s.Width, s.Height})
	if path := os.Getenv("AECSAD_SHEET"); path != "" {
		s, err = Sheet(1, 10, Side)
		require.NoError(t, err)
		require.NoError(t, s.WriteFile(path))
	}
}

func BenchmarkDraw(b *testing.B) {
	for i := range b.N {
		if _, err := Draw(1, i, Side); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNeighboursOfTheSameBody(t *testing.T) {
	const side = 64
	c := newCanvas(side, newDraws(1, 0), Slant)
	square := func(x, y float64) *body {
		return &body{shape: func(u, v float64) float64 { return max(math.Abs(u), math.Abs(v)) - 10 },
			cos: 1, x: x, y: y, r: 15, paint: newSurface(newDraws(1, 1), false)}
	}
	c.fill(square(-10, 0)) // columns 12 to 31
	c.fill(square(10, 0))  // columns 32 to 51, rows 22 to 41 both
	c.relate()
	at := func(x, y int) uint8 { return c.classes[Instance][y*side+x] }
	assert.EqualValues(t, 3, at(14, 24), "well inside")
	assert.EqualValues(t, 2, at(28, 24), "the other square to the right")
	assert.EqualValues(t, 1, at(14, 38), "ground below")
	assert.EqualValues(t, 0, at(28, 38), "neither")
	assert.EqualValues(t, 3, at(2, 2), "ground all around")
	assert.EqualValues(t, Ignore, at(60, 2), "beyond the border")
	assert.EqualValues(t, Ignore, at(2, 60), "beyond the border")
}
