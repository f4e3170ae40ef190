package pipeline

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"aecsad/core/data"
	"aecsad/core/image"
	"aecsad/core/label"
	"aecsad/modelfmt"
)

// labels is the description beside the label maps of a run.
type labels struct {
	Dataset    string   `json:"dataset_sha256"`
	Components []string `json:"components"`
	Trusted    []string `json:"trusted"`
	Warnings   []string `json:"warnings"`
}

// Label finds the components of the training images and writes their maps.
func (r *Run) Label() (*label.Result, error) {
	images, err := r.images("read training images", r.Set.Train)
	if err != nil {
		return nil, err
	}
	names, err := stems(r.Set.Train)
	if err != nil {
		return nil, err
	}
	var res *label.Result
	if r.Config.Maps != "" {
		res, err = r.drawn(names)
	} else {
		o := r.Config.Label
		o.Seed = r.Config.Seed
		res, err = label.Run(images, names, o, func(done, total int) { r.bar("label", done, total) })
	}
	if err != nil {
		return nil, err
	}
	return res, r.writeLabels(images, names, res)
}

// drawn reads the user's label maps; images without one are not trusted.
func (r *Run) drawn(names []string) (*label.Result, error) {
	maps := make([]*image.Labels, len(names))
	side, found := r.Config.Network.Side, 0
	for i, n := range names {
		m, err := image.ReadMask(filepath.Join(r.Config.Maps, n+".png"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found++
		maps[i] = m.Resize(side, side)
	}
	if found == 0 {
		return nil, fmt.Errorf("maps: no label map in %s; expected %s.png and so on, named as the training images", r.Config.Maps, names[0])
	}
	return label.FromMaps(maps, names, r.Config.Label)
}

// stems are the names of label maps; they must tell the images apart.
func stems(items []data.Item) ([]string, error) {
	var names []string
	for _, it := range items {
		if n := it.Name(); slices.Contains(names, n) {
			return nil, fmt.Errorf("two training images are named %s; label maps need distinct names", n)
		} else {
			names = append(names, n)
		}
	}
	return names, nil
}

func (r *Run) writeLabels(images []*image.RGB, names []string, res *label.Result) error {
	if err := os.MkdirAll(r.path(LabelFolder), 0o777); err != nil {
		return err
	}
	for i, m := range res.Maps {
		if m == nil {
			continue
		}
		if err := m.WriteFile(filepath.Join(r.path(LabelFolder), names[i]+".png")); err != nil {
			return err
		}
	}
	if err := label.Sheet(images, res, 8).WriteFile(r.path(SheetFile)); err != nil {
		return err
	}
	l := labels{Dataset: r.digest, Warnings: res.Warnings}
	for _, c := range res.Classes {
		l.Components = append(l.Components, c.Name)
	}
	for _, i := range res.Trusted {
		l.Trusted = append(l.Trusted, names[i])
	}
	js, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	r.Logf("label: %d component classes, %d of %d images trusted", len(res.Classes), len(res.Trusted), len(names))
	for _, w := range res.Warnings {
		r.Logf("label: warning: %s", w)
	}
	return modelfmt.WriteBytes(r.path(LabelFile), js)
}

// readLabels reads back what Label wrote, corrections by hand included.
func (r *Run) readLabels() (maps []*image.Labels, trusted []int, components []string, err error) {
	b, err := os.ReadFile(r.path(LabelFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, fmt.Errorf("%s has no component labels yet; run the label step first", r.Dir)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	var l labels
	if err := json.Unmarshal(b, &l); err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", r.path(LabelFile), err)
	}
	if l.Dataset != r.digest {
		return nil, nil, nil, fmt.Errorf("%s was labelled from other images than those in %s now; run the label step again", r.Dir, r.Set.Root)
	}
	names, err := stems(r.Set.Train)
	if err != nil {
		return nil, nil, nil, err
	}
	maps = make([]*image.Labels, len(names))
	for _, t := range l.Trusted {
		i := slices.Index(names, t)
		if i < 0 {
			return nil, nil, nil, fmt.Errorf("%s: trusted image %s is not in the data set", r.path(LabelFile), t)
		}
		m, err := image.ReadMask(filepath.Join(r.path(LabelFolder), t+".png"))
		if err != nil {
			return nil, nil, nil, err
		}
		maps[i] = m.Resize(r.Config.Network.Side, r.Config.Network.Side)
		trusted = append(trusted, i)
	}
	slices.Sort(trusted)
	return maps, trusted, l.Components, nil
}
