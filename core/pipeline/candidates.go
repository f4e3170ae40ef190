package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/modelfmt"
)

// candidateKind is the kind of file of a candidate: the weights that one stage of
// a training had at one of its steps.
const candidateKind = "candidate"

// freshCandidates clears what an earlier training left, unless it goes on.
func (r *Run) freshCandidates() error {
	if _, err := os.Stat(r.path(CheckpointFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(r.path(CandidateFolder))
}

// addCandidate writes a candidate; names sort by step.
func (r *Run) addCandidate(stage string, step int, w graph.Weights) error {
	if err := os.MkdirAll(r.path(CandidateFolder), 0o777); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%07d.aecsad", tags.Replace(stage), step)
	return modelfmt.WriteFile(filepath.Join(r.path(CandidateFolder), name), &modelfmt.File{Kind: candidateKind, Tensors: model.Tensors(w)})
}

// candidates lists the files of a stage, the earliest first.
func (r *Run) candidates(stage string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(r.path(CandidateFolder), tags.Replace(stage)+"-*.aecsad"))
	slices.Sort(files)
	return files, err
}

// readCandidate puts a candidate's weights in place of those in w.
func readCandidate(path string, w graph.Weights) error {
	f, err := modelfmt.ReadFile(path)
	if err != nil {
		return err
	}
	if f.Kind != candidateKind {
		return fmt.Errorf("%s: is an aecsad file of kind %q, expected a %s", path, f.Kind, candidateKind)
	}
	for name, t := range model.FromTensors(f.Tensors) {
		was := w[name]
		if was == nil || !slices.Equal(was.Shape, t.Shape) {
			return fmt.Errorf("%s: holds %s of shape %v, which the networks do not have", path, name, t.Shape)
		}
		w[name] = t
	}
	return nil
}
