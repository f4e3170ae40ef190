package image

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func at(im *RGB, i int) [3]byte { return [3]byte(im.Pix[3*i:]) }

func TestHeatGrowsLighter(t *testing.T) {
	const side = 16
	values := make([]float32, side*side)
	for i := range values {
		values[i] = float32(i) / (side*side - 1)
	}
	im := Heat(values, side, 0, 1)
	for i := 1; i < len(values); i++ {
		assert.GreaterOrEqual(t, int(grey(im.Pix[3*i:])), int(grey(im.Pix[3*i-3:])), "value %v", values[i])
	}
	assert.Less(t, grey(im.Pix), uint8(20))
	assert.Greater(t, grey(im.Pix[3*(side*side-1):]), uint8(220))

	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	odd := Heat([]float32{nan, -inf, inf, 5, -5, 1}, 3, 0, 1)
	dark, light := at(im, 0), at(im, side*side-1)
	assert.Equal(t, [][3]byte{dark, dark, light, light, dark, light}, [][3]byte{at(odd, 0), at(odd, 1), at(odd, 2), at(odd, 3), at(odd, 4), at(odd, 5)})
	Heat(make([]float32, 100), 2, 1, 1) // a map of another size and no range is no panic
}

func TestBlend(t *testing.T) {
	a, b := &RGB{1, 1, []byte{0, 100, 255}}, &RGB{1, 1, []byte{255, 200, 255}}
	assert.Equal(t, a.Pix, Blend(a, b, 0).Pix)
	assert.Equal(t, b.Pix, Blend(a, b, 1).Pix)
	assert.Equal(t, []byte{64, 125, 255}, Blend(a, b, 0.25).Pix)
	wide := Blend(New(4, 2), b, 1)
	assert.Equal(t, [2]int{4, 2}, [2]int{wide.Width, wide.Height})
	assert.Equal(t, at(b, 0), at(wide, 7))
}

func TestClassesHaveColoursOfTheirOwn(t *testing.T) {
	seen := map[[3]byte]int{}
	for c := range 256 {
		rgb := Color(uint8(c))
		other, taken := seen[rgb]
		assert.False(t, taken, "classes %d and %d are both %v", c, other, rgb)
		seen[rgb] = c
	}
	for a := range 9 { // few classes are easily told apart
		for b := range a {
			d := 0.0
			for k := range 3 {
				d += math.Abs(float64(Color(uint8(a))[k]) - float64(Color(uint8(b))[k]))
			}
			assert.Greater(t, d, 80.0, "classes %d and %d", a, b)
		}
	}
	im := Colors(&Labels{3, 1, []uint8{0, 7, 255}})
	assert.Equal(t, [][3]byte{{}, Color(7), Color(255)}, [][3]byte{at(im, 0), at(im, 1), at(im, 2)})
}

func TestLabelsResizeKeepsValues(t *testing.T) {
	l := &Labels{4, 2, []uint8{1, 2, 3, 4, 5, 6, 7, 8}}
	assert.Equal(t, []uint8{1, 1, 2, 2, 3, 3, 4, 4, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 5, 5, 6, 6, 7, 7, 8, 8}, l.Resize(8, 4).Pix)
	assert.Equal(t, l, l.Resize(4, 2))
	assert.Equal(t, []uint8{6, 8}, l.Resize(2, 1).Pix)
	assert.Equal(t, &Labels{3, 0, []uint8{}}, l.Resize(3, 0))
}

func TestResizeOfNothing(t *testing.T) {
	assert.Equal(t, New(3, 2), Resize(New(0, 0), 3, 2))
	assert.Empty(t, Resize(New(3, 2), 0, 5).Pix)
	assert.Equal(t, New(0, 0), Contrast(New(0, 0), 2))
}
