package export

import (
	"fmt"
	"math"
	"strings"

	"aecsad/kernels"
)

// batchNormFold computes what the setup of a program computes: a convolution's
// weights with its batch normalisation inside. They take the names of the
// weights that they replace, the bias the name that belongs to them.
func (t *translator) batchNormFold(o kernels.BatchNormFold, bufs []kernels.Slot) error {
	var in [5][]float32
	for i := range in {
		w, ok := t.weights[bufs[2+i]]
		if !ok {
			return fmt.Errorf("setup: BatchNormFold, input %d is no weight", i)
		}
		in[i] = w.data
	}
	gamma, beta, mean, variance := in[1], in[2], in[3], in[4]
	raw := t.weights[bufs[2]]
	w, b := make([]float32, len(raw.data)), make([]float32, o.K)
	for k := range b {
		s := float64(gamma[k]) / math.Sqrt(float64(variance[k])+float64(o.Eps))
		b[k] = float32(float64(beta[k]) - float64(mean[k])*s)
		for i := k * o.Len; i < (k+1)*o.Len; i++ {
			w[i] = float32(float64(raw.data[i]) * s)
		}
	}
	t.weights[bufs[0]] = weight{raw.name, raw.shape, w}
	t.weights[bufs[1]] = weight{strings.TrimSuffix(raw.name, ".weight") + ".bias", []int{o.K}, b}
	return nil
}

// batchNorm has its operator. x: input, gamma, beta, mean, variance.
func (t *translator) batchNorm(o kernels.BatchNorm, x []value) value {
	return t.node("BatchNormalization", float32s, x[0].shape, x, attrF("epsilon", o.Eps))
}
