package checkpoint

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
)

func TestSaveAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.aecsad")
	w := graph.Weights{"a.weight": {Shape: []int{2}, Data: []float32{1, 2}}}
	settings := json.RawMessage(`{"network":{"side":64},"seed":1}`)

	s, err := Load(path, settings, w)
	require.NoError(t, err)
	assert.Nil(t, s, "no file, no state")

	was := &State{Done: 2, Step: 30, Weights: w, Moments: graph.Weights{"a.weight@adam.0": {Shape: []int{2}, Data: []float32{3, 4}}}}
	require.NoError(t, was.Save(path, settings))
	s, err = Load(path, settings, w)
	require.NoError(t, err)
	assert.Equal(t, was, s)

	_, err = Load(path, json.RawMessage(`{"network":{"side":128},"seed":1}`), w)
	assert.ErrorContains(t, err, "network.side was 64, now 128")
	_, err = Load(path, settings, graph.Weights{})
	assert.ErrorContains(t, err, "holds a.weight, which the networks do not have")
}

func TestStateWithoutMoments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.aecsad")
	w := graph.Weights{"a": {Shape: []int{1}, Data: []float32{1}}}
	require.NoError(t, (&State{Done: 1, Weights: w}).Save(path, json.RawMessage(`{}`)))
	s, err := Load(path, json.RawMessage(`{}`), w)
	require.NoError(t, err)
	assert.Nil(t, s.Moments)
}
