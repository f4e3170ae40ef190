package pipeline

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/calibrate"
	"aecsad/core/data"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/core/train"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// nothing is a log that keeps nothing on disk.
type nothing struct{ *strings.Builder }

func (nothing) Close() error { return nil }

// squares is a run over photographs of two squares on a noisy ground.
func squares(t *testing.T) (*Run, *strings.Builder) {
	root := t.TempDir()
	for k := range 14 {
		im := &image.RGB{Width: 64, Height: 64, Pix: make([]byte, 3*64*64)}
		for i := range 64 * 64 {
			x, y := i%64, i/64
			v := 100 + 20*kernels.Uniform(uint32(k), 0, uint64(i))
			switch {
			case x > 8+k && x < 24+k && y > 8 && y < 24:
				v = 220
			case x > 36 && x < 52 && y > 30+k && y < 50+k:
				v = 20
			}
			im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2] = byte(v), byte(v), byte(200-v/2)
		}
		folder := filepath.Join(root, map[bool]string{true: "train/good", false: "validation/good"}[k < 7])
		require.NoError(t, os.MkdirAll(folder, 0o777))
		require.NoError(t, im.WriteFile(filepath.Join(folder, fmt.Sprintf("%03d.png", k))))
	}
	set, err := data.Open(root)
	require.NoError(t, err)
	c, err := Defaults("quick")
	require.NoError(t, err)
	c.Network.Side, c.Device, c.Threads = 64, "cpu", 1
	log := &strings.Builder{}
	return &Run{Dir: t.TempDir(), Set: set, Config: c, log: nothing{log}}, log
}

// part takes the weights below a network's name.
func part(w graph.Weights, prefixes ...string) graph.Weights {
	out := graph.Weights{}
	for name, v := range w {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				out[name] = v
			}
		}
	}
	return out
}

// Of some candidates those are chosen that tell synthetic anomalies best.
func TestChooseTakesTheBestCandidate(t *testing.T) {
	r, log := squares(t)
	device, err := devices.Open("cpu")
	require.NoError(t, err)
	defer device.Close()
	ctx, o := context.Background(), calibrate.Options{Device: device, Threads: 1}
	m := modeltest.Tiny(1)

	err = r.choose(ctx, modeltest.Tiny(1), o)
	assert.ErrorContains(t, err, "holds no candidates")

	trial, err := r.newTrial(ctx, m, o)
	require.NoError(t, err)
	require.Len(t, trial.structural, 7)
	best, want, distinct := -1.0, graph.Weights(nil), map[float64]bool{}
	for step := range 4 {
		students := part(modeltest.Tiny(uint32(step+2)).Weights, "local.", "global.")
		require.NoError(t, r.addCandidate(train.Imitating, 10*step, students))
		c := *m
		c.Weights = maps.Clone(m.Weights)
		maps.Copy(c.Weights, students)
		rank, err := r.rank(ctx, &c, o, trial)
		require.NoError(t, err)
		if distinct[rank] = true; rank >= best {
			best, want = rank, c.Weights
		}
	}
	require.Greater(t, len(distinct), 1, "else nothing could be chosen")
	require.NoError(t, r.choose(ctx, m, o))
	assert.Equal(t, want, m.Weights)
	assert.Equal(t, 4, strings.Count(log.String(), "mean AUROC on synthetic anomalies"))
	assert.Contains(t, log.String(), fmt.Sprintf("%.4f", best))
}

func TestCandidateFiles(t *testing.T) {
	r, _ := squares(t)
	w := graph.Weights{"a.weight": {Shape: []int{2}, Data: []float32{1, 2}}}
	for _, step := range []int{900, 1000} {
		require.NoError(t, r.addCandidate(train.Segmenting, step, w))
	}
	files, err := r.candidates(train.Segmenting)
	require.NoError(t, err)
	require.Len(t, files, 2)
	assert.Contains(t, files[0], "0000900", "by step, not by letters")
	files, err = r.candidates(train.Imitating)
	require.NoError(t, err)
	assert.Empty(t, files)

	file := filepath.Join(r.Dir, CandidateFolder, "segmentor_all_images-0000900.aecsad")
	into := graph.Weights{"a.weight": {Shape: []int{2}, Data: []float32{0, 0}}}
	require.NoError(t, readCandidate(file, into))
	assert.Equal(t, w, into)
	assert.ErrorContains(t, readCandidate(file, graph.Weights{}), "holds a.weight of shape [2], which the networks do not have")
	require.NoError(t, (&model.Model{}).SaveWeights(r.path(WeightsFile)))
	assert.ErrorContains(t, readCandidate(r.path(WeightsFile), into), "expected a candidate")

	require.NoError(t, os.WriteFile(r.path(CheckpointFile), nil, 0o666))
	require.NoError(t, r.freshCandidates())
	assert.FileExists(t, file, "a training that goes on keeps them")
	require.NoError(t, os.Remove(r.path(CheckpointFile)))
	require.NoError(t, r.freshCandidates())
	assert.NoFileExists(t, file)
}
