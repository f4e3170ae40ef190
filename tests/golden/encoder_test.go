package golden

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
)

// hashedEncoder is what torchvision's WideResNet-50-2 computes from hash weights
// of its own recipe: tensor number t, element i is splitmix64(t<<32 + i).
type hashedEncoder struct {
	Parameters int                 `json:"n_params"`
	Tensors    [][]json.RawMessage `json:"state_dict"` // name, shape, number, first values
	Runs       []struct {
		Input  []int
		Number uint64               `json:"input_tensor_number"`
		F64    map[string]stageStat `json:"f64"`
	}
}

type stageStat struct {
	Shape             []int
	Mean, Std, AbsMax float64
	Samples           map[int]float64
}

func readHashedEncoder(t *testing.T) hashedEncoder {
	f, err := os.Open(filepath.Join("testdata", "wrn50_2_hashed.json.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	var h hashedEncoder
	require.NoError(t, json.NewDecoder(z).Decode(&h))
	require.Len(t, h.Runs, 2)
	return h
}

// numbered is n values in [-1,1) of tensor number t.
func numbered(t uint64, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		z := kernels.Mix64(t<<32 + uint64(i) + 0x9e3779b97f4a7c15)
		v[i] = float32(float64(z>>40)/(1<<23) - 1)
	}
	return v
}

// scaled is a tensor of the state dict: uniform values, scaled by its role.
func scaled(name string, shape []int, t uint64) *graph.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	x := &graph.Tensor{Shape: shape, Data: numbered(t, n)}
	for i, u := range x.Data {
		switch {
		case len(shape) > 1:
			x.Data[i] = float32(float64(u) * math.Sqrt(3/float64(n/shape[0])))
		case strings.HasSuffix(name, "running_var"):
			x.Data[i] = float32(1 + 0.25*math.Abs(float64(u)))
		case strings.HasSuffix(name, "weight"):
			x.Data[i] = float32(0.75 + 0.25*float64(u))
		default: // running_mean and biases
			x.Data[i] = float32(0.1 * float64(u))
		}
	}
	return x
}

// weights makes the encoder's tensors and checks the recipe against the first
// values in the file.
func (h hashedEncoder) weights(t *testing.T) graph.Weights {
	w := graph.Weights{}
	for _, e := range h.Tensors {
		if len(e) < 4 {
			continue // num_batches_tracked
		}
		var name string
		var shape []int
		var number uint64
		var first []float64
		for i, into := range []any{&name, &shape, &number, &first} {
			require.NoError(t, json.Unmarshal(e[i], into))
		}
		if strings.HasPrefix(name, "layer4") || strings.HasPrefix(name, "fc") {
			continue
		}
		w[name] = scaled(name, shape, number)
		for i, want := range first {
			require.InDelta(t, want, w[name].Data[i], 1e-7, "%s[%d]", name, i)
		}
	}
	return w
}

// TestWideResNet holds the encoder at its full width, end to end. The larger
// picture is for the asking: it takes minutes on ref.
func TestWideResNet(t *testing.T) {
	h := readHashedEncoder(t)
	w := h.weights(t)
	machines(t, func(t *testing.T, d kernels.Device) {
		for i, run := range h.Runs {
			if i > 0 && os.Getenv("AECSAD_GOLDEN") != "full" {
				t.Logf("%d pixels: not run without AECSAD_GOLDEN=full", run.Input[2])
				continue
			}
			outputs := graph.Outputs{}
			g, err := graph.Build(func(g *graph.Graph) {
				f := net.EncoderNet(g.Root(), net.Encoder{Width: 64}, g.Input("x", run.Input...))
				outputs["layer1"], outputs["layer2"], outputs["layer3"] = f.F1, f.F2, f.F3
			})
			require.NoError(t, err)
			s, err := graph.Load(d, g.Compile(outputs), 0)
			require.NoError(t, err)
			defer s.Close()
			require.NoError(t, s.SetWeights(w))
			n := run.Input[0] * run.Input[1] * run.Input[2] * run.Input[3]
			require.NoError(t, s.SetInput("x", numbered(run.Number, n)))
			require.NoError(t, s.Run())
			for _, name := range []string{"layer1", "layer2", "layer3"} {
				got, err := s.Output(name)
				require.NoError(t, err)
				assert.Equal(t, run.F64[name].Shape, outputs[name].Shape)
				e := run.F64[name].strays(got)
				t.Logf("%d pixels, %s: relative error %.2g", run.Input[2], name, e)
				require.LessOrEqual(t, e, Forward, "%s is the first stage that differs", name)
			}
		}
	})
}

// strays is the largest error of the samples, the mean and the deviation,
// relative to the largest magnitude.
func (r stageStat) strays(got []float32) float64 {
	var sum, squares float64
	for _, v := range got {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	n := float64(len(got))
	mean := sum / n
	worst := max(math.Abs(mean-r.Mean), math.Abs(math.Sqrt(squares/n-mean*mean)-r.Std))
	for i, want := range r.Samples {
		worst = max(worst, math.Abs(float64(got[i])-want))
	}
	return worst / r.AbsMax
}
