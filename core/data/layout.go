package data

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

const (
	logicalDir    = "logical_anomalies"
	structuralDir = "structural_anomalies"
	truthDir      = "ground_truth"
)

// readTrain reads MVTec LOCO and MVTec AD: they differ in what they have, not in
// how it is read.
func (s *Set) readTrain(top folder) error {
	good, err := s.onlyGood("train")
	if err != nil {
		return err
	}
	var test folder
	if top.has("test") {
		if test, err = s.readTest(); err != nil {
			return err
		}
	}
	s.Layout = LayoutMVTecAD
	if top.has("validation") || test.has(logicalDir) || test.has(structuralDir) || s.hasDefects() {
		s.Layout = LayoutLOCO
	}
	if err := s.assign(good, "train/good", top.has("validation"), false); err != nil {
		return err
	}
	return s.readMasks(top)
}

// readPlain reads root/good and whatever defects lie beside it or below test/.
func (s *Set) readPlain(top folder) error {
	s.Layout = LayoutPlain
	good, err := s.items(filepath.Join(s.Root, "good"), KindGood, "")
	if err != nil {
		return err
	}
	if n := len(top.images); n > 0 {
		s.warn("%s beside good/ left out: the images to train on are those in good/", count(n, "image"))
	}
	for _, d := range top.dirs {
		switch d {
		case "good", "validation", truthDir:
			continue
		case "test":
			if _, err := s.readTest(); err != nil {
				return err
			}
			continue
		}
		if err := s.readKind(filepath.Join(s.Root, d)); err != nil {
			return err
		}
	}
	if err := s.assign(good, "good", top.has("validation"), true); err != nil {
		return err
	}
	return s.readMasks(top)
}

// readBare reads a folder that holds nothing but good images.
func (s *Set) readBare(top folder) error {
	s.Layout = LayoutPlain
	good, err := s.items(s.Root, KindGood, "")
	if err != nil {
		return err
	}
	return s.assign(good, "the folder itself", false, true)
}

// onlyGood reads split/good and refuses anything else below split/.
func (s *Set) onlyGood(split string) ([]Item, error) {
	f, err := s.list(filepath.Join(s.Root, split))
	if err != nil {
		return nil, err
	}
	for _, d := range f.dirs {
		if d != "good" {
			return nil, fmt.Errorf("%s/%s: unexpected folder; expected only %s/good, since %s uses good images only (defects belong below test/)",
				split, d, split, purpose(split))
		}
	}
	if len(f.images) > 0 {
		return nil, fmt.Errorf("%s/%s: found %s directly in %s/; expected them in %s/good",
			split, f.images[0], count(len(f.images), "image"), split, split)
	}
	if !f.has("good") {
		return nil, nil
	}
	return s.items(filepath.Join(f.path, "good"), KindGood, "")
}

func purpose(split string) string {
	if split == "train" {
		return "training"
	}
	return "calibration"
}

// readTest appends every folder of test/ to s.Test.
func (s *Set) readTest() (folder, error) {
	f, err := s.list(filepath.Join(s.Root, "test"))
	if err != nil {
		return f, err
	}
	if n := len(f.images); n > 0 {
		return f, fmt.Errorf("test/%s: found %s directly in test/; expected folders such as test/good and test/<defect>",
			f.images[0], count(n, "image"))
	}
	for _, d := range f.dirs {
		if err := s.readKind(filepath.Join(f.path, d)); err != nil {
			return f, err
		}
	}
	return f, nil
}

// readKind appends one test folder, whose name says what its images show.
func (s *Set) readKind(path string) error {
	name := filepath.Base(path)
	kind, defect := KindDefect, name
	switch name {
	case "good":
		kind, defect = KindGood, ""
	case logicalDir:
		kind, defect = KindLogical, ""
	case structuralDir:
		kind, defect = KindStructural, ""
	}
	items, err := s.items(path, kind, defect)
	if err != nil {
		return err
	}
	if len(items) == 0 {
		s.warn("%s: no images", s.Rel(path))
	}
	s.Test = append(s.Test, items...)
	return nil
}

