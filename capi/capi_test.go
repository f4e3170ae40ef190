package main

import (
	"strings"
	"sync"
	"testing"

	"aecsad/core/image"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHandlesAreNeverUsedTwice(t *testing.T) {
	h := table{last: handleBase, items: map[uintptr]any{}}
	a, b := h.add("a"), h.add(7)
	s, err := find[string](&h, a, "text")
	require.NoError(t, err)
	assert.Equal(t, "a", s)
	_, err = find[string](&h, b, "text")
	assert.ErrorContains(t, err, "text is a handle of another type")
	_, err = remove[string](&h, a, "text")
	require.NoError(t, err)
	_, err = remove[string](&h, a, "text")
	assert.ErrorContains(t, err, "the text was freed")
	assert.NotEqual(t, a, h.add("c"))
	for _, bad := range []uintptr{1, handleBase, b + 1, b + 1000*handleStep, ^uintptr(0)} {
		_, err = find[string](&h, bad, "text")
		assert.ErrorContains(t, err, "is not a handle", "%#x", bad)
	}
	_, err = find[string](&h, 0, "text")
	assert.ErrorContains(t, err, "text is NULL")
}

func TestOnlyOneOfManyFreesAHandle(t *testing.T) {
	h := table{last: handleBase, items: map[uintptr]any{}}
	a := h.add("a")
	freed := make(chan bool, 16)
	var all sync.WaitGroup
	for range cap(freed) {
		all.Go(func() {
			if _, err := remove[string](&h, a, "text"); err == nil {
				freed <- true
			}
		})
	}
	all.Wait()
	assert.Len(t, freed, 1)
}

func TestInterpolate(t *testing.T) {
	m := []float32{0, 1, 2, 3}
	same := make([]float32, 4)
	interpolate(same, 2, 2, m, 2)
	assert.Equal(t, m, same)
	up := make([]float32, 16)
	interpolate(up, 4, 4, m, 2)
	assert.Equal(t, []float32{
		0, 0.25, 0.75, 1,
		0.5, 0.75, 1.25, 1.5,
		1.5, 1.75, 2.25, 2.5,
		2, 2.25, 2.75, 3,
	}, up)
	one := make([]float32, 1)
	interpolate(one, 1, 1, m, 2)
	assert.Equal(t, []float32{1.5}, one)
}

func TestNearest(t *testing.T) {
	out := make([]uint8, 12)
	nearest(out, 4, 3, []uint8{1, 2, 3, 4}, 2)
	assert.Equal(t, []uint8{1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4}, out)
}

func TestRoom(t *testing.T) {
	buffer := make([]float32, 6)
	to, err := room(&buffer[0], 3, 2, 6)
	require.NoError(t, err)
	assert.Len(t, to, 6)
	_, err = room(&buffer[0], 3, 2, 5)
	assert.ErrorContains(t, err, "out has room for 5 elements; 3x2 take 6")
	_, err = room(&buffer[0], 1<<14+1, 1, 1<<40)
	assert.ErrorContains(t, err, "16385x1")
	_, err = room[float32](nil, 3, 2, 6)
	assert.ErrorContains(t, err, "out is NULL")
}

// The cropped picture has exactly the bytes from the region's first to its last
// pixel, whichever way the rows lie.
func TestCrop(t *testing.T) {
	data := make([]byte, 20*4+15)
	for i := range data {
		data[i] = byte(i)
	}
	r := rows{data: data, width: 5, height: 5, stride: 20, size: 3}
	region := image.Rect{X: 1, Y: 0, Width: 3, Height: 2}
	require.Equal(t, len(data), r.span())
	c := r.crop(region)
	assert.Equal(t, data[3:32], c.data)
	assert.Equal(t, len(c.data), c.span())
	r.stride = -20
	assert.Equal(t, data[63:92], r.crop(region).data)
	assert.Nil(t, (rows{width: 5, height: 5, size: 1}).crop(region).data)
}

func TestSpanOfNonsenseIsNothing(t *testing.T) {
	good := rows{width: 5, height: 4, stride: 15, size: 3}
	assert.Equal(t, 60, good.span())
	for _, change := range []func(*rows){
		func(r *rows) { r.size = 0 },
		func(r *rows) { r.width = 0 },
		func(r *rows) { r.height = 1 << 20 },
		func(r *rows) { r.stride = 14 },
		func(r *rows) { r.stride = -1 << 63 },
		func(r *rows) { r.stride = 1<<63 - 1 },
	} {
		r := good
		change(&r)
		assert.Zero(t, r.span())
	}
}

// A panic in a call, whatever raised it, is the status AECSAD_ERR_INTERNAL (13).
func TestPanicsBecomeErrors(t *testing.T) {
	var missing *result
	for name, body := range map[string]func(){
		"panic":       func() { panic("on purpose") },
		"nil pointer": func() { missing.width++ },
		"index":       func() { _ = make([]int, 2)[len(name(5))] },
		"length":      func() { _ = make([]int, -len(name(5))) },
		"map":         func() { (map[string]int)(nil)["x"] = 1 },
	} {
		assert.EqualValues(t, 13, guard(nil, func() error { body(); return nil }), name)
	}
	v, err := inspect(nil, image.Pixels{Data: make([]byte, 3), Width: 1, Height: 1, Stride: 3, Format: image.RGB8})
	assert.Nil(t, v)
	assert.ErrorContains(t, err, "internal error")
}

// name is a text of n characters that the compiler does not know.
func name(n int) string { return strings.Repeat("x", n) }
