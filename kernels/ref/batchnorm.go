package ref

import (
	"math"

	"gorgonia.org/tensor"

	"aecsad/kernels"
)

func batchNorm(o kernels.BatchNorm, a args) {
	y, x := a.shaped(0, o.N, o.C, o.HW), a.shaped(1, o.N, o.C, o.HW)
	gamma, beta, mean, variance := a.flat(2), a.flat(3), a.flat(4), a.flat(5)
	for c := 0; c < o.C; c++ {
		rstd := 1 / math.Sqrt(float64(variance[c])+float64(o.Eps))
		normalize(y, x, c, float64(mean[c]), rstd*float64(gamma[c]), float64(beta[c]))
	}
}

// normalize is y = (x-mean)*gain + shift on channel c.
func normalize(y, x *tensor.Dense, c int, mean, gain, shift float64) {
	for n := 0; n < x.Shape()[0]; n++ {
		to := part(y, n, c)
		for i, v := range part(x, n, c) {
			to[i] = float32((float64(v)-mean)*gain + shift)
		}
	}
}

func batchNormTrain(o kernels.BatchNormTrain, a args) {
	y, x := a.shaped(0, o.N, o.C, o.HW), a.shaped(5, o.N, o.C, o.HW)
	means, rstds, runningMean, runningVar := a.flat(1), a.flat(2), a.flat(3), a.flat(4)
	gamma, beta := a.flat(6), a.flat(7)
	for c := 0; c < o.C; c++ {
		mean, squares := moments(x, c)
		count := float64(o.N * o.HW)
		rstd := 1 / math.Sqrt(squares/count+float64(o.Eps))
		normalize(y, x, c, mean, rstd*float64(gamma[c]), float64(beta[c]))
		means[c], rstds[c] = float32(mean), float32(rstd)
		// A single value has no variance: squares is 0, and the divisor is 1.
		unbiased := squares / max(count-1, 1)
		runningMean[c] = blend(runningMean[c], mean, o.Momentum)
		runningVar[c] = blend(runningVar[c], unbiased, o.Momentum)
	}
}

// moments are the mean of channel c and the sum of its squared differences from it.
func moments(x *tensor.Dense, c int) (mean, squares float64) {
	count := 0
	for n := 0; n < x.Shape()[0]; n++ {
		for _, v := range part(x, n, c) {
			mean += float64(v)
			count++
		}
	}
	mean /= float64(count)
	for n := 0; n < x.Shape()[0]; n++ {
		for _, v := range part(x, n, c) {
			squares += (float64(v) - mean) * (float64(v) - mean)
		}
	}
	return mean, squares
}

// blend is (1-momentum)*running + momentum*batch.
func blend(running float32, batch float64, momentum float32) float32 {
	m := float64(momentum)
	return float32((1-m)*float64(running) + m*batch)
}

// With z = (x-mean)*rstd over M = N*HW values: dbeta = sum dy, dgamma = sum dy*z,
// dx = gamma*rstd * (dy - dbeta/M - z*dgamma/M).
func batchNormBackward(o kernels.BatchNormBackward, a args) {
	dx, dgammas, dbetas := a.shaped(0, o.N, o.C, o.HW), a.flat(1), a.flat(2)
	dy, x := a.shaped(3, o.N, o.C, o.HW), a.shaped(4, o.N, o.C, o.HW)
	mean, rstd, gamma := a.flat(5), a.flat(6), a.flat(7)
	count := float64(o.N * o.HW)
	for c := 0; c < o.C; c++ {
		z := func(v float32) float64 { return (float64(v) - float64(mean[c])) * float64(rstd[c]) }
		dgamma, dbeta := 0.0, 0.0
		for n := 0; n < o.N; n++ {
			in := part(x, n, c)
			for i, d := range part(dy, n, c) {
				dbeta += float64(d)
				dgamma += float64(d) * z(in[i])
			}
		}
		dgammas[c], dbetas[c] = float32(dgamma), float32(dbeta)
		gain := float64(gamma[c]) * float64(rstd[c])
		for n := 0; n < o.N; n++ {
			in, to := part(x, n, c), part(dx, n, c)
			for i, d := range part(dy, n, c) {
				to[i] = float32(gain * (float64(d) - dbeta/count - z(in[i])*dgamma/count))
			}
		}
	}
}

func batchNormFold(o kernels.BatchNormFold, a args) {
	y, b, w := a.shaped(0, o.K, o.Len), a.flat(1), a.shaped(2, o.K, o.Len)
	gamma, beta, mean, variance := a.flat(3), a.flat(4), a.flat(5), a.flat(6)
	for k := 0; k < o.K; k++ {
		s := float64(gamma[k]) / math.Sqrt(float64(variance[k])+float64(o.Eps))
		to := part(y, k)
		for i, v := range part(w, k) {
			to[i] = float32(float64(v) * s)
		}
		b[k] = float32(float64(beta[k]) - float64(mean[k])*s)
	}
}
