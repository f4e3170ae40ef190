package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"sort"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/core/net"
	"aecsad/modelfmt"
)

// checkpointKind is the kind of file of a checkpoint.
const checkpointKind = "checkpoint"

// progress is the JSON part of a checkpoint.
type progress struct {
	Settings json.RawMessage `json:"settings"`
	Done     int             `json:"stages_done"`
	Step     int             `json:"step"`
}

// settings is everything that a run's result depends on, as JSON.
func (r *run) settings() (json.RawMessage, error) {
	return json.Marshal(struct {
		Network   net.Config `json:"network"`
		Seed      uint32     `json:"seed"`
		Segmentor Segmentor  `json:"segmentor"`
		Students  Students   `json:"students"`
		Data      string     `json:"data"` // digest of the data set
		Images    int        `json:"images"`
		Trusted   []int      `json:"trusted"`
		Maps      string     `json:"label_maps"`
		Penalty   int        `json:"penalty_images"`
	}{r.c, r.o.Seed, r.o.Segmentor, r.o.Students, r.d.Digest, len(r.d.Images), r.d.Trusted, r.d.mapsDigest(), len(r.d.Penalty)})
}

// mapsDigest names the label maps, which people may correct between two runs.
func (d Data) mapsDigest() string {
	h := sha256.New()
	for _, i := range d.Trusted {
		h.Write(d.Maps[i].Pix)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// difference names the first key, in alphabetical order, whose values differ
// between two JSON objects, with both values; ok is false where none does.
func difference(path string, was, is map[string]any) (text string, ok bool) {
	keys := slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(is)))
	slices.Sort(keys)
	for _, k := range keys {
		a, aIs := was[k].(map[string]any)
		b, bIs := is[k].(map[string]any)
		if aIs && bIs {
			if text, ok := difference(path+k+".", a, b); ok {
				return text, true
			}
			continue
		}
		if !reflect.DeepEqual(was[k], is[k]) {
			return fmt.Sprintf("%s%s was %v, now %v", path, k, was[k], is[k]), true
		}
	}
	return "", false
}

// sameSettings is an error that names what changed since the checkpoint.
func sameSettings(was, is json.RawMessage) error {
	var a, b map[string]any
	if err := json.Unmarshal(was, &a); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := json.Unmarshal(is, &b); err != nil {
		return err
	}
	if text, ok := difference("", a, b); ok {
		return fmt.Errorf("was made with other settings (%s); delete it to start anew, or restore them to go on", text)
	}
	return nil
}

// checkpoint saves a stage under way.
func (r *run) checkpoint(s *graph.Session) error {
	if r.o.Checkpoint == "" {
		return nil
	}
	if err := r.collect(s); err != nil {
		return err
	}
	return r.save()
}

// save writes the state to the checkpoint file, if there is to be one.
func (r *run) save() error {
	if r.o.Checkpoint == "" {
		return nil
	}
	settings, err := r.settings()
	if err != nil {
		return err
	}
	js, err := json.Marshal(progress{settings, r.done, r.step})
	if err != nil {
		return err
	}
	f := &modelfmt.File{Kind: checkpointKind, Meta: js}
	f.Tensors = append(model.Tensors(r.w), model.Tensors(r.moments)...)
	sort.Slice(f.Tensors, func(i, j int) bool { return f.Tensors[i].Name < f.Tensors[j].Name })
	return modelfmt.WriteFile(r.o.Checkpoint, f)
}

// resume reads the checkpoint file, if there is one.
func (r *run) resume() error {
	if r.o.Checkpoint == "" {
		return nil
	}
	f, err := modelfmt.ReadFile(r.o.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var p progress
	if f.Kind != checkpointKind {
		return fmt.Errorf("%s: is an aecsad file of kind %q, expected a %s", r.o.Checkpoint, f.Kind, checkpointKind)
	}
	if err := json.Unmarshal(f.Meta, &p); err != nil {
		return fmt.Errorf("%s: %w", r.o.Checkpoint, err)
	}
	settings, err := r.settings()
	if err != nil {
		return err
	}
	if err := sameSettings(p.Settings, settings); err != nil {
		return fmt.Errorf("%s: %w", r.o.Checkpoint, err)
	}
	all := model.FromTensors(f.Tensors)
	for name, t := range all {
		switch {
		case graph.IsMoment(name):
			if r.moments == nil {
				r.moments = graph.Weights{}
			}
			r.moments[name] = t
		case r.w[name] == nil:
			return fmt.Errorf("%s holds %s, which the networks do not have", r.o.Checkpoint, name)
		default:
			r.w[name] = t
		}
	}
	r.done, r.step = p.Done, p.Step
	return nil
}
