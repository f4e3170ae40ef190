// Package data opens folders of photographs for training and evaluation, checks
// them, and names them by a digest. Three layouts are understood (see Open);
// training and calibration use good images only.
package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Kind says what an image shows.
type Kind string

// The kinds of images. MVTec LOCO tells logical from structural anomalies; the
// other layouts have defects of unspecified kind.
const (
	KindGood       Kind = "good"
	KindLogical    Kind = "logical"
	KindStructural Kind = "structural"
	KindDefect     Kind = "defect"
)

// The layouts that Open recognises, as they stand in Set.Layout.
const (
	LayoutLOCO    = "loco"
	LayoutMVTecAD = "mvtec_ad"
	LayoutPlain   = "plain"
)

// Item is one image of a set.
type Item struct {
	Path   string   // Set.Root joined with the path below it
	Kind   Kind     // KindGood in Train and Validation
	Defect string   // the defect's folder name where Kind is KindDefect, else empty
	Masks  []string // ground-truth files, one per defect instance, sorted; often empty
}

// Name returns the file name without its extension, as used in reports.
func (it Item) Name() string { return stem(filepath.Base(it.Path)) }

// Set is an opened data set. Items are sorted by path within each list.
type Set struct {
	Name       string         // last element of the absolute root
	Root       string         // as given to Open
	Layout     string         // LayoutLOCO, LayoutMVTecAD or LayoutPlain
	Train      []Item         // good images
	Validation []Item         // good images, disjoint from Train
	Test       []Item         // good and defective images
	Defects    map[int]Defect // defects_config.json by pixel value; nil without the file
	Warnings   []string       // what Open noticed and went on with, sorted
}

// All returns the items of all splits: Train, Validation, Test.
func (s *Set) All() []Item {
	all := make([]Item, 0, len(s.Train)+len(s.Validation)+len(s.Test))
	return append(append(append(all, s.Train...), s.Validation...), s.Test...)
}

// Rel returns path relative to the set's root with forward slashes, or path
// itself where it does not lie below the root.
func (s *Set) Rel(path string) string {
	rel, err := filepath.Rel(s.Root, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

func (s *Set) warn(format string, args ...any) {
	s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...))
}

// The fewest good images that a set may have: so many to train on, and so many
// to calibrate with.
const (
	MinTrain      = 4
	MinValidation = 4
)

// Open reads the structure (not the pixels) of the data set below root.
//
//	MVTec LOCO   train/good, validation/good, test/{good,logical_anomalies,
//	             structural_anomalies}, ground_truth/<type>/<image>/NNN.png,
//	             defects_config.json
//	MVTec AD     train/good, test/{good,<defect>}, ground_truth/<defect>/<image>_mask.png
//	plain        good and, for defects, any other folders beside it; or test/{good,<defect>};
//	             or only images directly in root: all good
//
// A root with train/ is taken for MVTec LOCO when it has validation/, one of the
// two anomaly folders or a defects_config.json; both styles of masks are read in
// every layout. Folders other than train/good and validation/good below train/
// and validation/ are an error, since nothing but good images may get there.
//
// Without validation/good a fifth of the good images, at least MinValidation,
// becomes the validation split: the first ones in the order of a hash of their
// file names, so neither order nor date of the files matters. The plain layout
// without test/good gives another fifth to the test split when there are at
// least 20 good images.
//
// Images are .png .jpg .jpeg .bmp .tif .tiff .webp in any case. Hidden files and
// those that desktops leave behind are passed over. Links are followed once.
func Open(root string) (*Set, error) {
	st, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("data set %s: no such folder", root)
	case err != nil:
		return nil, fmt.Errorf("data set %s: %w", root, err)
	case !st.IsDir():
		return nil, fmt.Errorf("data set %s: is a file, expected a folder of images", root)
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", root, err)
	}
	s := &Set{Name: filepath.Base(abs), Root: root}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("data set %s: %w", root, err)
	}
	return s, nil
}

func (s *Set) read() error {
	top, err := s.list(s.Root)
	if err != nil {
		return err
	}
	switch {
	case top.has("train"):
		err = s.readTrain(top)
	case top.has("good"):
		err = s.readPlain(top)
	default:
		err = s.readBare(top)
	}
	if err != nil {
		return err
	}
	if err := s.readDefects(); err != nil {
		return err
	}
	s.sort()
	return nil
}

// tooFew is the error of a set without enough good images: it shows every place
// where they could have been.
func tooFew(found int, where string, want int) error {
	return fmt.Errorf(`found %s in %s; expected at least %d good images in one of
  train/good/   (MVTec LOCO or MVTec AD layout; defects in test/<defect>/)
  good/         (plain layout; defects in other folders beside it)
  the folder itself (plain layout; all images good)
with names ending in %s`, count(found, "image"), where, want, strings.Join(extensions, " "))
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
