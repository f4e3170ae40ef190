package weights

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/model"
	"aecsad/core/net"
)

// nothing is what tensors hold whose values do not matter.
var nothing = make([]float32, 1<<23)

// dummies adds the tensors of one of our networks at CSAD's sizes, below another
// prefix.
func dummies(t *testing.T, part, prefix string, into graph.Weights) {
	c, err := net.Profile("paper")
	require.NoError(t, err)
	require.NoError(t, csadConfig(&c, graph.Weights{"fc2.conv3.weight": {Shape: []int{6, 256, 1, 1}}}))
	g, err := networks(c)
	require.NoError(t, err)
	for full, shape := range g.Shapes() {
		if name, ok := strings.CutPrefix(full, part+"."); ok {
			into[prefix+name] = dummy(shape...)
		}
	}
}

func dummy(shape ...int) *graph.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return &graph.Tensor{Shape: shape, Data: nothing[:n]}
}

func numbers(v float32, shape ...int) *graph.Tensor {
	x := dummy(shape...)
	x.Data = slices.Repeat([]float32{v}, len(x.Data))
	return x
}

// assemble is Import without files.
func assemble(files ...graph.Weights) (*Imported, error) {
	out, have := &Imported{Weights: graph.Weights{}}, map[string]graph.Weights{}
	for _, w := range files {
		if err := addParts(have, w); err != nil {
			return nil, err
		}
	}
	return out, out.fill(have)
}

func TestImportEncoder(t *testing.T) {
	w := graph.Weights{"fc.weight": dummy(10, 2048), "layer4.0.conv1.weight": dummy(1024, 1024, 1, 1)}
	dummies(t, encoder, "", w)
	w["bn1.running_var"] = numbers(2, 64)
	got, err := assemble(w)
	require.NoError(t, err)
	assert.Nil(t, got.Config)
	assert.Len(t, got.Weights, len(w)-2)
	assert.EqualValues(t, 2, got.Weights["encoder.bn1.running_var"].Data[63])
	w["bn1.running_var"] = numbers(float32(math.NaN()), 64)
	_, err = assemble(w)
	assert.ErrorContains(t, err, "encoder.bn1.running_var holds NaN")
}

func TestImportNamesTheTensor(t *testing.T) {
	whole := graph.Weights{}
	dummies(t, encoder, "", whole)
	for want, change := range map[string]func(graph.Weights){
		"tensor layer2.0.bn1.weight of the encoder is missing; expected shape [256]":                               func(w graph.Weights) { delete(w, "layer2.0.bn1.weight") },
		"tensor layer3.5.conv2.weight of the encoder has shape [256 256 3 3], expected [512 512 3 3]":              func(w graph.Weights) { w["layer3.5.conv2.weight"] = dummy(256, 256, 3, 3) },
		"tensor layer3.6.bn1.weight is not one of the encoder; is this another network?":                           func(w graph.Weights) { w["layer3.6.bn1.weight"] = dummy(512) },
		"neither a WideResNet-50-2 (layer1.0.conv1.weight, ...) nor a part of CSAD":                                func(w graph.Weights) { clear(w); w["vit.weight"] = dummy(1) },
		"has encoder, local of CSAD, but no teacher; give the files of all parts together, or of an encoder alone": func(w graph.Weights) { w["local_st.conv_st.weight"] = dummy(1) },
		"holds the encoder, which is there already":                                                                func(w graph.Weights) { w["encoder.layer1.0.conv1.weight"] = dummy(1) },
	} {
		w := maps.Clone(whole)
		change(w)
		_, err := assemble(w)
		assert.ErrorContains(t, err, want)
	}
}