// assign divides the good images over the splits (see Open).
func (s *Set) assign(good []Item, where string, hasValidation, holdOut bool) error {
	if hasValidation {
		val, err := s.onlyGood("validation")
		if err != nil {
			return err
		}
		if len(good) < MinTrain {
			return tooFew(len(good), where, MinTrain)
		}
		if len(val) < MinValidation {
			return fmt.Errorf("found %s in validation/good; expected at least %d (without the folder validation/, a fifth of the training images is used)",
				count(len(val), "image"), MinValidation)
		}
		s.Validation, s.Train = val, good
		return nil
	}
	if len(good) < MinTrain+MinValidation {
		return tooFew(len(good), where, MinTrain+MinValidation)
	}
	part := max(len(good)/5, MinValidation)
	s.Validation, s.Train = splitOff(good, part)
	hasGood := slices.ContainsFunc(s.Test, func(it Item) bool { return it.Kind == KindGood })
	if holdOut && !hasGood && len(good) >= minHoldOut {
		var test []Item
		test, s.Train = splitOff(s.Train, part)
		s.Test = append(s.Test, test...)
	}
	return nil
}

// sort brings every list into its final order.
func (s *Set) sort() {
	for _, list := range [][]Item{s.Train, s.Validation, s.Test} {
		slices.SortFunc(list, func(a, b Item) int { return cmp.Compare(s.Rel(a.Path), s.Rel(b.Path)) })
	}
	slices.Sort(s.Warnings)
	s.Warnings = slices.Compact(s.Warnings)
}

// readMasks attaches ground truth to the test images: <type>/<image>/NNN.png
// (LOCO) or <type>/<image>_mask.png or <type>/<image>.png (MVTec AD and kin).
func (s *Set) readMasks(top folder) error {
	masks := map[string][]string{} // "<type>/<image stem>" -> files
	if top.has(truthDir) {
		truth, err := s.list(filepath.Join(s.Root, truthDir))
		if err != nil {
			return err
		}
		for _, kind := range truth.dirs {
			if kind == "good" {
				s.warn("%s/good: left out, good images have no defects to mark", truthDir)
				continue
			}
			if err := s.listMasks(masks, filepath.Join(truth.path, kind)); err != nil {
				return err
			}
		}
	}
	bare := 0
	for i := range s.Test {
		it := &s.Test[i]
		if it.Kind == KindGood {
			continue
		}
		key := filepath.Base(filepath.Dir(it.Path)) + "/" + it.Name()
		it.Masks = masks[key]
		if len(it.Masks) == 0 {
			bare++
		}
	}
	for _, it := range s.Test {
		delete(masks, filepath.Base(filepath.Dir(it.Path))+"/"+it.Name())
	}
	if len(masks) > 0 {
		return s.orphans(masks)
	}
	if bare > 0 {
		s.warn("%s without a mask in %s/: such images count for image scores only", count(bare, "defective image"), truthDir)
	}
	return nil
}

// listMasks collects the masks of one defect type.
func (s *Set) listMasks(masks map[string][]string, path string) error {
	kind := filepath.Base(path)
	f, err := s.list(path)
	if err != nil {
		return err
	}
	for _, name := range f.images {
		key := kind + "/" + strings.TrimSuffix(stem(name), "_mask")
		masks[key] = append(masks[key], filepath.Join(path, name))
	}
	for _, d := range f.dirs {
		inner, err := s.list(filepath.Join(path, d))
		if err != nil {
			return err
		}
		for _, name := range inner.images {
			key := kind + "/" + d
			masks[key] = append(masks[key], filepath.Join(inner.path, name))
		}
	}
	return nil
}

func (s *Set) orphans(masks map[string][]string) error {
	var first []string
	for _, files := range masks {
		first = append(first, s.Rel(files[0]))
	}
	slices.Sort(first)
	more := ""
	if len(first) > 3 {
		more = fmt.Sprintf(" and %d more", len(first)-3)
		first = first[:3]
	}
	return fmt.Errorf("mask without an image: %s%s; expected an image of the same name below test/<the same folder>/",
		strings.Join(first, ", "), more)
}
