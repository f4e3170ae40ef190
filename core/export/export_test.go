package export

import (
	"bytes"
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
	"aecsad/core/model/modeltest"
)

func TestMessage(t *testing.T) {
	inner := &message{}
	inner.text(1, strings.Repeat("x", 300)) // a length of two bytes
	m := &message{}
	m.integer(1, 0)
	m.integer(2, -1)
	m.integer(16, 1<<40) // a key of two bytes
	m.float(3, -2.5)
	m.message(4, inner)
	m.message(4, &message{})
	m.bytes(5, nil)
	var b bytes.Buffer
	require.NoError(t, m.write(&b))
	assert.Equal(t, m.size, b.Len())
	r := read(b.Bytes())
	assert.Equal(t, []int{0}, r.ints(1))
	assert.Equal(t, []int{-1}, r.ints(2))
	assert.Equal(t, []int{1 << 40}, r.ints(16))
	assert.Equal(t, float32(-2.5), math.Float32frombits(uint32(r[3][0].number)))
	assert.Equal(t, 300, len(r.messages(4)[0].text(1)))
	assert.Empty(t, r.messages(4)[1])
	assert.Empty(t, r[5][0].bytes)
	assert.Equal(t, []byte{0x08, 0x00, 0x10, 0xff}, b.Bytes()[:4])
}

// written exports to a file and reads it back.
func written(t *testing.T, write func(path string) error) parsed {
	path := filepath.Join(t.TempDir(), "m.onnx")
	require.NoError(t, write(path))
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, write(path))
	second, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(first, second), "the same model gives the same file")
	return read(first)
}

func names(values []parsed) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.text(1))
	}
	return out
}

func TestModelIsAGraph(t *testing.T) {
	m := modeltest.Tiny(1)
	file := written(t, func(path string) error { return Model(path, m) })
	assert.Equal(t, []int{irVersion}, file.ints(1))
	assert.Equal(t, []int{opset}, file.messages(8)[0].ints(2))
	about := map[string]string{}
	for _, p := range file.messages(14) {
		about[p.text(1)] = p.text(2)
	}
	assert.Equal(t, `["background","bolt","nut"]`, about["components"])
	assert.Equal(t, "[0.485,0.456,0.406]", about["mean"])
	assert.Equal(t, "4", about["threshold"])

	g := file.messages(7)[0]
	assert.Equal(t, []string{"image"}, names(g.messages(11)))
	assert.Equal(t, []string{"classes", "global_map", "histogram1", "histogram2", "local_map",
		"anomaly_map", "distances", "structural", "logical", "score"}, names(g.messages(12)))
	dims := g.messages(11)[0].messages(2)[0].messages(1)[0].messages(2)[0].messages(1)
	var shape []int
	for _, d := range dims {
		shape = append(shape, d.ints(1)...)
	}
	assert.Equal(t, []int{1, 3, 64, 64}, shape)

	known, taken := map[string]bool{"": true, "image": true}, map[string]bool{}
	for _, c := range g.messages(5) {
		require.False(t, known[c.text(8)], "two constants %s", c.text(8))
		known[c.text(8)] = true
		size := map[int]int{int(float32s): 4, int(float64s): 8, int(int64s): 8}[c.ints(2)[0]]
		for _, d := range c.ints(1) {
			size *= d
		}
		require.Equal(t, size, len(c.text(9)), c.text(8))
	}
	for _, n := range g.messages(1) {
		for _, in := range n.texts(1) {
			require.True(t, known[in], "%s reads %q before it is computed", n.text(3), in)
		}
		require.False(t, known[n.text(2)] || taken[n.text(3)], "%s is there twice", n.text(3))
		known[n.text(2)], taken[n.text(3)] = true, true
	}
	for _, o := range g.messages(12) {
		assert.True(t, known[o.text(1)], o.text(1))
	}
	assert.True(t, taken["encoder.layer1.0.conv2.Conv"], "operators carry the names of the network")
	assert.True(t, taken["compare.ReduceMean"])
}

