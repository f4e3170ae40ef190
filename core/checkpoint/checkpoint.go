// Package checkpoint saves training runs that were interrupted, and finds them
// again: the weights, the optimiser's state and how far the run had come. A
// checkpoint also holds every setting that the run's result depends on, and is
// refused by a run with other settings.
package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sort"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/modelfmt"
)

// Kind is the kind of file of a checkpoint.
const Kind = "checkpoint"

// State is how far a run has come.
type State struct {
	Done    int           // finished stages
	Step    int           // finished steps of the stage under way
	Weights graph.Weights // all weights
	Moments graph.Weights // Adam's state of the stage under way; nil for none
}

// progress is the JSON part of the file.
type progress struct {
	Settings json.RawMessage `json:"settings"`
	Done     int             `json:"stages_done"`
	Step     int             `json:"step"`
}

// Save writes the state, whole or not at all.
func (s *State) Save(path string, settings json.RawMessage) error {
	js, err := json.Marshal(progress{settings, s.Done, s.Step})
	if err != nil {
		return err
	}
	f := &modelfmt.File{Kind: Kind, Meta: js}
	f.Tensors = append(model.Tensors(s.Weights), model.Tensors(s.Moments)...)
	sort.Slice(f.Tensors, func(i, j int) bool { return f.Tensors[i].Name < f.Tensors[j].Name })
	return modelfmt.WriteFile(path, f)
}

// Load reads a state that was saved with the same settings; nil without an error
// means that there is no file. Its weights must be among those known.
func Load(path string, settings json.RawMessage, known graph.Weights) (*State, error) {
	f, err := modelfmt.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if f.Kind != Kind {
		return nil, fmt.Errorf("%s: is an aecsad file of kind %q, expected a %s", path, f.Kind, Kind)
	}
	var p progress
	if err := json.Unmarshal(f.Meta, &p); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := sameSettings(p.Settings, settings); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s := &State{Done: p.Done, Step: p.Step, Weights: graph.Weights{}}
	for name, t := range model.FromTensors(f.Tensors) {
		switch {
		case graph.IsMoment(name):
			if s.Moments == nil {
				s.Moments = graph.Weights{}
			}
			s.Moments[name] = t
		case known[name] == nil:
			return nil, fmt.Errorf("%s holds %s, which the networks do not have", path, name)
		default:
			s.Weights[name] = t
		}
	}
	return s, nil
}
