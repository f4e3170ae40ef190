package shape

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/stats"
)

const side = 128

// drawn is a map of one class where inside says so.
func drawn(inside func(x, y float64) bool) []uint8 {
	m := make([]uint8, side*side)
	for i := range m {
		if inside(float64(i%side), float64(i/side)) {
			m[i] = 1
		}
	}
	return m
}

// bar is a rectangle of half axes a and b around (x0, y0), turned.
func bar(x0, y0, a, b, turn float64) func(x, y float64) bool {
	sin, cos := math.Sincos(turn)
	return func(x, y float64) bool {
		u, v := cos*(x-x0)+sin*(y-y0), cos*(y-y0)-sin*(x-x0)
		return math.Abs(u) <= a && math.Abs(v) <= b
	}
}

func only(t *testing.T, m []uint8) Region {
	found := Regions(m, side)
	require.Len(t, found, 1)
	return found[0]
}

func TestRegionsAreTheConnectedOnes(t *testing.T) {
	m := make([]uint8, side*side)
	square := func(x0, y0, n int, class uint8) {
		for y := y0; y < y0+n; y++ {
			for x := x0; x < x0+n; x++ {
				m[y*side+x] = class
			}
		}
	}
	square(0, 0, 5, 1)
	square(5, 5, 6, 1)       // touches by a corner only
	square(11, 5, 7, 2)      // touches, of another class
	square(side-4, 60, 4, 1) // at the right border, and the next row's start is not beside it
	square(0, 61, 4, 1)
	square(40, 40, 1, 1) // too small
	found := Regions(m, side)
	var boxes [][6]int
	for _, r := range found {
		boxes = append(boxes, [6]int{int(r.Class), r.X0, r.Y0, r.X1, r.Y1, r.Pixels})
	}
	assert.Equal(t, [][6]int{
		{1, 0, 0, 4, 4, 25}, {1, 5, 5, 10, 10, 36}, {2, 11, 5, 17, 11, 49},
		{1, side - 4, 60, side - 1, 63, 16}, {1, 0, 61, 3, 64, 16},
	}, boxes)
	assert.Empty(t, Regions(make([]uint8, side*side), side))
}

// A full rectangle's pixels vary by a third of its half axis squared.
func TestShapeIsMeasured(t *testing.T) {
	r := only(t, drawn(bar(64, 64, 30, 6, 0)))
	assert.InDelta(t, math.Log(61*13), r.Shape[0], 1e-6)
	assert.InDelta(t, math.Log(61/math.Sqrt(12)), r.Shape[1], 1e-3)
	assert.InDelta(t, math.Log(13/math.Sqrt(12)), r.Shape[2], 1e-3)
	line := only(t, drawn(bar(64, 64, 30, 0.2, 0)))
	assert.InDelta(t, math.Log(1/math.Sqrt(12)), line.Shape[2], 1e-6, "one pixel wide")
}

func TestTurnedAndMovedIsAlike(t *testing.T) {
	good := Learn([][]Region{Regions(drawn(bar(40, 40, 30.5, 6.5, 0.2)), side)}, 2)
	for _, turn := range []float64{0, 0.5, 1, 2} {
		moved := good.Farthest(Regions(drawn(bar(70, 70, 30.5, 6.5, turn)), side))
		assert.Less(t, moved, 0.06, "turn %v", turn)
	}
	broken := good.Farthest(Regions(drawn(bar(70, 70, 20.5, 6.5, 1)), side))
	assert.Greater(t, broken, 0.4)
	bow := func(x, y float64) bool { return math.Abs(x-64) <= 30 && math.Abs(y-64-(x-64)*(x-64)/75) <= 6.5 }
	assert.Greater(t, good.Farthest(Regions(drawn(bow), side)), 0.15, "bent")
	assert.Zero(t, good.Farthest(nil))
}

func TestUnknownClassIsStrange(t *testing.T) {
	k := Learn(nil, 3)
	d, s := k.Distance(Region{Class: 2, Shape: Shape{1, 2, 3}})
	assert.Equal(t, float64(strange), d)
	assert.Zero(t, s)
}

func TestManyShapesAreThinned(t *testing.T) {
	images := make([][]Region, 3*most)
	for i := range images {
		images[i] = []Region{{Class: 1, Shape: Shape{float32(i)}}}
	}
	k := Learn(images, 2)
	require.Len(t, k.Shapes[1], most)
	assert.Equal(t, Shape{0}, k.Shapes[1][0])
	assert.Equal(t, Shape{3 * (most - 1)}, k.Shapes[1][most-1])
	assert.Empty(t, k.Shapes[0])
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	good := func() *Known {
		return &Known{Z: stats.ZScore{Std: 1}, Shapes: [][]Shape{nil, {{1, 2, 3}}}}
	}
	require.NoError(t, good().Check(2))
	assert.ErrorContains(t, good().Check(3), "shapes of 2 classes, expected 3")
	k := good()
	k.Z.Std = 0
	assert.ErrorContains(t, k.Check(2), "deviation 0")
	k = good()
	k.Shapes[1][0][2] = float32(math.NaN())
	assert.ErrorContains(t, k.Check(2), "a shape of class 1 is [1 2 NaN]")
}

func TestNumbersComeBack(t *testing.T) {
	all := []Shape{{1, 2, 3}, {4, 5, 6}}
	assert.Equal(t, all, FromNumbers(Numbers(all)))
	assert.Empty(t, FromNumbers(nil))
	k := &Known{Z: stats.ZScore{Std: 1}, Shapes: [][]Shape{nil, FromNumbers([]float32{1, 2, 3, 4})}}
	assert.Error(t, k.Check(2), "half a shape")
}

func BenchmarkRegions(b *testing.B) {
	const side = 256
	m := make([]uint8, side*side)
	for i := range m {
		if (i%side)/16%2 == 0 && i/side/16%2 == 0 {
			m[i] = uint8(1 + i/side/32%4)
		}
	}
	k := Learn([][]Region{Regions(m, side)}, 5)
	for b.Loop() {
		k.Farthest(Regions(m, side))
	}
}
