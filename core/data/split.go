package data

import (
	"cmp"
	"hash/fnv"
	"path/filepath"
	"slices"

	"aecsad/kernels"
)

// minHoldOut is the number of good images from which the plain layout can spare
// some for testing.
const minHoldOut = 20

// splitOff takes n items out of list: the first in the order of a hash of their
// file names. Both results keep the order of list.
func splitOff(list []Item, n int) (off, rest []Item) {
	order := slices.Clone(list)
	slices.SortFunc(order, func(a, b Item) int {
		na, nb := filepath.Base(a.Path), filepath.Base(b.Path)
		return cmp.Or(cmp.Compare(nameHash(na), nameHash(nb)), cmp.Compare(na, nb))
	})
	chosen := make(map[string]bool, n)
	for _, it := range order[:n] {
		chosen[it.Path] = true
	}
	for _, it := range list {
		if chosen[it.Path] {
			off = append(off, it)
		} else {
			rest = append(rest, it)
		}
	}
	return off, rest
}

// nameHash spreads names that differ in one digit; FNV alone leaves them close.
func nameHash(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name)) //nolint:errcheck // a hash cannot fail
	return kernels.Mix64(h.Sum64())
}
