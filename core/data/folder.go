package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

var extensions = []string{".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}

// folder is the listing of one directory, each list sorted by name.
type folder struct {
	path   string
	images []string // names of regular files with an image extension
	dirs   []string // names of directories, links to directories included
}

func (f folder) has(dir string) bool { return slices.Contains(f.dirs, dir) }

// list reads one directory. Entries that cannot be followed (dangling or looping
// links, pipes) become warnings. It never descends, so a link back to a parent
// is harmless.
func (s *Set) list(path string) (folder, error) {
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return folder{}, err
	}
	f := folder{path: path}
	for _, e := range entries {
		name := e.Name()
		if ignored(name) {
			continue
		}
		full := filepath.Join(path, name)
		st, err := os.Stat(full)
		switch {
		case err != nil:
			s.warn("%s: left out, cannot be followed: %v", s.Rel(full), cause(err))
		case st.IsDir():
			f.dirs = append(f.dirs, name)
		case !isImage(name):
		case !st.Mode().IsRegular():
			s.warn("%s: left out, is not a regular file", s.Rel(full))
		default:
			f.images = append(f.images, name)
		}
	}
	return f, nil
}

func cause(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}

func ignored(name string) bool {
	switch strings.ToLower(name) {
	case "thumbs.db", "desktop.ini", "__macosx":
		return true
	}
	return strings.HasPrefix(name, ".")
}

func isImage(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

func stem(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// Images lists the image files of one folder, sorted by name. Folders inside it
// are not searched.
func Images(path string) ([]string, error) {
	f, err := new(Set).list(path)
	if err != nil {
		return nil, err
	}
	if len(f.images) == 0 {
		return nil, fmt.Errorf("%s: found 0 images in this folder, expected at least 1 of %s", path, strings.Join(extensions, " "))
	}
	for i, name := range f.images {
		f.images[i] = filepath.Join(path, name)
	}
	return f.images, nil
}

// items lists the images of one folder. Folders inside it are not searched; a
// warning names those that hold something.
func (s *Set) items(path string, kind Kind, defect string) ([]Item, error) {
	f, err := s.list(path)
	if err != nil {
		return nil, err
	}
	for _, d := range f.dirs {
		s.warn("%s: left out, a folder among images", s.Rel(filepath.Join(path, d)))
	}
	items := make([]Item, len(f.images))
	for i, name := range f.images {
		items[i] = Item{Path: filepath.Join(path, name), Kind: kind, Defect: defect}
	}
	return items, nil
}
