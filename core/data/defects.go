package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"aecsad/core/image"
)

// Defect is one entry of defects_config.json (MVTec LOCO): how a defect is drawn
// in the masks and from which overlap on it counts as found.
type Defect struct {
	Name                string
	PixelValue          int     // 1..255, the only non-zero value of its masks
	SaturationThreshold float64 // (0,1] of the mask's area if Relative, else pixels
	Relative            bool
}

const (
	defectsFile    = "defects_config.json"
	maxDefectsFile = 1 << 20
)

func (s *Set) hasDefects() bool {
	_, err := os.Stat(filepath.Join(s.Root, defectsFile))
	return err == nil
}

func (s *Set) readDefects() error {
	f, err := os.Open(filepath.Join(s.Root, defectsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxDefectsFile+1))
	if err != nil {
		return fmt.Errorf("%s: %w", defectsFile, err)
	}
	if len(b) > maxDefectsFile {
		return fmt.Errorf("%s: longer than the limit of %d bytes", defectsFile, maxDefectsFile)
	}
	if s.Defects, err = parseDefects(b); err != nil {
		return fmt.Errorf("%s: %w", defectsFile, err)
	}
	return nil
}

// parseDefects reads the list strictly: every field once, none unknown, values
// in range, no pixel value twice.
func parseDefects(b []byte) (map[int]Defect, error) {
	type entry struct {
		Name       *string      `json:"defect_name"`
		Value      *int         `json:"pixel_value"`
		Saturation *json.Number `json:"saturation_threshold"`
		Relative   *bool        `json:"relative_saturation"`
	}
	var entries []entry
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&entries); err != nil {
		return nil, fmt.Errorf("expected a list of {defect_name, pixel_value, saturation_threshold, relative_saturation}: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("found something after the list; expected the end of the file")
	}
	defects := make(map[int]Defect, len(entries))
	for i, e := range entries {
		if e.Name == nil || e.Value == nil || e.Saturation == nil || e.Relative == nil {
			return nil, fmt.Errorf("entry %d: expected all of defect_name, pixel_value, saturation_threshold, relative_saturation", i)
		}
		sat, err := e.Saturation.Float64()
		if err != nil {
			return nil, fmt.Errorf("entry %d: saturation_threshold %s is not a number", i, *e.Saturation)
		}
		d := Defect{Name: *e.Name, PixelValue: *e.Value, SaturationThreshold: sat, Relative: *e.Relative}
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i, err)
		}
		if other, ok := defects[d.PixelValue]; ok {
			return nil, fmt.Errorf("entry %d: pixel_value %d of %q is already taken by %q", i, d.PixelValue, d.Name, other.Name)
		}
		defects[d.PixelValue] = d
	}
	return defects, nil
}

func (d Defect) check() error {
	switch {
	case d.Name == "":
		return errors.New("defect_name is empty")
	case d.PixelValue < 1 || d.PixelValue > 255:
		return fmt.Errorf("pixel_value of %q is %d; expected 1 to 255", d.Name, d.PixelValue)
	case d.Relative && !(d.SaturationThreshold > 0 && d.SaturationThreshold <= 1):
		return fmt.Errorf("saturation_threshold of %q is %g; expected more than 0 and at most 1, since relative_saturation is true", d.Name, d.SaturationThreshold)
	case !d.Relative && !(d.SaturationThreshold >= 1 && d.SaturationThreshold == math.Trunc(d.SaturationThreshold) && d.SaturationThreshold < 1<<31):
		return fmt.Errorf("saturation_threshold of %q is %g; expected a whole number of pixels, since relative_saturation is false", d.Name, d.SaturationThreshold)
	}
	return nil
}

// DefectNames reads the masks of it and returns the names of the defects that
// they mark, sorted, each once; it.Defect alone where the set has no
// defects_config.json.
func (s *Set) DefectNames(it Item) ([]string, error) {
	if it.Defect != "" && len(s.Defects) == 0 {
		return []string{it.Defect}, nil
	}
	var names []string
	for _, path := range it.Masks {
		m, err := image.ReadMask(path)
		if err != nil {
			return nil, err
		}
		for _, v := range maskValues(m) {
			if d, ok := s.Defects[v]; ok {
				names = append(names, d.Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// maskValues returns the distinct non-zero values of a mask in ascending order.
func maskValues(m *image.Labels) []int {
	var seen [256]bool
	for _, v := range m.Pix {
		seen[v] = true
	}
	var values []int
	for v := 1; v < 256; v++ {
		if seen[v] {
			values = append(values, v)
		}
	}
	return values
}
