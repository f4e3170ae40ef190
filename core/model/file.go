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

// The kinds of files: a model, and weights that await their calibration.
const (
	Kind        = "model"
	WeightsKind = "weights"
)

// meta is the JSON part of a model file.
type meta struct {
	Config      net.Config  `json:"config"`
	Calibration Calibration `json:"calibration"`
	Components  []string    `json:"components"`
	Provenance  Provenance  `json:"provenance"`
}

// The Gaussians are stored beside the weights, below this name.
const histogramPrefix = "calibration.histogram."

// Load reads a model file and checks it.
func Load(path string) (*Model, error) {
	f, err := modelfmt.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := fromFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// LoadBytes reads a model from memory and checks it.
func LoadBytes(b []byte) (*Model, error) {
	f, err := modelfmt.Decode(b)
	if err != nil {
		return nil, err
	}
	return fromFile(f)
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
	js, err := json.Marshal(meta{m.Config, m.Calibration, m.Components, m.Provenance})
	if err != nil {
		return nil, err
	}
	f := &modelfmt.File{Kind: kind, Meta: js, Tensors: Tensors(m.Weights)}
	for i, h := range m.Calibration.Histograms {
		for name, v := range map[string][]float64{"mean": h.Gaussian.Mean, "precision": h.Gaussian.Precision} {
			t := modelfmt.Tensor{Name: gaussianName(i, name), Shape: []int{len(v)}, Data: make([]float32, len(v))}
			for j, x := range v {
				t.Data[j] = float32(x)
			}
			f.Tensors = append(f.Tensors, t)
		}
	}
	sort.Slice(f.Tensors, func(i, j int) bool { return f.Tensors[i].Name < f.Tensors[j].Name })
	return f, nil
}

func gaussianName(i int, part string) string { return fmt.Sprintf("%s%d.%s", histogramPrefix, i, part) }

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
	dec := json.NewDecoder(bytes.NewReader(f.Meta))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&j); err != nil {
		return nil, fmt.Errorf("model description: %w", err)
	}
	m := &Model{Config: j.Config, Calibration: j.Calibration, Components: j.Components, Provenance: j.Provenance}
	m.Weights = FromTensors(f.Tensors)
	for i := range m.Calibration.Histograms {
		h := &m.Calibration.Histograms[i]
		for name, to := range map[string]*[]float64{"mean": &h.Gaussian.Mean, "precision": &h.Gaussian.Precision} {
			if t := m.Weights[gaussianName(i, name)]; t != nil {
				*to = make([]float64, len(t.Data))
				for k, x := range t.Data {
					(*to)[k] = float64(x)
				}
			}
		}
	}
	for name := range m.Weights {
		if strings.HasPrefix(name, histogramPrefix) {
			delete(m.Weights, name)
		}
	}
	return m, nil
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
