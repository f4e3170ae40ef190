package export_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/bench"
	"aecsad/core/detect"
	"aecsad/core/export"
	"aecsad/core/graph"
	"aecsad/core/image"
	"aecsad/core/model"
	"aecsad/core/model/modeltest"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// accuracy is the largest error that an output may have, relative to its largest
// number.
const accuracy = 1e-4

// python is an interpreter with onnx and onnxruntime: AECSAD_PYTHON, the one of
// build.sh or python3. Without it the test is skipped, or fails if
// AECSAD_REQUIRE names onnxruntime.
func python(t *testing.T) string {
	const packages = "import numpy, onnx, onnxruntime"
	var tried []string
	for _, p := range []string{os.Getenv("AECSAD_PYTHON"), "../../build/venv/bin/python", "python3"} {
		if p == "" {
			continue
		}
		if exec.Command(p, "-c", packages).Run() == nil {
			return p
		}
		tried = append(tried, p)
	}
	if slices.Contains(strings.Split(os.Getenv("AECSAD_REQUIRE"), ","), "onnxruntime") {
		t.Fatalf("none of %v can %s", tried, packages)
	}
	t.Skipf("onnxruntime: none of %v can %s", tried, packages)
	return ""
}

// open checks the file and loads it in ONNX Runtime.
func open(t *testing.T, python, file string, inputs map[string][]float32) *bench.Peer {
	check := exec.Command(python, "-c", "import onnx, sys; onnx.checker.check_model(sys.argv[1], full_check=True)", file)
	out, err := check.CombinedOutput()
	require.NoError(t, err, "%s", out)
	p, err := bench.StartPeer(context.Background(), python)
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	_, err = p.Load("m", file, 1, inputs)
	require.NoError(t, err)
	return p
}

func same[T float32 | float64 | uint8](t *testing.T, p *bench.Peer, output string, want []T) {
	outputs, err := p.Outputs("m")
	require.NoError(t, err)
	got := outputs[output]
	require.Len(t, got, len(want), output)
	worst, scale := 0.0, 0.0
	for i, w := range want {
		worst, scale = max(worst, abs(got[i]-float64(w))), max(scale, abs(float64(w)))
	}
	t.Logf("%-12s %6d numbers, error %.2g of %.4g", output, len(want), worst, scale)
	assert.Positive(t, scale, "%s says nothing", output)
	assert.LessOrEqual(t, worst, accuracy*scale, output)
}

func abs(v float64) float64 { return max(v, -v) }

// vary gives weights that start as constants (statistics of batch normalisation,
// the outputs of attention) numbers that do something.
func vary(w graph.Weights) {
	for name, v := range w {
		if v.Data[0] != v.Data[len(v.Data)-1] {
			continue
		}
		for i := range v.Data {
			u := kernels.Uniform(7, uint32(len(name)), uint64(i))
			switch {
			case strings.HasSuffix(name, "_var") || strings.HasSuffix(name, ".std"):
				v.Data[i] = 0.5 + u
			case len(v.Shape) == 1 && strings.HasSuffix(name, ".weight"): // below 1, or residuals add up without end
				v.Data[i] = 0.2 + u/2
			default:
				v.Data[i] = u - 0.5
			}
		}
	}
}

