// Package export writes networks as ONNX files, for other runtimes. Operators
// come from the same compiled program that inspections run, so that an exported
// network cannot drift from ours; there is one file per family of instructions.
package export

import (
	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/modelfmt"
)

// output is a result on its way to a public name.
type output struct {
	name  string
	value value
}

// The public names of what the inference program calls shorter.
var (
	inputNames  = map[string]string{"x": "image"}
	outputNames = map[string]string{"local": "local_map", "global": "global_map", "third": "third_map"}
)

// Model writes the inference program of a model. If the model is calibrated, the
// fused map and the scores are outputs as well.
func Model(path string, m *model.Model) error {
	if err := m.Config.Check(); err != nil {
		return err
	}
	p, err := detect.Program(m.Config)
	if err != nil {
		return err
	}
	b := newBuilder()
	networks, err := translate(b, p, m.Weights, inputNames)
	if err != nil {
		return err
	}
	var outputs []output
	for _, name := range sortedNames(networks) {
		public := name
		if outputNames[name] != "" {
			public = outputNames[name]
		}
		outputs = append(outputs, output{public, networks[name]})
	}
	if len(m.Calibration.Histograms) > 0 {
		scores, err := judge{b, &m.Calibration, m.Config.ThirdMap}.scores(networks)
		if err != nil {
			return err
		}
		outputs = append(outputs, scores...)
	}
	about, err := properties(m)
	if err != nil {
		return err
	}
	return finish(path, b, outputs, documentation, about)
}

// Network writes any inference program. Inputs and outputs keep their names.
func Network(path string, p *graph.Program, w graph.Weights) error {
	b := newBuilder()
	values, err := translate(b, p, w, nil)
	if err != nil {
		return err
	}
	var outputs []output
	for _, name := range sortedNames(values) {
		outputs = append(outputs, output{name, values[name]})
	}
	return finish(path, b, outputs, "", nil)
}

func finish(path string, b *builder, outputs []output, doc string, properties []property) error {
	for _, o := range outputs {
		v := o.value
		if v.kind == int64s { // the classes, at most 255
			v = b.cast(v, uint8s)
		}
		if err := b.output(o.name, v, outputDocs[o.name]); err != nil {
			return err
		}
	}
	return modelfmt.WriteAtomic(path, modelMessage(b.graph("aecsad"), doc, properties).write)
}
