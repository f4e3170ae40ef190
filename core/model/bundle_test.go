package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/modelfmt"
)

// sharing are the parts that models of a line have in common.
var sharing = []string{"encoder.", "teacher."}

// line makes models of several products with the same encoder and teacher.
func line(t testing.TB, names ...string) []*model.Model {
	var list []*model.Model
	for i, name := range names {
		m := modeltest.Tiny(uint32(i + 1))
		m.Provenance.Category = name
		for weight := range m.Weights {
			for _, part := range sharing {
				if i > 0 && strings.HasPrefix(weight, part) {
					m.Weights[weight] = list[0].Weights[weight]
				}
			}
		}
		require.NoError(t, m.Check())
		list = append(list, m)
	}
	return list
}

func bundle(t testing.TB, models ...*model.Model) string {
	var b model.Bundle
	for _, m := range models {
		require.NoError(t, b.Add(m))
	}
	path := filepath.Join(t.TempDir(), "line.aecsad")
	require.NoError(t, b.Save(path))
	return path
}

func TestBundleHoldsEveryModelWhole(t *testing.T) {
	models := line(t, "nuts", "bolts", "wing nuts, galvanised")
	path := bundle(t, models...)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, m := range models {
		back, err := model.Load(path, m.Provenance.Category)
		require.NoError(t, err)
		assert.Equal(t, m, back)
		back, err = model.LoadBytes(file, m.Provenance.Category)
		require.NoError(t, err)
		assert.Equal(t, m, back)
	}
	again, err := os.ReadFile(bundle(t, models...))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(file, again), "equal models give equal bytes")

	one := bundle(t, models[1])
	back, err := model.Load(one, "")
	require.NoError(t, err)
	assert.Equal(t, models[1], back, "of a bundle of one the name may be left out")
}

func TestBundleStoresEqualTensorsOnce(t *testing.T) {
	models := line(t, "nuts", "bolts", "washers")
	path := bundle(t, models...)
	st, err := os.Stat(path)
	require.NoError(t, err)
	list, err := model.Products(path)
	require.NoError(t, err)
	require.Len(t, list, 3)
	single, own := int64(0), int64(0)
	for i, m := range models {
		b, err := m.Bytes()
		require.NoError(t, err)
		single += int64(len(b))
		own += list[i].Own
		assert.Equal(t, m.Provenance.Category, list[i].Name)
		assert.Equal(t, "quick", list[i].Profile)
		assert.Equal(t, list[0].Shared, list[i].Shared)
		assert.Positive(t, list[i].Own)
	}
	shared := list[0].Shared
	assert.Positive(t, shared)
	tables := st.Size() - own - shared
	t.Logf("three files %d bytes, the bundle %d: shared %d, own %d, tables %d", single, st.Size(), shared, own, tables)
	assert.Positive(t, tables)
	assert.Less(t, st.Size(), single-2*shared+tables, "the shared tensors are there once instead of three times")

	f, err := modelfmt.ReadFile(path)
	require.NoError(t, err)
	conv := 0
	for _, tensor := range f.Tensors {
		if strings.HasPrefix(tensor.Name, "encoder.conv1.weight") {
			conv++
		}
	}
	assert.Equal(t, 1, conv)
}

func TestProductsOfAModelFile(t *testing.T) {
	m := modeltest.Tiny(1)
	path := filepath.Join(t.TempDir(), "tiny.aecsad")
	require.NoError(t, m.Save(path))
	list, err := model.Products(path)
	require.NoError(t, err)
	require.Len(t, list, 1)
	assert.Equal(t, "tiny", list[0].Name)
	assert.Positive(t, list[0].Own)
	assert.Zero(t, list[0].Shared)
	back, err := model.Load(path, "tiny")
	require.NoError(t, err)
	assert.Equal(t, m, back)
	_, err = model.Load(path, "nuts")
	assert.ErrorContains(t, err, path+`: has no product "nuts", expected one of: tiny`)
	require.NoError(t, m.SaveWeights(path))
	_, err = model.Products(path)
	assert.ErrorContains(t, err, `kind "weights", expected "model" or "bundle"`)
}

func TestProductMustBeNamed(t *testing.T) {
	path := bundle(t, line(t, "nuts", "bolts")...)
	var choice *model.ProductError
	_, err := model.Load(path, "")
	assert.ErrorContains(t, err, path+": has 2 products, expected the name of one: nuts, bolts")
	require.ErrorAs(t, err, &choice)
	assert.Equal(t, []string{"nuts", "bolts"}, choice.Names)
	_, err = model.Load(path, "Nuts")
	assert.ErrorContains(t, err, `has no product "Nuts", expected one of: nuts, bolts`)
	require.ErrorAs(t, err, &choice)
}

func TestBundleRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.aecsad")
	assert.ErrorContains(t, new(model.Bundle).Save(path), "0 products")
	assert.NoFileExists(t, path)

	var b model.Bundle
	m := modeltest.Tiny(1)
	require.NoError(t, b.Add(m))
	assert.ErrorContains(t, b.Add(modeltest.Tiny(2)), "product tiny is there twice")
	m.Provenance.Category = ""
	assert.ErrorContains(t, b.Add(m), "has 0 bytes; expected 1 to 127")
	m.Provenance.Category = strings.Repeat("x", 128)
	assert.ErrorContains(t, b.Add(m), "has 128 bytes; expected 1 to 127")
	m.Components = nil
	assert.ErrorContains(t, b.Add(m), "component names")
}

// Loading a product reads its tensors and no other: damage elsewhere does not
// stop it, damage in what it needs does.
func TestProductReadsItsOwnTensorsOnly(t *testing.T) {
	path := bundle(t, line(t, "nuts", "bolts")...)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	nuts, bolts := 0, 0
	for i := len(whole) / 5; i < len(whole)-32; i += len(whole) / 40 {
		whole[i] ^= 1
		_, first := model.LoadBytes(whole, "nuts")
		_, second := model.LoadBytes(whole, "bolts")
		if first != nil {
			assert.ErrorContains(t, first, "is damaged: tensor")
			nuts++
		}
		if second != nil {
			assert.ErrorContains(t, second, "is damaged: tensor")
			bolts++
		}
		assert.True(t, first != nil || second != nil, "byte %d", i)
		whole[i] ^= 1
	}
	t.Logf("%d places spoil the first product, %d the second", nuts, bolts)
	assert.Positive(t, nuts)
	assert.Positive(t, bolts)
}

func TestCutBundle(t *testing.T) {
	path := bundle(t, line(t, "nuts", "bolts")...)
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	cut := filepath.Join(t.TempDir(), "cut.aecsad")
	for _, n := range []int{0, 7, 27, 1000, len(whole) / 2, len(whole) - 1} {
		require.NoError(t, os.WriteFile(cut, whole[:n], 0o666))
		_, err := model.Load(cut, "nuts")
		assert.ErrorContains(t, err, cut+": is ", n)
		_, err = model.Products(cut)
		assert.ErrorContains(t, err, cut+": is ", n)
	}
}

// What a well-formed file can say that is not a bundle.
func TestBundleThatContradictsItself(t *testing.T) {
	whole, err := modelfmt.ReadFile(bundle(t, line(t, "nuts", "bolts")...))
	require.NoError(t, err)
	for want, change := range map[string]func(products []any) any{
		"0 products":                func([]any) any { return []any{} },
		"nuts is there twice":       func(p []any) any { return []any{p[0], p[0]} },
		"which the file does not":   func(p []any) any { tensors(p[0])["encoder.conv1.weight"] = "other"; return p },
		"unknown field":             func(p []any) any { p[1].(map[string]any)["more"] = 1; return p },
		"has 0 bytes":               func(p []any) any { provenance(p[1])["category"] = ""; return p },
		"cannot unmarshal":          func(p []any) any { return 7 },
		"histogram has a mean of 0": func(p []any) any { delete(tensors(p[0]), "calibration.histogram.0.mean"); return p },
	} {
		var meta map[string]any
		require.NoError(t, json.Unmarshal(whole.Meta, &meta))
		meta["products"] = change(meta["products"].([]any))
		js, err := json.Marshal(meta)
		require.NoError(t, err)
		b, err := modelfmt.Encode(&modelfmt.File{Kind: model.BundleKind, Meta: js, Tensors: whole.Tensors})
		require.NoError(t, err)
		_, err = model.LoadBytes(b, "nuts")
		assert.ErrorContains(t, err, want)
	}
}

// A product that says of very many tensors that they are one large one of the
// file is refused before they are read.
func TestBundleThatMultipliesATensor(t *testing.T) {
	whole, err := modelfmt.ReadFile(bundle(t, line(t, "nuts")...))
	require.NoError(t, err)
	var meta map[string]any
	require.NoError(t, json.Unmarshal(whole.Meta, &meta))
	many := tensors(meta["products"].([]any)[0])
	for i := range 300 {
		many[fmt.Sprint("copy", i)] = "zeros"
	}
	js, err := json.Marshal(meta)
	require.NoError(t, err)
	zeros := modelfmt.Tensor{Name: "zeros", Shape: []int{1 << 20}, Data: make([]float32, 1<<20)}
	b, err := modelfmt.Encode(&modelfmt.File{Kind: model.BundleKind, Meta: js, Tensors: append(whole.Tensors, zeros)})
	require.NoError(t, err)
	_, err = model.LoadBytes(b, "")
	assert.ErrorContains(t, err, "product nuts: its tensors have more than 268435456 elements together")
}

func tensors(product any) map[string]any {
	return product.(map[string]any)["tensors"].(map[string]any)
}

func provenance(product any) map[string]any {
	return product.(map[string]any)["model"].(map[string]any)["provenance"].(map[string]any)
}
