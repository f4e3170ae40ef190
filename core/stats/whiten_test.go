package stats

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// Vectors of known moments [[4, 2], [2, 3]] become those of moments I.
func TestWhiteningMakesChannelsUncorrelatedAndEqual(t *testing.T) {
	// Columns of the Cholesky factor, scaled so that their mean product is it.
	x := []float32{2.828427, 0, 1.414214, 2}
	m := NewMoments(2)
	m.Add(x)
	w, err := m.Whitening(0)
	require.NoError(t, err)
	var y, s mat.Dense
	y.Mul(w, mat.NewDense(2, 2, []float64{float64(x[0]), float64(x[1]), float64(x[2]), float64(x[3])}))
	s.Mul(&y, y.T())
	s.Scale(0.5, &s)
	assert.InDeltaSlice(t, []float64{1, 0, 0, 1}, s.RawMatrix().Data, 1e-6)
	assert.InDelta(t, w.At(0, 1), w.At(1, 0), 0)
}

// A channel that never varies is weighed by the ridge alone: with moments
// diag(1, 0) and ridge 0.02 of their mean 0.5 the weights are 1/sqrt(1.01) and 10.
func TestWhiteningRidge(t *testing.T) {
	m := NewMoments(2)
	m.Add([]float32{1, -1, 0, 0})
	m.Add([]float32{-1, 1, 0, 0})
	w, err := m.Whitening(0.02)
	require.NoError(t, err)
	assert.InDelta(t, 0.995037, w.At(0, 0), 1e-6)
	assert.InDelta(t, 10, w.At(1, 1), 1e-6)
	assert.InDelta(t, 0, w.At(0, 1), 1e-12)
}

func TestWhiteningOfNothing(t *testing.T) {
	m := NewMoments(2)
	m.Add([]float32{0, 0, 0, 0})
	_, err := m.Whitening(0.1)
	assert.ErrorContains(t, err, "mean square of 0")
}
