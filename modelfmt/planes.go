package modelfmt

// The bytes of a block's elements are stored plane by plane: all lowest bytes,
// then all second ones, and so on. Signs and exponents of weights are alike, so
// the planes of the high bytes give snappy something to find.

// splitPlanes writes the planes of elements of size bytes.
func splitPlanes(planes, elements []byte, size int) {
	n := len(elements) / size
	for p := range size {
		plane := planes[p*n : (p+1)*n]
		for i := range plane {
			plane[i] = elements[i*size+p]
		}
	}
}
