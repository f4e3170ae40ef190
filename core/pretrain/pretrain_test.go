package pretrain

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/formula"
	"aecsad/core/graph"
	"aecsad/kernels/devices"
)

func tiny(t *testing.T) Options {
	d, err := devices.Open("auto")
	require.NoError(t, err)
	t.Cleanup(func() { d.Close() })
	return Options{
		Settings: Settings{Seed: 1, Width: 4, Side: 32, Batch: 2, Steps: 4, Rate: 3e-3},
		Device:   d,
	}
}

func TestRunGivesTheSameBytesWhenInterrupted(t *testing.T) {
	o := tiny(t)
	whole, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.Contains(t, whole, "encoder.layer3.5.bn3.running_var")
	assert.NotContains(t, whole, "heads.f1.shape.weight")

	o.Checkpoint = filepath.Join(t.TempDir(), "c.aecsad")
	ctx, stop := context.WithCancel(context.Background())
	o.Report = func(p Progress) {
		if p.Step == 2 {
			stop()
		}
	}
	_, err = Run(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	first := 0
	o.Report = func(p Progress) {
		if first == 0 {
			first = p.Step
		}
	}
	resumed, err := Run(context.Background(), o)
	require.NoError(t, err)
	assert.Equal(t, 3, first)
	assert.Equal(t, whole, resumed)

	o.Rate = 1e-3
	_, err = Run(context.Background(), o)
	assert.ErrorContains(t, err, "rate was 0.003, now 0.001")
}

func TestStepsOnABatchLowerItsLosses(t *testing.T) {
	o := tiny(t)
	o.Batch, o.Steps = 4, 1000
	n, err := newNetwork(o.Settings)
	require.NoError(t, err)
	s, err := graph.Load(o.Device, n.program, 0)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.SetWeights(n.graph.Initialize(1)))
	b, err := newBatch(o.Settings, 0)
	require.NoError(t, err)
	for name, values := range b {
		require.NoError(t, s.SetInput(name, values))
	}
	require.Len(t, n.losses, 3*(int(formula.Targets)+1))
	losses := func() map[string]float32 {
		m := map[string]float32{}
		for _, name := range n.losses {
			v, err := s.Output(name)
			require.NoError(t, err)
			m[name] = v[0]
		}
		return m
	}
	require.NoError(t, s.Step(0, 3e-3))
	first := losses()
	for step := 1; step < 25; step++ {
		require.NoError(t, s.Step(step, 3e-3))
	}
	for name, v := range losses() {
		assert.Less(t, v, 0.8*first[name], name)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, c := range []struct {
		change func(s *Settings)
		want   string
	}{
		{func(s *Settings) { s.Width = 2 }, "width is 2"},
		{func(s *Settings) { s.Side = 40 }, "side is 40"},
		{func(s *Settings) { s.Batch = 1 }, "batch is 1"},
		{func(s *Settings) { s.Steps = 0 }, "steps is 0"},
		{func(s *Settings) { s.Rate = 0 }, "rate is 0"},
		{func(s *Settings) { s.Decay = -1 }, "decay is -1"},
		{func(s *Settings) { s.Without = []string{"smell"} }, `no target or trait "smell"`},
		{func(s *Settings) {
			s.Without = []string{"shape", "texture", "orientation", "scale", "size", "edge", "instance", "color", "light"}
		}, "every target"},
	} {
		o := tiny(t)
		c.change(&o.Settings)
		_, err := Run(context.Background(), o)
		assert.ErrorContains(t, err, c.want)
	}
}

func TestRateRisesAndFalls(t *testing.T) {
	s := Settings{Steps: 1000, Rate: 1}
	assert.Less(t, s.rate(0), 0.2)
	assert.InDelta(t, 1, s.rate(15), 0.01)
	assert.InDelta(t, 0.5, s.rate(500), 1e-9)
	assert.Less(t, s.rate(999), 1e-4)
}

func TestBatchHoldsThePicturesInOrder(t *testing.T) {
	s := Settings{Seed: 3, Width: 4, Side: 32, Batch: 3, Without: []string{"size"}}
	b, err := newBatch(s, 5)
	require.NoError(t, err)
	assert.NotContains(t, b, "f1.size")
	assert.Len(t, b["f2.color"], 3*3*16)
	p, err := formula.Draw(3, 5*3+2, 32)
	require.NoError(t, err)
	want := make([]float32, 64)
	p.Answers(want, formula.Texture, 4)
	assert.Equal(t, want, b["f1.texture"][2*64:])
}
