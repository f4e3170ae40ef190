package golden

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"aecsad/core/detect"
	"aecsad/core/graph"
	"aecsad/core/net"
	"aecsad/kernels"
	"aecsad/kernels/devices"
)

// paperResult is what tools/golden/paper.py prints.
type paperResult struct {
	Values   []namedRecord
	Shares   []float64 // of every class among the pixels
	Doubtful int       // pixels whose class rounding may decide
}

// torch is a Python interpreter that has PyTorch: $AECSAD_PYTHON, the one in the
// path, or the system's. Without one the test is skipped, or fails if
// AECSAD_REQUIRE names torch.
func torch(t *testing.T) string {
	for _, python := range []string{os.Getenv("AECSAD_PYTHON"), "python3", "/usr/bin/python3"} {
		if python != "" && exec.Command(python, "-c", "import torch, numpy").Run() == nil {
			return python
		}
	}
	if strings.Contains(os.Getenv("AECSAD_REQUIRE"), "torch") {
		t.Fatal("AECSAD_REQUIRE names torch, but no python3 has PyTorch")
	}
	t.Skip("no python3 has PyTorch")
	return ""
}

// TestPaperSizeAgainstTorch compares the full-size inference networks on hash
// weights with a PyTorch that runs beside the test: in float32, or with
// AECSAD_GOLDEN=full in float64. It runs on the cpu machine; ref would take many
// minutes.
func TestPaperSizeAgainstTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a quarter of a minute")
	}
	precision := "float32"
	if os.Getenv("AECSAD_GOLDEN") == "full" {
		precision = "float64"
	}
	python := torch(t)
	script := exec.Command(python, filepath.Join(up, "tools", "golden", "paper.py"), precision)
	script.Stderr = os.Stderr
	b, err := script.Output()
	require.NoError(t, err)
	var want paperResult
	require.NoError(t, json.Unmarshal(b, &want))

	d, err := devices.Open("cpu")
	require.NoError(t, err)
	defer d.Close()
	c, err := net.Profile("paper")
	require.NoError(t, err)
	c.Segmentor.Classes = len(want.Shares)
	program := paperProgram(t, d, c)
	networks := paperNetworks(t, d, c)
	for _, r := range want.Values {
		s := networks
		if r.Name == "local" || r.Name == "global" { // the maps, from the program that inspects
			s = program
		}
		got, err := s.Output(r.Name)
		require.NoError(t, err)
		e, err := r.Error(got, 0)
		require.NoError(t, err, r.Name)
		t.Logf("%s: relative error %.2g", r.Name, e)
		require.LessOrEqual(t, e, Forward, "%s is the first value that differs from PyTorch", r.Name)
	}
	shares, err := program.Output("histogram1")
	require.NoError(t, err)
	pixels := float64(c.Side * c.Side)
	for class := 1; class < len(want.Shares); class++ {
		moved := math.Abs(float64(shares[class])-want.Shares[class]) * pixels
		assert.LessOrEqual(t, moved, float64(want.Doubtful)+0.01, "pixels of class %d", class)
	}
}

// paperProgram runs the inference program.
func paperProgram(t *testing.T, d kernels.Device, c net.Config) *graph.Session {
	p, err := detect.Program(c)
	require.NoError(t, err)
	return runPaper(t, d, p)
}

// paperNetworks runs the same networks with their results as outputs.
func paperNetworks(t *testing.T, d kernels.Device, c net.Config) *graph.Session {
	o := graph.Outputs{}
	g, err := graph.Build(func(g *graph.Graph) {
		root, x := g.Root(), g.Input("x", 1, 3, c.Side, c.Side)
		f := net.EncoderNet(root.Sub("encoder"), c.Encoder, x)
		o["f1"], o["f2"], o["f3"] = f.F1, f.F2, f.F3
		o["logits"] = net.SegmentorNet(root.Sub("segmentor"), c, f)
		o["teacher"] = net.TeacherNet(root.Sub("teacher"), c, f)
		o["local.teacher"], o["local.global"] = net.LocalNet(root.Sub("local"), c, x)
		o["imitation"] = net.GlobalNet(root.Sub("global"), c, x, 0)
	})
	require.NoError(t, err)
	return runPaper(t, d, g.Compile(o))
}

func runPaper(t *testing.T, d kernels.Device, p *graph.Program) *graph.Session {
	s, err := graph.Load(d, p, 0)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	w := graph.Weights{}
	for name, b := range p.Weights {
		w[name] = Weight(name, b.Shape)
	}
	require.NoError(t, s.SetWeights(w))
	require.NoError(t, s.SetInput("x", Tensor("paper/x", p.Inputs["x"].Len(), -2, 2)))
	require.NoError(t, s.Run())
	return s
}
