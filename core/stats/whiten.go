package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Moments sums the products of the channels of vectors.
type Moments struct {
	sum   *mat.SymDense
	count float64
}

// NewMoments is for vectors of n channels.
func NewMoments(n int) *Moments { return &Moments{sum: mat.NewSymDense(n, nil)} }

// Add takes vectors channel by channel, as maps come: x is [n, places].
func (m *Moments) Add(x []float32) {
	n := m.sum.SymmetricDim()
	places := len(x) / n
	d := mat.NewDense(n, places, nil)
	for i := range n {
		row := d.RawRowView(i)
		for j, v := range x[i*places : (i+1)*places] {
			row[j] = float64(v)
		}
	}
	m.sum.SymRankK(m.sum, 1, d)
	m.count += float64(places)
}

// Whitening is the symmetric matrix [n, n] that gives the vectors uncorrelated
// channels of equal size: (S + ridge mean(diag S) I)^(-1/2) with S the mean of
// x x'. The ridge keeps directions that hardly vary from being blown up.
func (m *Moments) Whitening(ridge float64) (*mat.SymDense, error) {
	n := m.sum.SymmetricDim()
	var s mat.SymDense
	s.ScaleSym(1/m.count, m.sum)
	usual := mat.Trace(&s) / float64(n)
	if !(usual > 0) || math.IsInf(usual, 0) {
		return nil, fmt.Errorf("the vectors have a mean square of %v; expected a positive number", usual)
	}
	var e mat.EigenSym
	if !e.Factorize(&s, true) {
		return nil, fmt.Errorf("the eigenvalues of a %dx%d matrix of moments were not found", n, n)
	}
	var v mat.Dense
	e.VectorsTo(&v)
	scaled := mat.NewDense(n, n, nil)
	for j, value := range e.Values(nil) {
		f := math.Pow(max(value, 0)+ridge*usual, -0.25)
		for i := range n {
			scaled.Set(i, j, f*v.At(i, j))
		}
	}
	w := mat.NewSymDense(n, nil)
	w.SymOuterK(1, scaled)
	return w, nil
}