func TestBatchNormIsFolded(t *testing.T) {
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		s, x := g.Root(), g.Input("x", 1, 1, 2, 2)
		y := s.Sub("a").Conv2D(x, s.Param("a.weight", graph.Constant(3), 2, 1, 1, 1), nil, graph.Conv{})
		o["y"] = s.Relu(s.Sub("n").BatchNorm(y, 0, 0.1))
	})
	require.NoError(t, err)
	w := g.Initialize(1)
	w["n.weight"].Data = []float32{2, 1}
	w["n.bias"].Data = []float32{1, 0}
	w["n.running_mean"].Data = []float32{4, 5}
	w["n.running_var"].Data = []float32{4, 0.25}
	file := written(t, func(path string) error { return Network(path, g.Compile(o), w) })
	graph := file.messages(7)[0]
	constants := map[string][]float32{}
	for _, c := range graph.messages(5) {
		constants[c.text(8)] = float32sOf([]byte(c.text(9)))
	}
	// s = gamma/sqrt(var) = 1 and 2
	assert.Equal(t, map[string][]float32{"a.weight": {3, 6}, "a.bias": {-3, -10}}, constants)
	var ops []string
	for _, n := range graph.messages(1) {
		ops = append(ops, n.text(4))
	}
	assert.Equal(t, []string{"Conv", "Relu"}, ops)
}

func TestUncalibratedModelHasNoScores(t *testing.T) {
	m := modeltest.Tiny(1)
	m.Calibration = model.Calibration{}
	file := written(t, func(path string) error { return Model(path, m) })
	outputs := names(file.messages(7)[0].messages(12))
	assert.Contains(t, outputs, "local_map")
	assert.NotContains(t, outputs, "score")
}

// What a weight of the third map adds is one output and a term of the fused map.
func TestThirdMapIsExported(t *testing.T) {
	m := modeltest.Tiny(1)
	m.Config.ThirdMap = 0.5
	file := written(t, func(path string) error { return Model(path, m) })
	graph := file.messages(7)[0]
	assert.Contains(t, names(graph.messages(12)), "third_map")
	readers := 0
	for _, n := range graph.messages(1) {
		if slices.Contains(n.texts(1), "judge.weight") {
			readers++
		}
	}
	assert.Equal(t, 1, readers)
}

// A map that tells places apart is standardised before it is scaled.
func TestPlacesAreExported(t *testing.T) {
	m := modeltest.Tiny(1)
	m.Calibration.Local.Mean, m.Calibration.Local.Deviation = modeltest.Places(m.Config.MapSide())
	graph := written(t, func(path string) error { return Model(path, m) }).messages(7)[0]
	readers := map[string]int{}
	for _, n := range graph.messages(1) {
		for _, in := range n.texts(1) {
			readers[in]++
		}
	}
	assert.Equal(t, 1, readers["judge.places.mean"], "one map has places")
	assert.Equal(t, 1, readers["judge.places.deviation"])
}

func TestErrorsNameTheThing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.onnx")
	m := modeltest.Tiny(1)
	delete(m.Weights, "local.conv1.bias")
	assert.ErrorContains(t, Model(path, m), "local.conv1.bias is missing")

	m = modeltest.Tiny(1)
	m.Calibration.Histograms[1].Grid = 3
	assert.ErrorContains(t, Model(path, m), "3x3 grid")

	m = modeltest.Tiny(1)
	m.Config.Side = 65
	assert.ErrorContains(t, Model(path, m), "side is 65")

	var loss *graph.Value
	g, err := graph.Build(func(g *graph.Graph) {
		s, x := g.Root(), g.Input("x", 1, 1, 2, 2)
		loss = s.MeanSquare(s.Sub("a").Conv2D(x, s.Param("a.weight", graph.Constant(3), 1, 1, 1, 1), nil, graph.Conv{}))
	})
	require.NoError(t, err)
	err = Network(path, g.Train(loss, graph.Adam(0), nil), g.Initialize(1))
	assert.ErrorContains(t, err, "MeanSquare belongs to training")
	assert.NoFileExists(t, path)
}
