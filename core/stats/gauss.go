package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// Gaussian judges vectors of area shares, numbers in [0, 1], by their
// Mahalanobis distance from what good images have.
type Gaussian struct {
	Mean      []float64 // [n]
	Precision []float64 // [n, n] row-major: the inverse of the covariance
}

// shareNoise is the standard deviation that every share is granted on top of
// what the training images show: a twentieth of a percent of the area, the
// pixels that a segmentation gains or loses along the borders of a component.
//
// It is what the reference lacks (spec 9.3 #12). Its pseudo-inverse weighs a
// share, or a sum of shares, that hardly varied in training as if it could never
// vary, and ignores one that was constant. Here a deviation of d in any direction
// counts for at most d/shareNoise, and one of a component that no good image has
// for nearly that: 1 % of the area is a distance of 20.
const shareNoise = 5e-4

// FitGaussian estimates mean and covariance of rows. With S the covariance of
// the rows (divisor N-1), D its standard deviations, R its correlations:
//
//	covariance = D ((1-l) R + l I) D + shareNoise^2 I
//
// The shrinkage l in [0, 1] is the one with the least expected squared error of
// the correlations: the sum of their estimated variances over the sum of their
// squares (Schaefer and Strimmer 2005, after Ledoit and Wolf). Correlations are
// shrunk, not variances, because components differ in size by orders of
// magnitude: shrinking towards a common variance would blur the small ones.
func FitGaussian(rows [][]float64) (*Gaussian, error) {
	if len(rows) < 2 || len(rows[0]) == 0 {
		return nil, fmt.Errorf("a Gaussian wants at least 2 rows of at least 1 number, got %d rows", len(rows))
	}
	n := len(rows[0])
	for i, r := range rows {
		if len(r) != n {
			return nil, fmt.Errorf("row %d has %d numbers, expected %d", i, len(r), n)
		}
		if err := checkFinite(fmt.Sprintf("row %d: number", i), r); err != nil {
			return nil, err
		}
	}
	z, mean, deviation := standardise(rows)
	var r mat.SymDense
	r.SymOuterK(1/float64(len(rows)-1), z.T())
	keep := 1 - shrinkage(z, &r)
	covariance := mat.NewSymDense(n, nil)
	for i := range n {
		for j := range i {
			covariance.SetSym(i, j, keep*r.At(i, j)*deviation[i]*deviation[j])
		}
		covariance.SetSym(i, i, deviation[i]*deviation[i]+shareNoise*shareNoise)
	}
	var c mat.Cholesky
	var precision mat.SymDense
	if !c.Factorize(covariance) {
		return nil, fmt.Errorf("the covariance of %d rows of %d numbers is not positive definite; expected shares in [0, 1]", len(rows), n)
	}
	if err := c.InverseTo(&precision); err != nil {
		return nil, fmt.Errorf("the covariance of %d rows of %d numbers: %w", len(rows), n, err)
	}
	g := &Gaussian{Mean: mean, Precision: make([]float64, n*n)}
	for i := range n {
		for j := range n {
			g.Precision[i*n+j] = precision.At(i, j)
		}
	}
	return g, nil
}

// standardise returns the rows with mean 0 and deviation 1 (divisor N-1), and
// both statistics. Columns that do not vary become 0.
func standardise(rows [][]float64) (z *mat.Dense, mean, deviation []float64) {
	n := len(rows[0])
	z, mean, deviation = mat.NewDense(len(rows), n, nil), make([]float64, n), make([]float64, n)
	column := make([]float64, len(rows))
	for j := range n {
		for i, r := range rows {
			column[i] = r[j]
		}
		if floats.Max(column) == floats.Min(column) { // before rounding makes a deviation of it
			mean[j] = column[0]
			continue
		}
		mean[j], deviation[j] = stat.MeanStdDev(column, nil)
		for i, v := range column {
			z.Set(i, j, (v-mean[j])/deviation[j])
		}
	}
	return z, mean, deviation
}

// shrinkage is l of FitGaussian. With w_k = z_ki z_kj for pair i, j and row k of
// N, the correlation is N/(N-1) mean(w) and its variance is estimated as
// N/(N-1)^3 sum_k (w_k - mean(w))^2.
func shrinkage(z *mat.Dense, r *mat.SymDense) float64 {
	rows, n := z.Dims()
	count := float64(rows)
	variances, squares := 0.0, 0.0
	w := make([]float64, rows)
	columns := make([][]float64, n)
	for j := range n {
		columns[j] = mat.Col(nil, j, z)
	}
	for i := range n {
		for j := range i {
			floats.MulTo(w, columns[i], columns[j])
			variances += stat.PopVariance(w, nil) * count
			squares += r.At(i, j) * r.At(i, j)
		}
	}
	if squares == 0 {
		return 1
	}
	return min(variances*count/math.Pow(count-1, 3)/squares, 1)
}

// Distance is the Mahalanobis distance of x: sqrt((x-m)' P (x-m)). It is NaN
// when x has another length than the mean.
func (g *Gaussian) Distance(x []float64) float64 {
	if len(x) != len(g.Mean) {
		return math.NaN()
	}
	// Rounding of the precision could make the square slightly negative.
	return math.Sqrt(max(floats.Sum(g.Contributions(x)), 0))
}

// Contributions splits the squared distance into the parts of the elements,
// d_i (P d)_i with d = x - m. They add up to it; correlations make some of them
// negative. It is nil when x has another length than the mean.
func (g *Gaussian) Contributions(x []float64) []float64 {
	n := len(g.Mean)
	if len(x) != n {
		return nil
	}
	d := floats.SubTo(make([]float64, n), x, g.Mean)
	out := make([]float64, n)
	for i := range out {
		out[i] = d[i] * floats.Dot(g.Precision[i*n:(i+1)*n], d)
	}
	return out
}
