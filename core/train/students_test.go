package train

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/net"
	"aecsad/tests/golden"
)

// What each input shows the global student.
func TestGlobalStudentSees(t *testing.T) {
	o := options(t)
	r := &run{d: scenes(2, 64), o: o} // image 0 is trusted, image 1 is not
	see := func(in Input, j, k int) *image.RGB {
		r.o.Students.Input = in
		return r.seen(j, k)
	}
	for j := range 2 {
		assert.Same(t, r.d.Images[j], see(InputNone, j, 3))
		assert.NotEqual(t, r.d.Images[j].Pix, see(InputJitter, j, 3).Pix)
	}
	pasted := see(InputAnomalies, 0, 3)
	assert.NotEqual(t, r.d.Images[0].Pix, pasted.Pix)
	assert.Equal(t, pasted, see(InputClean, 0, 3), "the inputs differ in their target only")
	assert.NotEqual(t, pasted.Pix, see(InputAnomalies, 0, 4).Pix, "every draw is another anomaly")
	assert.Same(t, r.d.Images[1], see(InputAnomalies, 1, 3), "no trusted map, no paste")
}

// lossesOf is one step of the students' program on given inputs.
func lossesOf(t *testing.T, in Input, quantile float64, feed map[string][]float32) map[string]float32 {
	c, o := curveConfig(), Students{Batch: 1, Quantile: quantile, Input: in, Local: 1, Global: 1, Fusion: 1}
	p, names, err := studentProgram(c, o, false, 1)
	require.NoError(t, err)
	want := []string{"x"}
	if name := in.name(); name != "" {
		want = []string{name, "x"}
	}
	assert.Equal(t, want, slices.Sorted(maps.Keys(p.Inputs)))
	s, err := graph.Load(options(t).Device, p, 1)
	require.NoError(t, err)
	defer s.Close()
	w := graph.Weights{}
	for name, b := range p.Weights {
		w[name] = golden.Weight(name, b.Shape)
	}
	require.NoError(t, s.SetWeights(w))
	for _, name := range want {
		require.NoError(t, s.SetInput(name, feed[name]))
	}
	require.NoError(t, s.Step(0, 0.001))
	out := map[string]float32{}
	for _, name := range names {
		v, err := s.Output(name)
		require.NoError(t, err)
		out[name] = v[0]
	}
	return out
}

// The target of the global student is what the inputs differ in.
func TestTargetsOfTheInputs(t *testing.T) {
	d := scenes(2, 64)
	clean, other := newBatch(1, 64), newBatch(1, 64)
	clean.put(0, d.Images[0])
	other.put(0, d.Images[1])
	feed := func(seen []float32) map[string][]float32 {
		return map[string][]float32{"x": clean.x, jittered: seen, anomalous: seen}
	}
	none := lossesOf(t, InputNone, 0.99, feed(clean.x))
	for _, in := range []Input{InputJitter, InputAnomalies, InputClean} {
		assert.Equal(t, none, lossesOf(t, in, 0.99, feed(clean.x)), "%s: unchanged images are those of none", in)
	}
	jitter, anomalies, toClean := lossesOf(t, InputJitter, 0.99, feed(other.x)), lossesOf(t, InputAnomalies, 0.99, feed(other.x)), lossesOf(t, InputClean, 0.99, feed(other.x))
	assert.Equal(t, jitter, anomalies, "both imitate the teacher on what they see")
	assert.NotEqual(t, anomalies["global"], toClean["global"])
	assert.Equal(t, anomalies["fusion"], toClean["fusion"], "the local student imitates the global one, whatever its target")
	assert.Equal(t, none["hard"], toClean["hard"])
}

// Quantile 0 is the plain mean squared error; higher ones take harder features.
func TestQuantileZeroIsThePlainError(t *testing.T) {
	x := newBatch(1, 64)
	x.put(0, scenes(1, 64).Images[0])
	feed := map[string][]float32{"x": x.x}
	plain := lossesOf(t, InputNone, 0, feed)["hard"]
	assert.InEpsilon(t, plainError(t, x.x), plain, 1e-5)
	before := plain
	for _, q := range []float64{0.5, 0.9, 0.99} {
		hard := lossesOf(t, InputNone, q, feed)["hard"]
		assert.Greater(t, hard, before, "quantile %v", q)
		before = hard
	}
}

// plainError is the mean squared difference of teacher and local student.
func plainError(t *testing.T, x []float32) float64 {
	c, o := curveConfig(), graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		root, x := g.Root(), g.Input("x", 1, 3, c.Side, c.Side)
		o["teacher"] = net.TeacherNet(root.Sub("teacher"), c, net.EncoderNet(root.Sub("encoder"), c.Encoder, x))
		o["local"], _ = net.LocalNet(root.Sub("local"), c, x)
	})
	require.NoError(t, err)
	s, err := graph.Load(options(t).Device, g.Compile(o), 1)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.SetWeights(golden.Weights(g)))
	require.NoError(t, s.SetInput("x", x))
	require.NoError(t, s.Run())
	teacher, err := s.Output("teacher")
	require.NoError(t, err)
	local, err := s.Output("local")
	require.NoError(t, err)
	require.Len(t, local, len(teacher))
	sum := 0.0
	for i := range teacher {
		d := float64(teacher[i]) - float64(local[i])
		sum += d * d
	}
	return sum / float64(len(teacher))
}

func TestEveryInputTrains(t *testing.T) {
	c, d := tiny(t), scenes(4, 64)
	seen := map[float32]Input{}
	for _, in := range []Input{InputJitter, InputAnomalies, InputClean, InputNone} {
		o := options(t)
		o.Segmentor.Steps, o.Students.Steps, o.Students.Input = 2, 3, in
		w, err := Run(context.Background(), c, d, nil, o)
		require.NoError(t, err, in)
		v := w["global.enconv1.weight"]
		require.NotNil(t, v)
		assert.NotContains(t, seen, v.Data[0], "%s trains as another input does", in)
		seen[v.Data[0]] = in
	}
}

func TestThesisSchedule(t *testing.T) {
	s, st, err := Defaults("paper")
	require.NoError(t, err)
	s0, st0 := s, st
	require.NoError(t, Follow(ScheduleCode, &s, &st))
	assert.Equal(t, s0, s)
	assert.Equal(t, st0, st)
	require.NoError(t, Follow(ScheduleThesis, &s, &st))
	assert.Equal(t, [2]int{16, 16}, [2]int{s.Batch, st.Batch})
	assert.Equal(t, 7500, st.Steps, "spec 2.4 #18")
	assert.InDelta(t, s0.Steps*s0.Batch, s.Steps*s.Batch, 16)
	assert.InDelta(t, 1.0/3, float64(s.supervised())/float64(s.Steps), 1e-3)
	rate := cosine(s.Rate, s.FinalRate, s.Steps)
	assert.InDelta(t, 1e-4, rate(0), 1e-12)
	assert.InDelta(t, 1e-6, rate(s.Steps), 1e-12)
	assert.ErrorContains(t, Follow("fast", &s, &st), `schedule is "fast"; expected code or thesis`)
}
