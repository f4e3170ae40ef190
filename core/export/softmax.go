package export

// softmax is over the channels.
func (t *translator) softmax(x value) value {
	return t.node("Softmax", float32s, x.shape, []value{x}, attrI("axis", 1))
}
