package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/modelfmt"
)

// The kinds of files: a model, weights that await their calibration, and the
// models of several products (see Bundle).
const (
	Kind        = "model"
	WeightsKind = "weights"
	BundleKind  = "bundle"
)

// meta is the JSON part of a model file.
type meta struct {
	Config      net.Config  `json:"config"`
	Calibration Calibration `json:"calibration"`
	Components  []string    `json:"components"`
	Provenance  Provenance  `json:"provenance"`
}

// Load reads the model of a product from a model file or a bundle and checks it.
// No product means the only one; a *ProductError lists what there is to choose.
func Load(path, product string) (*Model, error) {
	r, err := modelfmt.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	m, err := load(r, product, func() (*modelfmt.File, error) { return modelfmt.ReadFile(path) })
	if err != nil {
		return nil, named(path, err)
	}
	return m, nil
}

// LoadBytes is Load for a file in memory, which is not kept.
func LoadBytes(b []byte, product string) (*Model, error) {
	r, err := modelfmt.OpenBytes(b)
	if err != nil {
		return nil, err
	}
	return load(r, product, func() (*modelfmt.File, error) { return modelfmt.Decode(b) })
}

// load reads of a bundle what belongs to the product; all reads other files.
func load(r *modelfmt.Reader, product string, all func() (*modelfmt.File, error)) (*Model, error) {
	if r.Kind() == BundleKind {
		return loadProduct(r, product)
	}
	f, err := all()
	if err != nil {
		return nil, err
	}
	m, err := fromFile(f)
	if err != nil {
		return nil, err
	}
	_, err = choose([]string{m.Provenance.Category}, product)
	return m, err
}

// named puts the path before an error that does not have it.
func named(path string, err error) error {
	if strings.HasPrefix(err.Error(), path+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// Save checks the model and writes it, whole or not at all.
func (m *Model) Save(path string) error {
	f, err := m.toFile()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return modelfmt.WriteFile(path, f)
}

// SaveWeights writes a model that is not calibrated yet.
func (m *Model) SaveWeights(path string) error {
	f, err := m.pack(WeightsKind)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return modelfmt.WriteFile(path, f)
}

// LoadWeights reads what SaveWeights wrote.
func LoadWeights(path string) (*Model, error) {
	f, err := modelfmt.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := unpack(f, WeightsKind)
	if err == nil {
		err = m.Weights.Finite()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// Bytes is the model as its file would hold it.
func (m *Model) Bytes() ([]byte, error) {
	f, err := m.toFile()
	if err != nil {
		return nil, err
	}
	return modelfmt.Encode(f)
}

func (m *Model) toFile() (*modelfmt.File, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	return m.pack(Kind)
}

func (m *Model) pack(kind string) (*modelfmt.File, error) {
	js, err := json.Marshal(m.describe())
	if err != nil {
		return nil, err
	}
	return &modelfmt.File{Kind: kind, Meta: js, Tensors: m.tensors()}, nil
}

func (m *Model) describe() meta {
	return meta{m.Config, m.Calibration, m.Components, m.Provenance}
}

// tensors lists weights and what belongs to the calibration, in alphabetical order.
func (m *Model) tensors() []modelfmt.Tensor {
	all := append(Tensors(m.Weights), m.Calibration.tensors()...)
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

func fromFile(f *modelfmt.File) (*Model, error) {
	m, err := unpack(f, Kind)
	if err != nil {
		return nil, err
	}
	return m, m.Check()
}

func unpack(f *modelfmt.File, kind string) (*Model, error) {
	if f.Kind != kind {
		return nil, fmt.Errorf("is an aecsad file of kind %q, expected %q", f.Kind, kind)
	}
	var j meta
	if err := readMeta(f.Meta, &j); err != nil {
		return nil, err
	}
	return j.model(f.Tensors), nil
}

// readMeta reads a meta part.
func readMeta(b []byte, to any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		return fmt.Errorf("model description: %w", err)
	}
	return nil
}

// model joins a description with its tensors.
func (j meta) model(tensors []modelfmt.Tensor) *Model {
	m := &Model{Config: j.Config, Calibration: j.Calibration, Components: j.Components, Provenance: j.Provenance}
	m.Weights = FromTensors(tensors)
	m.Calibration.takeTensors(m.Weights, m.Config.Segmentor.Classes)
	return m
}

// Tensors lists weights for a file, in alphabetical order, as float32.
func Tensors(w graph.Weights) []modelfmt.Tensor {
	var out []modelfmt.Tensor
	for _, name := range w.Names() {
		out = append(out, modelfmt.Tensor{Name: name, DType: modelfmt.F32, Shape: w[name].Shape, Data: w[name].Data})
	}
	return out
}

// FromTensors is the reverse of Tensors.
func FromTensors(tensors []modelfmt.Tensor) graph.Weights {
	w := graph.Weights{}
	for _, t := range tensors {
		w[t.Name] = &graph.Tensor{Shape: t.Shape, Data: t.Data}
	}
	return w
}
