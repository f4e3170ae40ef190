package export

import "slices"

// concat joins along the channels.
func (t *translator) concat(x []value) value {
	shape := slices.Clone(x[0].shape)
	for _, v := range x[1:] {
		shape[1] += v.shape[1]
	}
	return t.node("Concat", float32s, shape, x, attrI("axis", 1))
}