// TestImportCSAD takes state dicts apart into our networks: the exported one, and
// those of the training's modules in files of their own.
func TestImportCSAD(t *testing.T) {
	exported := graph.Weights{
		"teacher.proj.weight": dummy(512, 1536, 1, 1), "teacher.proj.bias": numbers(0.125, 512),
		"teacher_mean": numbers(0.5, 1, 512, 1, 1), "teacher_std": numbers(2, 1, 512, 1, 1),
		"q_st_start": dummy(), "patch_hist_detector.hist_mean": dummy(6, 1),
	}
	training, segment := maps.Clone(exported), graph.Weights{}
	dummies(t, encoder, "encoder.", exported)
	dummies(t, segmentor, "segmentor.", exported)
	dummies(t, local, "local_st.", exported)
	dummies(t, global, "autoencoder.", exported)
	dummies(t, encoder, "teacher.encoder.", training)
	dummies(t, local, "student.", training)
	dummies(t, global, "autoencoder.", training)
	dummies(t, segmentor, "", segment)
	for _, files := range [][]graph.Weights{{exported}, {training, segment}} {
		got, err := assemble(files...)
		require.NoError(t, err)
		require.NotNil(t, got.Config)
		assert.Equal(t, 6, got.Config.Segmentor.Classes)
		assert.EqualValues(t, 0.375, got.Weights["teacher.mean"].Data[511])
		assert.EqualValues(t, 2, got.Weights["teacher.std"].Data[0])
		g, err := networks(*got.Config)
		require.NoError(t, err)
		for name, shape := range g.Shapes() {
			require.NotNil(t, got.Weights[name], name)
			assert.Equal(t, shape, got.Weights[name].Shape, name)
		}
	}
	_, err := assemble(training)
	assert.ErrorContains(t, err, "but no segmentor")
	exported["teacher_std"] = numbers(0, 1, 512, 1, 1)
	_, err = assemble(exported)
	assert.ErrorContains(t, err, "teacher_std of channel 0 is 0, expected a positive number")
}

func TestSaveImported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.aecsad")
	w := graph.Weights{"encoder.conv1.weight": numbers(0.1, 1, 2)}
	require.NoError(t, (&Imported{Weights: w}).Save(path, "test"))
	loaded, err := LoadEncoder(path)
	require.NoError(t, err)
	assert.Equal(t, w, loaded)

	c, err := net.Profile("paper")
	require.NoError(t, err)
	c.Segmentor.Classes = 3
	require.NoError(t, (&Imported{Weights: w, Config: &c, SHA256: []string{"12ab"}}).Save(path, "test"))
	m, err := model.LoadWeights(path)
	require.NoError(t, err)
	assert.Equal(t, w, m.Weights)
	assert.Equal(t, []string{"component 1", "component 2"}, m.Components)
	assert.Equal(t, "imported, SHA-256 12ab", m.Provenance.Dataset)
}

// TestImportReadsFilesAndTheirNames: the hub's file names hold a checksum.
func TestImportReadsFilesAndTheirNames(t *testing.T) {
	write := func(name string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, safetensors(graph.Weights{"layer1.0.conv1.weight": dummy(1)}), 0o600))
		return path
	}
	_, err := Import(write("wide_resnet50_2-0123abcd.pth"))
	require.ErrorContains(t, err, "expected it to begin with 0123abcd as the name says")
	sum, err := checkDigest(write("plain.pth"))
	require.NoError(t, err)
	_, err = Import(write("wide_resnet50_2-" + sum[:8] + ".pth"))
	assert.ErrorContains(t, err, "tensor bn1.bias of the encoder is missing")
	_, err = Import(filepath.Join(t.TempDir(), "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestTheProjectionIsTakenApartByStage: the first columns go to layer2.
func TestTheProjectionIsTakenApartByStage(t *testing.T) {
	want := map[string][]int{"teacher.layer2.weight": {2, 1, 1, 1}, "teacher.layer3.weight": {2, 2, 1, 1}}
	w, err := csadTeacher(graph.Weights{
		"teacher.proj.weight": {Shape: []int{2, 3, 1, 1}, Data: []float32{1, 2, 3, 4, 5, 6}},
		"teacher.proj.bias":   {Shape: []int{2}, Data: []float32{1, 2}},
		"teacher_mean":        {Shape: []int{1, 2, 1, 1}, Data: []float32{5, 5}},
		"teacher_std":         {Shape: []int{1, 2, 1, 1}, Data: []float32{1, 1}},
	}, want)
	require.NoError(t, err)
	assert.Equal(t, []float32{1, 4}, w["teacher.layer2.weight"].Data)
	assert.Equal(t, []float32{2, 3, 5, 6}, w["teacher.layer3.weight"].Data)
	assert.Equal(t, []float32{4, 3}, w["teacher.mean"].Data)
}
