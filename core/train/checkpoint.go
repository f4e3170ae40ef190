package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"

	"aecsad/core/checkpoint"
	"aecsad/core/graph"
	"aecsad/core/net"
)

// settings is everything that a run's result depends on, as JSON.
func (r *run) settings() (json.RawMessage, error) {
	return json.Marshal(struct {
		Network   net.Config `json:"network"`
		Encoder   string     `json:"encoder"` // digest of imported weights
		Seed      uint32     `json:"seed"`
		Segmentor Segmentor  `json:"segmentor"`
		Students  Students   `json:"students"`
		Data      string     `json:"data"` // digest of the data set
		Images    int        `json:"images"`
		Trusted   []int      `json:"trusted"`
		Maps      string     `json:"label_maps"`
		Penalty   int        `json:"penalty_images"`
	}{r.c, r.encoder, r.o.Seed, r.o.Segmentor, r.o.Students, r.d.Digest, len(r.d.Images), r.d.Trusted, r.d.mapsDigest(), len(r.d.Penalty)})
}

// mapsDigest names the label maps, which people may correct between two runs.
func (d Data) mapsDigest() string {
	h := sha256.New()
	for _, i := range d.Trusted {
		h.Write(d.Maps[i].Pix)
	}
	return hex.EncodeToString(h.Sum(nil))
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
	s := checkpoint.State{Done: r.done, Step: r.step, Weights: r.w, Moments: r.moments}
	return s.Save(r.o.Checkpoint, settings)
}

// resume reads the checkpoint file, if there is one.
func (r *run) resume() error {
	if r.o.Checkpoint == "" {
		return nil
	}
	settings, err := r.settings()
	if err != nil {
		return err
	}
	s, err := checkpoint.Load(r.o.Checkpoint, settings, r.w)
	if s == nil {
		return err
	}
	maps.Copy(r.w, s.Weights)
	r.done, r.step, r.moments = s.Done, s.Step, s.Moments
	return nil
}