func TestModelInONNXRuntime(t *testing.T) {
	py := python(t)
	quick, err := net.Profile("quick")
	require.NoError(t, err)
	third := modeltest.Tiny(1).Config
	third.ThirdMap = 0.5
	for _, c := range []struct {
		name   string
		config net.Config
		seed   uint32 // of weights that show more than one component
		places bool
	}{{"tiny", modeltest.Tiny(1).Config, 5, false}, {"third map", third, 5, true}, {"quick", quick, 2, true}} {
		t.Run(c.name, func(t *testing.T) {
			config := c.config
			m := modeltest.Tiny(1)
			config.Segmentor.Classes = m.Config.Segmentor.Classes
			m.Config = config
			m.Weights, err = detect.Initialize(config, c.seed)
			require.NoError(t, err)
			vary(m.Weights)
			m.Calibration.Local, m.Calibration.Third = model.MapNorm{Scale: model.Scale{Start: 0.3, End: 0.9}}, model.MapNorm{Scale: model.Scale{Start: 0.1, End: 0.2}}
			if c.places {
				m.Calibration.Local.Mean, m.Calibration.Local.Deviation = modeltest.Places(config.MapSide())
				m.Calibration.Global.Mean, m.Calibration.Global.Deviation = modeltest.Places(config.MapSide())
			}
			m.Calibration.Histograms[1].Gaussian.Precision[5] = 1.5
			m.Calibration.Logical.Mean, m.Calibration.Structural.Std = 2, 0.25
			require.NoError(t, m.Check())

			side := config.Side
			pixels := image.Pixels{Data: modeltest.Pixels(3, side, side), Width: side, Height: side, Stride: 3 * side, Format: image.RGB8}
			x := make([]float32, 3*side*side)
			require.NoError(t, image.Prepare(x, pixels, side))
			file := filepath.Join(t.TempDir(), "m.onnx")
			require.NoError(t, export.Model(file, m))
			p := open(t, py, file, map[string][]float32{"image": x})

			d, err := devices.Open("")
			require.NoError(t, err)
			e, err := detect.NewEngine(config, m.Weights, d, 1)
			require.NoError(t, err)
			defer e.Close()
			raw, err := e.Run(pixels)
			require.NoError(t, err)
			require.Less(t, slices.Max(raw.Histograms[0]), 1.0, "one class only: nothing would be compared")
			v := detect.Judge(m, raw)
			same(t, p, "local_map", raw.Local)
			same(t, p, "global_map", raw.Global)
			if config.ThirdMap != 0 {
				same(t, p, "third_map", raw.Third)
			}
			same(t, p, "classes", raw.Classes)
			same(t, p, "histogram1", raw.Histograms[0])
			same(t, p, "histogram2", raw.Histograms[1])
			same(t, p, "anomaly_map", v.Fused)
			same(t, p, "distances", detect.Distances(&m.Calibration, raw))
			same(t, p, "structural", []float64{v.Structural})
			same(t, p, "logical", []float64{v.Logical})
			same(t, p, "score", []float64{v.Score})
		})
	}
}

// Every instruction in sizes that the networks do not have: batches, odd and
// oblong images, a batch normalisation on its own.
func TestInstructionsInONNXRuntime(t *testing.T) {
	py := python(t)
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		s := g.Root()
		x := g.Input("x", 2, 3, 12, 10)
		w := s.Param("conv.weight", graph.FanIn(27), 4, 3, 3, 2)
		y := s.Sub("conv").Conv2D(x, w, nil, graph.Conv{Stride: 1, Pad: 2, Dilation: 2}) // 2,4,12,12
		o["strided"] = s.Sub("strided").Conv2D(x, w, s.Param("conv.bias", graph.FanIn(2), 4), graph.Conv{Stride: 3})
		o["norm"] = s.Sub("norm").BatchNorm(s.Softmax(y), 1e-3, 0.1)
		o["standard"] = s.Sub("standard").Standardize(s.Relu(y))
		o["max"] = s.MaxPool(y, graph.Pool{Size: 3, Stride: 2, Pad: 1})
		o["mean"] = s.AvgPool(y, graph.Pool{Size: 3, Stride: 2, Pad: 1})
		o["whole"] = s.GlobalAvgPool(y)
		o["larger"] = s.Resize(y, 17, 13)
		o["smaller"] = s.Resize(y, 5, 7)
		o["point"] = s.Resize(o["whole"], 3, 2)
		o["joined"] = s.Concat(o["larger"], s.Resize(x, 17, 13))
		o["attended"] = s.Sub("attended").Attention(y, s.Relu(y), s.Add(y, y))
		o["areas"] = s.Histogram(s.Argmax(s.Resize(y, 12, 18)), 4, 3)
		o["difference"] = s.SquaredDifference(y, o["attended"])
	})
	require.NoError(t, err)
	w := g.Initialize(1)
	vary(w)
	program := g.Compile(o)
	x := make([]float32, program.Inputs["x"].Len())
	for i := range x {
		x[i] = 4*kernels.Uniform(5, 0, uint64(i)) - 2
	}
	file := filepath.Join(t.TempDir(), "ops.onnx")
	require.NoError(t, export.Network(file, program, w))
	p := open(t, py, file, map[string][]float32{"x": x})

	d, err := devices.Open("ref")
	require.NoError(t, err)
	s, err := graph.Load(d, program, 1)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.SetWeights(w))
	require.NoError(t, s.SetInput("x", x))
	require.NoError(t, s.Run())
	for name := range program.Outputs {
		want, err := s.Output(name)
		require.NoError(t, err)
		same(t, p, name, want)
	}
}
