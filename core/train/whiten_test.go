package train

import (
	"context"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"aecsad/core/coordinates"
)

// All that is compared gets the same new coordinates, in which the local student's errors
// are white.
func TestWhitening(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	o.Students.Whitening = 0
	old, err := Structural(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	o.Students.Whitening = 1e-4
	r := &run{ctx: context.Background(), c: c, d: d, o: o, w: old}
	white, err := r.whitened(old)
	require.NoError(t, err)

	moments, err := r.errors(old)
	require.NoError(t, err)
	w, err := moments.Whitening(1e-4)
	require.NoError(t, err)
	want := maps.Clone(old)
	maps.Copy(want, coordinates.Change(c, old, w, coordinates.Teacher, coordinates.Local, coordinates.LocalOfGlobal, coordinates.Global))
	assert.Equal(t, want, white)

	moments, err = r.errors(white)
	require.NoError(t, err)
	w, err = moments.Whitening(0)
	require.NoError(t, err)
	var off mat.Dense
	off.Sub(w, mat.NewDiagDense(c.Teacher.Channels, repeat(1, c.Teacher.Channels)))
	assert.Less(t, mat.Norm(&off, 2), 0.02, "errors are white already")
}

func repeat(v float64, n int) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = v
	}
	return s
}

// A run that stopped before the whitening goes on to the bytes of one that did not,
// and no setting but its own switches it on.
func TestWhiteningIsAStageOfTheRun(t *testing.T) {
	c, d, o := tiny(t), scenes(6, 64), options(t)
	whole, err := Structural(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.Equal(t, float32(1), whole["teacher.std"].Data[0])
	o.Students.Whitening = 0
	plain, err := Structural(context.Background(), c, d, nil, o)
	require.NoError(t, err)
	assert.NotEqual(t, float32(1), plain["teacher.std"].Data[0])
	o.Students.Whitening = 0.1
	r := &run{ctx: context.Background(), c: c, d: d, o: o, w: plain}
	require.NoError(t, r.whiten())
	assert.Equal(t, whole, r.w)
}
