package weights

import (
	"encoding/json"
	"errors"
	"fmt"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/modelfmt"
)

// EncoderKind is the kind of file of imported encoder weights.
const EncoderKind = "encoder"

// Where the weights of profile paper come from.
const Source = "wide_resnet50_2-9ba9bcbe.pth of torchvision, or model.safetensors of timm/wide_resnet50_2.tv2_in1k on the Hugging Face hub"

// SaveEncoder writes imported weights as our file.
func SaveEncoder(path string, w graph.Weights) error {
	return modelfmt.WriteFile(path, &modelfmt.File{Kind: EncoderKind, Meta: []byte("{}"), Tensors: model.Tensors(w)})
}

// SavePretrained writes weights that we trained, with how, as half the bytes:
// filters with 11 significant bits, what there is once per channel with all.
func SavePretrained(path string, made any, w graph.Weights) error {
	js, err := json.Marshal(made)
	if err != nil {
		return err
	}
	tensors := model.Tensors(w)
	for i, t := range tensors {
		if len(t.Shape) > 1 {
			tensors[i].DType = modelfmt.F16
		}
	}
	return modelfmt.WriteFile(path, &modelfmt.File{Kind: EncoderKind, Meta: js, Tensors: tensors})
}

// LoadEncoder reads what SaveEncoder or SavePretrained wrote.
func LoadEncoder(path string) (graph.Weights, error) {
	f, err := modelfmt.ReadFile(path)
	if err != nil {
		return nil, err
	}
	w, err := encoderOf(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

func encoderOf(f *modelfmt.File) (graph.Weights, error) {
	if f.Kind != EncoderKind {
		return nil, fmt.Errorf("is an aecsad file of kind %q, expected %q (made by aecsad import or pretrain)", f.Kind, EncoderKind)
	}
	w := model.FromTensors(f.Tensors)
	if len(w) == 0 {
		return nil, errors.New("holds no weights")
	}
	return w, w.Finite()
}
