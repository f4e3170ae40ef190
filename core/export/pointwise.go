package export

import "aecsad/kernels"

// standardize is (x - mean) / std. x: input, mean, std.
func (t *translator) standardize(o kernels.Standardize, x []value) value {
	mean, std := t.reshape(x[1], o.C, 1, 1), t.reshape(x[2], o.C, 1, 1)
	return t.like("Div", t.like("Sub", x[0], mean), std)
}
