package eval

import (
	"errors"
	"fmt"
	"strings"

	"aecsad/core/data"
	"aecsad/core/image"
)

// Truth reads the regions of an item's ground truth; width and height are those
// of its image. With defects, the entries of LOCO's defects_config.json, every
// file is one region, also if it is several patches, and its only value selects
// the entry. Without, the regions are the connected components of the files'
// union, a region is saturated by its whole area, and its defect is the item's.
func Truth(item data.Item, defects map[int]data.Defect, width, height int) ([]Region, error) {
	if len(item.Masks) == 0 {
		return nil, errors.New("has no ground truth")
	}
	var regions []Region
	union := make([]bool, width*height)
	for _, path := range item.Masks {
		m, err := image.ReadMask(path)
		if err != nil {
			return nil, err
		}
		if m.Width != width || m.Height != height {
			return nil, fmt.Errorf("%s: is %dx%d, its image %dx%d, expected equal sizes", path, m.Width, m.Height, width, height)
		}
		if len(defects) == 0 {
			for i, v := range m.Pix {
				union[i] = union[i] || v != 0
			}
			continue
		}
		r, err := channel(m, defects)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		regions = append(regions, r)
	}
	if len(defects) > 0 {
		return regions, nil
	}
	regions = Components(union, width)
	if len(regions) == 0 {
		return nil, fmt.Errorf("%s: marks no defect", strings.Join(item.Masks, ", "))
	}
	for i := range regions {
		regions[i].Defect = item.Defect
	}
	return regions, nil
}

// channel is the region of one LOCO file.
func channel(m *image.Labels, defects map[int]data.Defect) (Region, error) {
	var r Region
	value := 0
	for i, v := range m.Pix {
		if v == 0 {
			continue
		}
		if value > 0 && int(v) != value {
			return Region{}, fmt.Errorf("holds the values %d and %d, expected one per file", value, v)
		}
		r.Pixels, value = append(r.Pixels, i), int(v)
	}
	if value == 0 {
		return Region{}, errors.New("marks no defect")
	}
	d, ok := defects[value]
	if !ok {
		return Region{}, fmt.Errorf("holds the value %d, expected one of defects_config.json", value)
	}
	r.Defect, r.Saturation = d.Name, SaturationArea(d, len(r.Pixels))
	return r, nil
}

// SaturationArea is the number of pixels from which on a defect of an area counts
// as found: a share of the area, rounded down, or a number of pixels, but no more
// than the area and no fewer than one.
func SaturationArea(d data.Defect, area int) int {
	s := min(d.SaturationThreshold, float64(area))
	if d.Relative {
		s = d.SaturationThreshold * float64(area)
	}
	return max(int(s), 1)
}

// Components splits a mask into its 8-connected components, in row-major order
// of their first pixels.
func Components(mask []bool, width int) []Region {
	var regions []Region
	seen := make([]bool, len(mask))
	var stack []int
	for start, in := range mask {
		if !in || seen[start] {
			continue
		}
		var r Region
		seen[start], stack = true, append(stack, start)
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			r.Pixels = append(r.Pixels, i)
			for _, j := range around(i, width, len(mask)) {
				if j >= 0 && mask[j] && !seen[j] {
					seen[j], stack = true, append(stack, j)
				}
			}
		}
		r.Saturation = len(r.Pixels)
		regions = append(regions, r)
	}
	return regions
}

// around lists the eight neighbours of pixel i of n; those outside are -1.
func around(i, width, n int) [8]int {
	var out [8]int
	k := 0
	x := i % width
	for dy := -width; dy <= width; dy += width {
		for dx := -1; dx <= 1; dx++ {
			if dx == 0 && dy == 0 {
				continue
			}
			out[k] = -1
			if j := i + dy + dx; j >= 0 && j < n && x+dx >= 0 && x+dx < width {
				out[k] = j
			}
			k++
		}
	}
	return out
}
