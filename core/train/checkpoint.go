package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	Fingerprint string `json:"fingerprint"`
	Done        int    `json:"stages_done"`
	Step        int    `json:"step"`
}

// fingerprint names everything that a run's result depends on.
func (r *run) fingerprint() string {
	js, err := json.Marshal(struct {
		Config    net.Config
		Seed      uint32
		Segmentor Segmentor
		Students  Students
		Data      string
		Images    int
		Trusted   []int
		Penalty   int
	}{r.c, r.o.Seed, r.o.Segmentor, r.o.Students, r.d.Digest, len(r.d.Images), r.d.Trusted, len(r.d.Penalty)})
	if err != nil {
		panic(err) // plain numbers and strings always encode
	}
	sum := sha256.Sum256(js)
	return hex.EncodeToString(sum[:])
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
	js, err := json.Marshal(progress{r.fingerprint(), r.done, r.step})
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
	if p.Fingerprint != r.fingerprint() {
		return fmt.Errorf("%s was made with other images or settings; delete it to start anew, or restore them to go on", r.o.Checkpoint)
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
