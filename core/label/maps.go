package label

import (
	"fmt"

	"aecsad/core/image"
)

// maxClasses is what a label map of bytes and a network can hold.
const maxClasses = 254

// FromMaps takes label maps that a user has drawn, nil where there is none, as
// they are: their numbers are the classes, and images with a map are trusted.
func FromMaps(maps []*image.Labels, names []string, o Options) (*Result, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if len(maps) != len(names) {
		return nil, fmt.Errorf("label: %d maps and %d names; expected as many of both", len(maps), len(names))
	}
	res := &Result{Maps: maps}
	classes, first := 0, ""
	for i, m := range maps {
		if m == nil {
			continue
		}
		if m.Width != o.Side || m.Height != o.Side || len(m.Pix) != o.Side*o.Side {
			return nil, fmt.Errorf("label: the map of %s is %dx%d pixels; expected %dx%d", names[i], m.Width, m.Height, o.Side, o.Side)
		}
		res.Trusted = append(res.Trusted, i)
		for _, c := range m.Pix {
			if int(c) > classes {
				classes, first = int(c), names[i]
			}
		}
	}
	if len(res.Trusted) == 0 {
		return nil, fmt.Errorf("label: none of the %d images has a map", len(maps))
	}
	if classes == 0 {
		return nil, fmt.Errorf("label: the %d maps hold nothing but background (0); expected classes from 1", len(res.Trusted))
	}
	if classes > maxClasses {
		return nil, fmt.Errorf("label: the map of %s has class %d; expected at most %d, numbered from 1", first, classes, maxClasses)
	}
	var rows [][]float64
	for _, i := range res.Trusted {
		rows = append(rows, shares(maps[i], classes))
	}
	var parts []string
	for c := range classes {
		parts = append(parts, fmt.Sprintf("part%d", c+1))
	}
	res.Classes = summarise(parts, rows)
	for c, k := range res.Classes {
		if k.Share == 0 {
			res.Warnings = append(res.Warnings, fmt.Sprintf("no map has class %d; classes should be numbered from 1 without gaps", c+1))
		}
	}
	return res, nil
}
